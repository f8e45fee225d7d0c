"""Products out of a table. What the company calls by names of its own becomes an attribute."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from knowledge.imports import tables
from knowledge.imports.drafts import Drafts
from knowledge.reading import values
from knowledge.reading.columns import Field, Matching
from knowledge.reading.fields import SYNONYMS, wanted
from knowledge.reading.files import File
from knowledge.reading.rows import Cell, Row
from knowledge.reading.values import ValueRefusedError
from tenants.models import Tenant

LONGEST_ATTRIBUTE = 5_000
LONGEST_ATTRIBUTE_NAME = 120


def _named_values(cell: Cell) -> dict[str, Any]:
    """A mapping, or “Cor: azul; Material: pinho”."""
    if isinstance(cell, Mapping):
        return {str(name)[:LONGEST_ATTRIBUTE_NAME]: _plain(each) for name, each in cell.items()}
    pairs = [part.partition(":") for part in values.text(cell).replace("\n", ";").split(";")]
    found = {name.strip(): each.strip() for name, mark, each in pairs if mark and name.strip()}
    if not found:
        raise ValueRefusedError(_("Names and values such as “Color: blue; Material: pine”."))
    return found


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Mapping):
        return "; ".join(f"{name}: {_plain(each)}" for name, each in cell.items())
    if isinstance(cell, list):
        return [str(_plain(each)) for each in cell[: values.MOST_ITEMS]]
    return values.text(cell)[:LONGEST_ATTRIBUTE]


# What changes by the hour is asked of the ERP, never learnt.
STOCK = replace(wanted("stock"), parse=values.text)
FIELDS = (
    wanted("name", is_required=True),
    tables.NUMBER,
    wanted("price"),
    wanted("brand"),
    tables.CATEGORY,
    wanted("description"),
    wanted("barcode"),
    Field("image_url", (*SYNONYMS["image"], "image")),
    Field("attributes", ("atributos", "características", "ficha técnica", "specs"), _named_values),
    STOCK,
    tables.LANGUAGE,
    tables.STATE,
    *tables.OURS,
)


def read(_tenant: Tenant, file: File) -> Drafts:
    return tables.read(file, FIELDS, finish=_with_attributes, keeps_unknown=True)


def _with_attributes(found: tables.Values, row: Row, matching: Matching) -> tables.Values:
    found.pop(STOCK.name, None)
    own = {
        name[:LONGEST_ATTRIBUTE_NAME]: _plain(row.cells[name])
        for name in matching.unknown
        if row.cells.get(name) not in (None, "", [], {})
    }
    if own or "attributes" in found:
        found["attributes"] = own | found.get("attributes", {})
    return found
