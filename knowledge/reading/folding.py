"""Words as they are compared: without case, accents and punctuation."""

import re
import unicodedata

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:1000].casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _BETWEEN_WORDS.sub(" ", plain).strip()
