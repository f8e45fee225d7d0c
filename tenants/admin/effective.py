"""The values in effect, each with the layer it came from and what further layers had said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.config import documents, options
from tenants.config.documents import Path
from tenants.config.layers import Layer
from tenants.config.schema import WEEKDAY_NAMES
from tenants.configuration import Effective

SECTIONS = {
    "settings": _("Settings"),
    "language": _("Language and time"),
    "time_zone": _("Language and time"),
    "business_hours": _("Business hours"),
    "holidays": _("Holidays"),
    "tables": _("Tables"),
    "field_mappings": _("Field mappings"),
    "crews": _("Crews"),
    "integrations": _("Integrations"),
}
MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    section: str
    path: str
    value: str
    is_text: bool
    source: str
    kind: str
    others: list[tuple[str, str]]


def effective_rows(config: Effective, *, domains: Mapping[str, str]) -> list[Row]:
    """The first of them: more than a person reads, and than a page should hold, stays out.

    `domains` gives the names of domains by their short names.
    """
    ordered = sorted(config.sources.items(), key=lambda entry: _order(entry[0]))
    return [_row(config, path, layer, domains) for path, layer in ordered[:MOST_ROWS]]


def name_of_layer(layer: Layer, *, domains: Mapping[str, str]) -> str:
    words = {
        "default": gettext("Default of the platform"),
        "domain": gettext("Domain %(name)s"),
        "company": gettext("This company"),
        "channel": gettext("Channel %(name)s"),
    }
    name = domains.get(layer.name, layer.name) if layer.kind == "domain" else layer.name
    return words[layer.kind] % {"name": name}


def _order(path: Path) -> tuple[int, list[str]]:
    """Sections as above, days of the week as they follow each other, the rest by name."""
    section = str(path[0])
    place = list(SECTIONS).index(section) if section in SECTIONS else len(SECTIONS)
    steps = [str(step) for step in path]
    if section == "business_hours":
        steps[1] = str(WEEKDAY_NAMES.index(steps[1]))
    return place, steps


def _row(config: Effective, path: Path, layer: Layer, domains: Mapping[str, str]) -> Row:
    others = [
        (name_of_layer(other, domains=domains), _shown_at(path, _at(other.document, path)))
        for other in reversed(config.layers)
        if other is not layer and _at(other.document, path) is not None
    ]
    value = config.get(*(str(step) for step in path))
    return Row(
        section=str(SECTIONS.get(str(path[0]), _("Further configuration"))),
        path=documents.shown(path),
        value=_shown_at(path, value),
        is_text=isinstance(value, str) or not _is_list_of_texts(value),
        source=name_of_layer(layer, domains=domains),
        kind=layer.kind,
        others=others,
    )


def _shown_at(path: Path, value: Any) -> str:
    """A choice as the form calls it, anything else as it is."""
    option = options.OPTIONS.get(str(path[-1])) if path[0] == "settings" else None
    labels = dict(option.choices) if option else {}
    return str(labels[value]) if isinstance(value, str) and value in labels else shown(value)


def shown(value: Any) -> str:
    if value == "":
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if _is_list_of_texts(value):
        return ", ".join(value) or gettext("none, or closed")
    return documents.write(documents.plain(value)).removesuffix("...\n").strip()


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(document, Mapping) or step not in document:
            return None
        document = document[step]
    return document
