"""Only what can be seen leaves us: nothing that hides in a text or turns it round."""

import re
import unicodedata

NEWLINES = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
JOINER = "\u200d"
AS_EMOJI = "\ufe0f"
UNSEEN = frozenset({"Cc", "Cf", "Cs"})
# Emoji are symbols; skin tones, hearts and arrows are among them.
SYMBOLS = frozenset({"So", "Sk", "Sm"})


def visible(text: str) -> str:
    """Without controls, marks of direction and of no width; emoji stay joined, lines end in one."""
    text = NEWLINES.sub("\n", text).replace("\t", "    ")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(mark for place, mark in enumerate(text) if _is_seen(text, place))


def _is_seen(text: str, place: int) -> bool:
    mark = text[place]
    if mark == JOINER:
        return _joins_emoji(text[place - 1 : place], text[place + 1 : place + 2])
    return mark == "\n" or unicodedata.category(mark) not in UNSEEN


def _joins_emoji(before: str, after: str) -> bool:
    if not before or not after:
        return False
    is_begun = before == AS_EMOJI or unicodedata.category(before) in SYMBOLS
    return is_begun and unicodedata.category(after) in SYMBOLS
