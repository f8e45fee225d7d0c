"""Where sentences end, in Portuguese, English and Spanish."""

import re

_END = re.compile(r"(?:[.!?…]{1,5}[\"'”’»)\]]{0,3}(?=\s)|\n)\s*")
# What these end in is no end of a sentence.
_ABBREVIATIONS = frozenset(
    {"sr", "sra", "srs", "sras", "srta", "dr", "dra", "prof", "profa", "eng", "exmo", "exma"}
    | {"art", "arts", "inc", "par", "cap", "fig", "pág", "pag", "págs", "p", "pp", "ex", "vs"}
    | {"nº", "n", "no", "núm", "num", "tel", "cel", "av", "r", "rod", "al", "cia", "ltda", "ed"}
    | {"aprox", "máx", "mín", "max", "min", "obs", "ref", "vol", "qtd", "unid", "mr", "mrs", "ms"}
    | {"st", "e.g", "i.e", "approx", "ud", "uds", "lic"}
)
_LAST_WORD = re.compile(r"([^\s(\"“]{1,12})\.\Z")


def split_sentences(text: str) -> list[str]:
    """Each with the white space after it, so that together they are the text again."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if _is_end(text, end):
            found.append(text[start : end.end()])
            start = end.end()
    return [*found, text[start:]] if start < len(text) else found


def _is_end(text: str, end: re.Match[str]) -> bool:
    if end[0].startswith("\n"):
        return True
    following = text[end.end() : end.end() + 1]
    if following.islower():
        return False
    last = _LAST_WORD.search(text[max(end.start() - 14, 0) : end.start() + 1])
    word = last[1].lower() if last else ""
    is_initial = len(word) == 1 and word.isalpha() and word not in "aeo"
    return not (word in _ABBREVIATIONS or is_initial) or end[0][:2] in ("..", "!?", "?!")
