"""An answerer that says what a test wrote down for it; what it was asked stays in `asked`."""

from crews.questions import Answer

asked = []
_script = []


def answer(question):
    asked.append(question)
    step = _script.pop(0) if _script else _echo
    given = step(question) if callable(step) else step
    return Answer(text=given) if isinstance(given, str) else given


def say(*steps):
    """What comes next: a text, an Answer, or a function of the question. Then the echo again."""
    _script.extend(steps)


def forget():
    asked.clear()
    _script.clear()


def _echo(question):
    return " / ".join(f"re: {said.text}" for said in question.messages)
