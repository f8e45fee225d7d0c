"""Hide personal data and secrets in text that leaves the database: log lines, traces, reports."""

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

LONGEST_TEXT = 20_000

CPF_WEIGHTS = ((10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
CNPJ_WEIGHTS = (
    (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
    (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
)


def mask(text: str) -> str:
    """The text with CPF, CNPJ, cards, phones, e-mails, and secrets replaced by their kind."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… [{len(text)} characters]"
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def is_cpf(text: str) -> bool:
    digits = _only(text, str.isdigit)
    return len(digits) == 11 and len(set(digits)) > 1 and _has_check_digits(digits, CPF_WEIGHTS)


def is_cnpj(text: str) -> bool:
    """Letters are allowed in the first twelve places since July 2026."""
    signs = _only(text.upper(), str.isalnum)
    return (
        len(signs) == 14
        and signs[12:].isdigit()
        and len(set(signs)) > 1
        and _has_check_digits(signs, CNPJ_WEIGHTS)
    )


def is_card(text: str) -> bool:
    digits = [int(digit) for digit in _only(text, str.isdigit)]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _only(text: str, wanted: Callable[[str], bool]) -> str:
    return "".join(sign for sign in text if wanted(sign))


def _has_check_digits(signs: str, all_weights: tuple[tuple[int, ...], ...]) -> bool:
    for weights in all_weights:
        total = sum((ord(s) - 48) * w for s, w in zip(signs, weights, strict=False))
        rest = total % 11
        if ord(signs[len(weights)]) - 48 != (0 if rest < 2 else 11 - rest):
            return False
    return True


def _whole(replacement: str) -> Callable[[re.Match[str]], str]:
    return lambda match: replacement


def _if(test: Callable[[str], bool], replacement: str) -> Callable[[re.Match[str]], str]:
    return lambda match: replacement if test(match[0]) else match[0]


def _value(match: re.Match[str]) -> str:
    return f"{match['name']}[secret]"


_TELLING_NAMES = r"api[_-]?key|access[_-]?token|secret|password|passwd|senha|token|credential"

# Secrets first: what is inside them must not be taken for a phone number.
RULES: tuple[Rule, ...] = (
    (
        re.compile(r"(?P<name>\b(?:authorization|cookie)[\"']?\s*[:=]\s*).+", re.IGNORECASE),
        _value,
    ),
    (re.compile(r"(?P<name>\b(?:bearer|basic|token)\s+)[\w\-.=+/]{8,}", re.IGNORECASE), _value),
    (re.compile(r"(?P<name>://[^\s/:@]{0,200}:)[^\s/@]+(?=@)"), _value),
    (
        re.compile(
            rf"(?P<name>[\w\-]*(?:{_TELLING_NAMES})[\w\-]*[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&}}]{{3,}}",
            re.IGNORECASE,
        ),
        _value,
    ),
    (
        re.compile(r"\b(?:sk|pk|rk|cwai|ghp|xoxb|xoxp|glpat|AKIA)[-_]?[A-Za-z0-9_\-]{16,}"),
        _whole("[secret]"),
    ),
    (re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*"), _whole("[secret]")),
    (re.compile(r"[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+"), _whole("[e-mail]")),
    (
        re.compile(
            r"(?<!\w)[0-9A-Za-z]{2}\.?[0-9A-Za-z]{3}\.?[0-9A-Za-z]{3}/?[0-9A-Za-z]{4}-?\d{2}(?!\w)"
        ),
        _if(is_cnpj, "[CNPJ]"),
    ),
    (re.compile(r"(?<!\w)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\w)"), _if(is_cpf, "[CPF]")),
    (re.compile(r"(?<!\w)\d(?:[ \-]?\d){12,18}(?!\w)"), _if(is_card, "[card]")),
    (
        re.compile(r"(?<![\w.\-/:])\+\d{1,3}[\s.\-]?\(?\d{2,3}\)?(?:[\s.\-]?\d{3,5}){2}(?![\w])"),
        _whole("[phone]"),
    ),
    (re.compile(r"(?<!\w)\(?0?[1-9]\d\)?\s?9\d{4}[\s\-]?\d{4}(?!\w)"), _whole("[phone]")),
    (re.compile(r"(?<!\w)\(0?[1-9]\d\)\s?[2-5]\d{3}[\s\-]?\d{4}(?!\w)"), _whole("[phone]")),
    (re.compile(r"(?<!\w)55[1-9]\d9\d{8}(?!\w)"), _whole("[phone]")),
)
