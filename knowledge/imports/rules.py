"""Business rules out of a table. Days are those of the company; the last one belongs to it."""

import re
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from knowledge.imports import tables
from knowledge.imports.drafts import Drafts
from knowledge.reading import values
from knowledge.reading.columns import Field
from knowledge.reading.fields import SYNONYMS, wanted
from knowledge.reading.files import File
from knowledge.reading.rows import Cell
from knowledge.reading.values import Parse, ValueRefusedError
from tenants.access import Access
from tenants.models import Domain, Tenant

HIGHEST_PRIORITY = 100
MOST_NAMED = 20

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?\Z")


def read(tenant: Tenant, file: File) -> Drafts:
    return tables.read(file, _fields(tenant))


def _fields(tenant: Tenant) -> tuple[Field, ...]:
    zone = ZoneInfo(tenant.time_zone)
    begin, end = ("vale de", "holds from"), ("vale até", "holds until")
    return (
        *tables.OURS,
        wanted("title", is_required=True),
        Field(
            "description",
            ("text", *SYNONYMS["text"], "descrição", "descrição da regra", "resposta"),
            is_required=True,
        ),
        Field("details", ("detalhes", "observações", "notes")),
        Field("rule_type", ("tipo", *SYNONYMS["kind"], "categoria", "category")),
        Field("priority", SYNONYMS["priority"], _priority),
        Field("domain", SYNONYMS["domain"], _domain_parser(tenant)),
        Field("valid_from", (*SYNONYMS["valid_from"], *begin), partial(_moment, zone=zone)),
        Field(
            "valid_until",
            (*SYNONYMS["valid_until"], *end),
            partial(_moment, zone=zone, days=1),
        ),
        tables.NUMBER,
        tables.LANGUAGE,
        tables.STATE,
    )


def _priority(cell: Cell) -> int:
    found = values.whole(cell)
    if found > HIGHEST_PRIORITY:
        raise ValueRefusedError(_("A whole number from 0 to 100."))
    return found


def _moment(cell: Cell, *, zone: ZoneInfo, days: int = 0) -> datetime:
    """A moment as it stands; of a day its beginning, so many days later."""
    shown = str(cell).strip()
    if _MOMENT.match(shown):
        try:
            return datetime.fromisoformat(shown).replace(tzinfo=zone)
        except ValueError as error:
            raise ValueRefusedError(_("A date such as 31/12/2026 or 2026-12-31.")) from error
    try:
        return datetime.combine(values.day(cell) + timedelta(days=days), time(), zone)
    except OverflowError as error:
        raise ValueRefusedError(_("A date such as 31/12/2026 or 2026-12-31.")) from error


def _domain_parser(tenant: Tenant) -> Parse:
    offered = Domain.objects.visible_to(Access(tenant=tenant))
    domains: dict[str, Domain] = {row.slug: row for row in offered}

    def choose(cell: Cell) -> Domain:
        found = domains.get(str(cell).strip().lower())
        if found is None:
            known = ", ".join(sorted(domains)[:MOST_NAMED]) or "–"
            raise ValueRefusedError(_("One of these: %(allowed)s.") % {"allowed": known})
        return found

    return choose
