"""Why a file is not read, or only in part, as a code and as a sentence that names the next step."""

from typing import Any


class UnreadableError(Exception):
    """Nothing can be taken out of a file; `str()` is a sentence for staff."""

    def __init__(self, code: str, **words: Any) -> None:
        super().__init__(code, words)
        self.code, self.words = code, words

    def __str__(self) -> str:
        return sentence(self.code, self.words)


def sentence(code: str, words: dict[str, Any]) -> str:
    from knowledge.reading import sentences  # noqa: PLC0415  parsers start faster without Django

    return str(sentences.SENTENCES[code]) % words
