"""Answers like a scripted model: at once, or after the seconds that the customer's text names."""

import re
import time

from crews.questions import Answer

SECONDS = re.compile(r"model: (\d+) s")


def answer(question):
    found = SECONDS.search(question.messages[-1].text)
    if found:
        time.sleep(int(found[1]))
    return Answer(text="Bom dia! Abrimos das 9 às 18 horas.")
