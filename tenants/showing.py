"""Make visible what hides in a text, or turns it around, before a person reads it."""

import re
import unicodedata

# Controls, marks of direction, signs without width, fillers, tags, halves of surrogate pairs. Line
# breaks and tabs may stay.
HIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
JOINER = "\u200d"
AS_PICTURE = "\ufe0f"
KEYCAPS = frozenset("0123456789#*")
PICTURES = frozenset({"So", "Sk"})  # categories of Unicode


def visible(text: str) -> str:
    """The text, with each sign that nobody sees written as its number."""
    return HIDDEN.sub(_numbered, text)


def _numbered(match: re.Match[str]) -> str:
    sign = match[0]
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if _belongs_to_a_picture(sign, before, after):
        return sign
    return f"[U+{ord(sign):04X}]"


def _belongs_to_a_picture(sign: str, before: str, after: str) -> bool:
    """Pictures such as ❤️ or 👩‍🔧 are written with signs that nobody sees."""
    if sign == AS_PICTURE:
        return _is_one_of(before, PICTURES | {"Sm", "Po"}) or before in KEYCAPS
    is_after_picture = before == AS_PICTURE or _is_one_of(before, PICTURES)
    return sign == JOINER and is_after_picture and _is_one_of(after, PICTURES)


def _is_one_of(sign: str, categories: frozenset[str]) -> bool:
    return bool(sign) and unicodedata.category(sign) in categories
