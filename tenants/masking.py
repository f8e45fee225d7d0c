"""Hide personal data and secrets in text that leaves the database: log lines, traces, reports."""

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

HIDDEN = "[secret]"
LONGEST_TEXT = 20_000
LONGEST_WORD_AT_THE_CUT = 100

CPF_WEIGHTS = ((10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
CNPJ_WEIGHTS = (
    (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
    (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2),
)


def mask(text: str) -> str:
    """The text with CPF, CNPJ, cards, phones, e-mails, and secrets replaced by their kind."""
    if len(text) > LONGEST_TEXT + LONGEST_WORD_AT_THE_CUT:
        text = _cut(text)
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def is_telling(name: str) -> bool:
    """Whether what has this name is a secret, whatever it looks like."""
    return bool(re.search(rf"{TELLING}|{HEADER}", name, re.IGNORECASE))


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
    signs = _only(text, str.isdigit)
    if not CARD_BEGINNINGS.match(signs) or len(set(signs)) == 1:
        return False
    digits = [int(sign) for sign in signs]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _cut(text: str) -> str:
    """The beginning, without the word at the cut: half a number is still telling."""
    start = LONGEST_TEXT - LONGEST_WORD_AT_THE_CUT
    kept = text[:start] + re.sub(r"\S+\Z", "", text[start:LONGEST_TEXT])
    return f"{kept}… [{len(text)} characters]"


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
    return f"{match['name']}{HIDDEN}"


def _rule(pattern: str, replacement: Callable[[re.Match[str]], str]) -> Rule:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE), replacement


CARD_BEGINNINGS = re.compile(r"(?:4|5|6|3[4-7]|2(?:2[2-9]|[3-6]|7[01]|720))\d{11,17}\Z")
TELLING = r"""(?:password|passwd|senha|secret|api[_-]?key|credential|token(?!s))"""
HEADER = r"""(?:authorization|cookie)"""
# What stands between a name and its value, also in JSON within JSON.
EQUALS = r"""[\w-]{0,40} \\{0,3} ["']? \s{0,3} [:=] \s{0,3}"""
KNOWN = r"""(?! \\{0,3} ["']? \[secret\])"""
NUMBER_STARTS = r"(?<![\w.,]) (?<!\w-)"

# Secrets first: what is inside them must not be taken for a phone number. Every repetition is
# bounded or can match in one way only, so that no text takes long.
RULES: tuple[Rule, ...] = (
    _rule(rf"""(?P<name>{TELLING} {EQUALS} \\{{1,3}}") {KNOWN} [^"\\]*""", _value),
    _rule(rf"""(?P<name>{TELLING} {EQUALS} ") {KNOWN} (?:[^"\\\n]|\\.)+ (?=")""", _value),
    _rule(rf"""(?P<name>{TELLING} {EQUALS} ') {KNOWN} (?:[^'\\\n]|\\.)+ (?=')""", _value),
    _rule(rf"""(?P<name>{TELLING} {EQUALS}["']?) {KNOWN} [^\s"',;&}}\\]+""", _value),
    _rule(rf"""(?P<name>{HEADER} {EQUALS} ") {KNOWN} [^"\n]+""", _value),
    _rule(rf"""(?P<name>{HEADER} {EQUALS} ') {KNOWN} [^'\n]+""", _value),
    _rule(rf"""(?P<name>{HEADER} {EQUALS}) {KNOWN} [^\s"'][^\n]*""", _value),
    _rule(r"(?P<name>\bbearer\s{1,3}) (?!\[secret) [\w.=+/~-]{3,}", _value),
    _rule(r"(?P<name>://[^\s/:@]{0,200}:) (?!\[secret\]) [^\s/@]{1,500} (?=@)", _value),
    _rule(r"\b(?:sk|pk|rk|gsk|cwai|ghp|gho|xoxb|xoxp|glpat|hf)[-_][\w-]{16,}", _whole(HIDDEN)),
    _rule(r"\b(?:AKIA|AIza)[\w-]{12,}", _whole(HIDDEN)),
    _rule(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", _whole(HIDDEN)),
    _rule(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", _whole("[e-mail]")),
    _rule(
        rf"{NUMBER_STARTS} \w{{2}}\.?\w{{3}}\.?\w{{3}}/?\w{{4}}-?\d{{2}} (?!\w)",
        _if(is_cnpj, "[CNPJ]"),
    ),
    _rule(rf"{NUMBER_STARTS} \d{{3}}\.?\d{{3}}\.?\d{{3}}-?\d{{2}} (?!\w)", _if(is_cpf, "[CPF]")),
    _rule(
        rf"""{NUMBER_STARTS} (?:
            \d{{4}}(?P<gap>[ -]?)\d{{4}}(?P=gap)\d{{4}}(?P=gap)\d{{1,7}}
            | \d{{4}}[ -]?\d{{6}}[ -]?\d{{5}}
        ) (?!\w)""",
        _if(is_card, "[card]"),
    ),
    _rule(r"(?<!\w) \+ (?:[ .()-]{0,2}\d){8,15} (?!\w)", _whole("[phone]")),
    _rule(
        rf"{NUMBER_STARTS} (?:\(0?[1-9]\d\)|0?[1-9]\d) [ ]? 9[ ]?\d{{4}}[ -]?\d{{4}} (?!\w)",
        _whole("[phone]"),
    ),
    _rule(
        rf"{NUMBER_STARTS} (?:\(0?[1-9]\d\)[ ]?|[1-9]\d[ ]) [2-5]\d{{3}}-\d{{4}} (?!\w)",
        _whole("[phone]"),
    ),
    _rule(rf"{NUMBER_STARTS} 55[1-9]\d9\d{{8}} (?!\w)", _whole("[phone]")),
)
