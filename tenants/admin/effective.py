"""The values in effect, each with the layer it came from and what further layers had said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tenants import documents
from tenants.configuration import Effective
from tenants.documents import Path
from tenants.layers import Layer


@dataclass(frozen=True, slots=True)
class Row:
    section: str
    path: str
    value: str
    source: str
    kind: str
    others: list[tuple[str, str]]


def effective_rows(config: Effective) -> list[Row]:
    return [_row(config, path, layer) for path, layer in sorted(config.sources.items(), key=_key)]


def name_of_layer(layer: Layer) -> str:
    words = {
        "default": _("Default of the platform"),
        "domain": _("Domain %(name)s"),
        "company": _("This company"),
        "channel": _("Channel %(name)s"),
    }
    return words[layer.kind] % {"name": layer.name}


def _key(entry: tuple[Path, Layer]) -> Any:
    path, _layer = entry
    return [str(step) for step in path]


def _row(config: Effective, path: Path, layer: Layer) -> Row:
    others = [
        (name_of_layer(other), _shown(_at(other.document, path)))
        for other in reversed(config.layers)
        if other is not layer and _at(other.document, path) is not None
    ]
    value = _shown(config.get(*(str(step) for step in path)))
    return Row(str(path[0]), documents.shown(path), value, name_of_layer(layer), layer.kind, others)


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(document, Mapping) or step not in document:
            return None
        document = document[step]
    return document


def _shown(value: Any) -> str:
    return (
        documents.write(documents.plain(value)).removesuffix("...\n").strip()
        if value != ""
        else "–"
    )
