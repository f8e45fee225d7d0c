"""What a configuration document may say: every section has one check in one literal table.

A check yields problems, each with its path and what is allowed. Keys that no table knows are no
problem: they are reported, kept and written out again.
"""

import datetime
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from tenants.config.documents import Path
from tenants.config.options import OPTIONS
from tenants.models.tenant import LANGUAGES

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LIMITS = {
    "people": "most_people",
    "channels": "most_channels",
    "api_requests_per_minute": "api_requests_per_minute",
}
FURTHER_SECTIONS = ("tables", "crews", "integrations")
LONGEST_KEY = 120
LONGEST_SLUG = 60

_INTERVAL = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24):([0-5][0-9])\Z")
_DAY = re.compile(r"(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\Z")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\Z")
_SECRET_KEY = re.compile(
    r"(?:\A|[^a-z0-9])(?:password|passwd|senha|secret|token|(?:api|private|secret|access)_?key)\Z"
)
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Problem:
    path: Path
    message: str


Problems = Iterator[Problem]


def problems_of_tenant(document: Any) -> list[Problem]:
    return list(_problems(document, TENANT_SECTIONS))


def problems_of_domain(document: Any) -> list[Problem]:
    return list(_problems(document, DOMAIN_SECTIONS))


def problems_of_further(document: Any) -> list[Problem]:
    """Of the part that has no rows or fields of its own; the others are changed where they are."""
    sections = {key: LAYER_SECTIONS[key] for key in FURTHER_SECTIONS}
    problems = list(_problems(document, sections))
    for key in document if isinstance(document, Mapping) else ():
        if key in {**TENANT_SECTIONS, **DOMAIN_SECTIONS} and key not in FURTHER_SECTIONS:
            message = _("“%(key)s” has its own fields on this page.")
            problems.append(Problem((key,), message % {"key": key}))
    return problems


def unknown_keys(document: Mapping[str, Any], *, is_domain: bool = False) -> list[Path]:
    sections = DOMAIN_SECTIONS if is_domain else TENANT_SECTIONS
    found: list[Path] = [(key,) for key in document if key not in sections]
    settings = document.get("settings")
    if isinstance(settings, Mapping):
        found += [("settings", key) for key in settings if key not in OPTIONS]
    return found


def is_secret_in_clear(key: str, value: Any) -> bool:
    """A text or number under a key that tells a secret; a reference to one ends with _ref."""
    is_value = isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    words = _CAMEL_CASE.sub("_", key).lower().replace("-", "_")
    return is_value and bool(_SECRET_KEY.search(words))


def is_slug(value: Any) -> bool:
    return isinstance(value, str) and bool(_SLUG.match(value)) and len(value) <= LONGEST_SLUG


def parse_interval(text: str) -> tuple[datetime.time, datetime.time]:
    """24:00 is midnight, the end of the day."""
    opens, closes = text.replace("24:00", "00:00").split("-")
    return datetime.time.fromisoformat(opens), datetime.time.fromisoformat(closes)


def overlap(intervals: Iterable[tuple[datetime.time, datetime.time]]) -> bool:
    """An interval that runs past midnight can only be the last one of its day."""
    pairs = pairwise(sorted(intervals))
    return any(before[1] > after[0] or before[1] <= before[0] for before, after in pairs)


def parse_day(text: str) -> tuple[datetime.date, bool]:
    """A date and whether it comes back every year; leap days need a leap year to stand in."""
    every_year = len(text) == len("12-25")
    return datetime.date.fromisoformat(f"2000-{text}" if every_year else text), every_year


def _problems(document: Any, sections: Mapping[str, Any]) -> Problems:
    if not isinstance(document, Mapping):
        yield Problem((), _("Write keys with values here, one per line: “name: …”."))
        return
    for key, value in document.items():
        if key in sections and value is not None:
            yield from sections[key]((key,), value)
    yield from _secrets_in_clear((), document)


def _secrets_in_clear(path: Path, value: Any) -> Problems:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if len(key) > LONGEST_KEY:
                message = _("A key has at most %(most)d characters.") % {"most": LONGEST_KEY}
                yield Problem(path, message)
            elif is_secret_in_clear(key, inner):
                message = _(
                    "Secrets do not belong into configuration. Keep it under Credentials, "
                    "and write its reference as “%(key)s_ref”."
                )
                yield Problem((*path, key), message % {"key": key})
            else:
                yield from _secrets_in_clear((*path, key), inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _secrets_in_clear((*path, position), inner)


def _text(longest: int) -> Callable[[Path, Any], Problems]:
    def check(path: Path, value: Any) -> Problems:
        if not isinstance(value, str):
            yield Problem(path, _("Write a text here; put it in quotes if it is a number."))
        elif len(value) > longest:
            yield Problem(path, _("At most %(most)d characters.") % {"most": longest})

    return check


def _slug(path: Path, value: Any) -> Problems:
    if not isinstance(value, str) or not _SLUG.match(value) or len(value) > 60:
        yield Problem(path, _("Write a short name: small letters, digits, hyphens, underscores."))


def _account(path: Path, value: Any) -> Problems:
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        yield Problem(path, _("Write the account here, for example account_2."))


def _name(path: Path, value: Any) -> Problems:
    if not isinstance(value, str) or not value.strip():
        yield Problem(path, _("Write a name here."))
    else:
        yield from _text(120)(path, value)


def _truth(path: Path, value: Any) -> Problems:
    if not isinstance(value, bool):
        yield Problem(path, _("Write true or false here."))


def _language(path: Path, value: Any) -> Problems:
    allowed = [code for code, _name in LANGUAGES]
    if value not in allowed:
        message = _("Allowed languages: %(allowed)s.")
        yield Problem(path, message % {"allowed": ", ".join(allowed)})


def _time_zone(path: Path, value: Any) -> Problems:
    if not isinstance(value, str) or value not in zoneinfo.available_timezones():
        yield Problem(path, _("Write a time zone such as America/Sao_Paulo."))


def _mapping(path: Path, value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield Problem(path, _("Write keys with values here, one per line: “name: …”."))


def _parents(path: Path, value: Any) -> Problems:
    if not isinstance(value, list):
        yield Problem(path, _("Write a list of domains here, the most important one first."))
        return
    for position, entry in enumerate(value):
        yield from _slug((*path, position), entry)
        if entry in value[:position]:
            yield Problem((*path, position), _("This parent is already there."))


def _limits(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for key, number in value.items() if isinstance(value, Mapping) else ():
        if key not in LIMITS:
            allowed = ", ".join(LIMITS)
            message = _("“%(value)s” is not allowed. Allowed: %(allowed)s.")
            yield Problem((*path, key), message % {"value": key, "allowed": allowed})
        elif type(number) is not int or not 0 <= number < 2**31:
            yield Problem((*path, key), _("Write a whole number here, or leave the line out."))


def _settings(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for key, chosen in value.items() if isinstance(value, Mapping) else ():
        if key in OPTIONS and chosen is not None and (wrong := OPTIONS[key].complaint(chosen)):
            yield Problem((*path, key), wrong)


def _business_hours(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for day, intervals in value.items() if isinstance(value, Mapping) else ():
        if day not in WEEKDAY_NAMES:
            message = _("“%(value)s” is not allowed. Allowed: %(allowed)s.")
            allowed = ", ".join(WEEKDAY_NAMES)
            yield Problem((*path, day), message % {"value": day, "allowed": allowed})
        else:
            yield from _intervals((*path, day), intervals)


def _intervals(path: Path, value: Any) -> Problems:
    if not isinstance(value, list):
        yield Problem(path, _("Write a list such as [“08:00-12:00”, “13:00-18:00”]; [] is closed."))
        return
    wrong = [n for n, text in enumerate(value) if not _is_interval(text)]
    for position in wrong:
        yield Problem((*path, position), _("Write an interval such as 08:00-18:00."))
    if not wrong and overlap(parse_interval(text) for text in value):
        yield Problem(path, _("Two intervals of this day overlap."))


def _is_interval(text: Any) -> bool:
    if not isinstance(text, str) or not _INTERVAL.match(text) or re.search("24:(?!00)", text):
        return False
    opens, closes = parse_interval(text)
    return opens != closes


def _holidays(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for day, holiday in value.items() if isinstance(value, Mapping) else ():
        inner = (*path, day)
        if not _is_day(day):
            yield Problem(inner, _("Write a date such as 2026-12-25, or 12-25 for every year."))
        elif isinstance(holiday, Mapping):
            yield from _holiday(inner, holiday)
        else:
            yield from _name(inner, holiday)


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text) and parse_day(text))
    except ValueError:
        return False


def _holiday(path: Path, value: Mapping[str, Any]) -> Problems:
    yield from _name((*path, "name"), value.get("name"))
    if not _is_interval(value.get("hours")):
        yield Problem((*path, "hours"), _("Write an interval such as 08:00-18:00."))
    for key in set(value) - {"name", "hours"}:
        message = _("“%(value)s” is not allowed. Allowed: %(allowed)s.")
        yield Problem((*path, key), message % {"value": key, "allowed": "name, hours"})


def _texts(longest_key: int, longest: int) -> Callable[[Path, Any], Problems]:
    def check(path: Path, value: Any) -> Problems:
        yield from _mapping(path, value)
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            if not key or len(key) > longest_key:
                message = _("A key has at most %(most)d characters.") % {"most": longest_key}
                yield Problem((*path, key), message)
            yield from (_name if inner == "" else _text(longest))((*path, key), inner)

    return check


def _field_mappings(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for kind, fields in value.items() if isinstance(value, Mapping) else ():
        if not kind or len(kind) > 60:
            yield Problem((*path, kind), _("A key has at most %(most)d characters.") % {"most": 60})
        yield from _texts(120, 200)((*path, kind), fields)


def _channels(path: Path, value: Any) -> Problems:
    if not isinstance(value, list):
        yield Problem(path, _("Write a list of channels here, each with installation and account."))
        return
    for position, channel in enumerate(value):
        yield from _channel((*path, position), channel)


def _channel(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    if not isinstance(value, Mapping):
        return
    yield from _text(80)((*path, "installation"), value.get("installation", ""))
    yield from _text(120)((*path, "name"), value.get("name", ""))
    yield from _settings((*path, "settings"), value.get("settings", {}))
    yield from _number((*path, "account"), value.get("account"))
    if value.get("inbox") is not None:
        yield from _number((*path, "inbox"), value["inbox"])
    for key in set(value) - {"installation", "account", "inbox", "name", "settings"}:
        message = _("“%(value)s” is not allowed. Allowed: %(allowed)s.")
        allowed = "installation, account, inbox, name, settings"
        yield Problem((*path, key), message % {"value": key, "allowed": allowed})


def _number(path: Path, value: Any) -> Problems:
    if type(value) is not int or not 0 < value < 2**63:
        yield Problem(path, _("Write the number that Chatwoot shows in the address of the page."))


def _integrations(path: Path, value: Any) -> Problems:
    yield from _mapping(path, value)
    for name, integration in value.items() if isinstance(value, Mapping) else ():
        inner = (*path, name)
        if integration is None:
            continue
        yield from _mapping(inner, integration)
        if isinstance(integration, Mapping):
            yield from _integration(inner, integration)


def _integration(path: Path, value: Mapping[str, Any]) -> Problems:
    if "enabled" in value:
        yield from _truth((*path, "enabled"), value["enabled"])
    if "type" in value:
        yield from _name((*path, "type"), value["type"])
    if "config" in value:
        yield from _mapping((*path, "config"), value["config"])
    yield from _references(path, value)


def _references(path: Path, value: Any) -> Problems:
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if key.endswith("_ref") and inner is not None:
            yield from _name((*path, key), inner)
        else:
            yield from _references((*path, key), inner)


LAYER_SECTIONS: Mapping[str, Callable[[Path, Any], Problems]] = {
    "settings": _settings,
    "business_hours": _business_hours,
    "holidays": _holidays,
    "tables": _texts(120, 200),
    "field_mappings": _field_mappings,
    "crews": _mapping,
    "integrations": _integrations,
}
TENANT_SECTIONS: Mapping[str, Callable[[Path, Any], Problems]] = {
    "account_id": _account,
    "name": _name,
    "domain": _slug,
    "language": _language,
    "time_zone": _time_zone,
    "limits": _limits,
    "channels": _channels,
    **LAYER_SECTIONS,
}
DOMAIN_SECTIONS: Mapping[str, Callable[[Path, Any], Problems]] = {
    "name": _name,
    "description": _text(2_000),
    "offered": _truth,
    "parents": _parents,
    **LAYER_SECTIONS,
}
