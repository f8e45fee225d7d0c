"""Text in clean Unicode: composed, without characters that nobody sees or that harm a database."""

import re
import unicodedata

LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
LIGATURES |= {0xFB05: "st", 0xFB06: "st"}
JOINERS = {0x200C: "\u200c", 0x200D: "\u200d"}  # letters of some scripts and emoji need them
BULLET = {0xF0B7: "•", 0xF0A7: "•"}  # what word processors write for the dots of lists
LINES = {0x09: " ", 0x0A: "\n", 0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

_SPACES = re.compile(r"[^\S\n]+")
_AROUND_BREAKS = re.compile(r" ?\n ?")
_MANY_BREAKS = re.compile(r"\n{3,}")


class _Characters(dict[int, str]):
    """What becomes of each character, found out when it is first seen."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        kept = "" if kind in DROPPED else " " if kind == "Zs" else character
        if len(self) < 10_000:
            self[code] = kept
        return kept


_CHARACTERS = _Characters({**LIGATURES, **JOINERS, **BULLET, **LINES})


def cleaned(text: str) -> str:
    """Lines and single empty lines stay; all other white space becomes one space."""
    if not (text.isascii() and text.isprintable()):
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = composed(text.translate(_CHARACTERS))
    text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _MANY_BREAKS.sub("\n\n", _AROUND_BREAKS.sub("\n", text))
    return text.strip()


def in_one_line(text: str) -> str:
    return " ".join(cleaned(text).split())


def composed(text: str) -> str:
    """NFC, in pieces: a letter with a million accents would take the square of them in time."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _MANY_MARKS.sub(r"\1", text))


_MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MANY_MARKS = re.compile(f"({_MARK}{{8}}){_MARK}+")
