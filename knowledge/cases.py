"""Questions that should find a certain entry: recorded, run again, and counted.

A case is recorded where a search disappoints. All of them are run after a change of weights, of
texts or of the model, to see whether it helped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    CharField,
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge import search, trying
from knowledge.engines.failures import EngineError
from knowledge.models import PIECES, Kind, Piece, SearchCase
from knowledge.search import Wanted
from tenants import configuration
from tenants.models import Tenant

MOST = 500
LISTS = ("kinds", "rule_types", "categories", "languages")
PRICES = ("price_from", "price_to")
NUMBER = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the cases that were run and whose entry is still there."""

    run: int
    first: int
    among_five: int
    found: int

    @property
    def hit_at_1(self) -> float:
        return self.first / self.run if self.run else 0.0

    @property
    def recall_at_5(self) -> float:
        return self.among_five / self.run if self.run else 0.0


def record(tenant: Tenant, wanted: Wanted, *, expected: str, by: str) -> SearchCase:
    """`expected` is the name of a row, like "faq:12". The same case is not recorded twice."""
    piece = _piece_named(tenant, expected)
    same = {
        "question": wanted.text,
        "kind": piece.kind.value,
        "piece_id": piece.pk,
        "filters": filters_of(tenant, wanted),
    }
    rows = SearchCase.objects.for_tenant(tenant)
    case: SearchCase | None = rows.filter(**same).first()
    if case is None:
        if rows.count() >= MOST:
            message = _("A company has at most %(most)d cases. Delete some that are old.")
            raise ValidationError(message % {"most": MOST})
        case = SearchCase(tenant=tenant, name=str(piece), made_by=by[:200], **same)
        case.save()
    _run(case)
    return case


def ask_for_run(cases: QuerySet[Any]) -> list[int]:
    """Marks them as due; the companies whose cases these are."""
    cases.order_by().note(is_due=True)  # type: ignore[attr-defined]  # SearchCaseQuerySet
    return sorted(cases.order_by().values_list("tenant_id", flat=True).distinct())


def run(tenant: Tenant) -> int:
    """Run what is due; how many that were. Stops where the index cannot be asked."""
    due = SearchCase.objects.for_tenant(tenant).filter(is_due=True)
    done = 0
    for case in due.order_by("pk"):
        if not due.filter(pk=case.pk).note(is_due=False):
            continue
        done += 1
        if not _run(case):
            due.note(is_due=False, error=case.error)
            break
    return done


def with_entries(cases: QuerySet[Any]) -> QuerySet[Any]:
    """`entry_state` is that of the row that should be found, None when it is gone."""
    states = [
        When(
            kind=kind,
            then=Subquery(
                model._base_manager.filter(
                    tenant=OuterRef("tenant"), pk=OuterRef("piece_id")
                ).values("state")[:1]
            ),
        )
        for kind, model in PIECES.items()
    ]
    state = Case(*states, default=Value(None), output_field=CharField(null=True))
    found: QuerySet[Any] = cases.annotate(entry_state=state)
    return found


def counts(cases: QuerySet[Any]) -> tuple[int, int]:
    """How many there are, and how many of them wait to be run."""
    rows = cases.order_by().aggregate(all=Count("pk"), due=Count("pk", filter=Q(is_due=True)))
    return rows["all"], rows["due"]


def totals(cases: QuerySet[Any], *, before: bool = False) -> Totals:
    """Of the last run, or of the run before it. The cases are those of `with_entries`."""
    place, run_at = ("place_before", "run_before_at") if before else ("place", "run_at")
    rows = cases.order_by().exclude(entry_state=None).exclude(**{run_at: None})
    return Totals(
        **rows.aggregate(
            run=Count("pk"),
            first=Count("pk", filter=Q(**{place: 1})),
            among_five=Count("pk", filter=Q(**{f"{place}__lte": 5})),
            found=Count("pk", filter=Q(**{f"{place}__isnull": False})),
        )
    )


def filters_of(tenant: Tenant, wanted: Wanted) -> dict[str, Any]:
    """Plain values, of which `wanted_of` makes the same search again."""
    prices = {name: getattr(wanted, name) for name in PRICES}
    values = {
        "language": wanted.language,
        "domain": "" if wanted.domain == _own_domain(tenant) else wanted.domain,
        **{name: list(getattr(wanted, name) or ()) for name in LISTS},
        **{name: "" if price is None else str(price) for name, price in prices.items()},
    }
    return {name: value for name, value in values.items() if value}


def wanted_of(case: SearchCase) -> Wanted:
    said: Mapping[str, Any] = case.filters
    narrower: dict[str, Any] = {name: tuple(said[name]) for name in LISTS if name in said}
    narrower |= {name: Decimal(said[name]) for name in PRICES if name in said}
    narrower |= {"language": said["language"]} if "language" in said else {}
    domain = said["domain"] if "domain" in said else _own_domain(case.tenant)
    return Wanted(text=case.question, domain=domain, **narrower)


def _own_domain(tenant: Tenant) -> str:
    return configuration.effective(tenant.pk).domain


def _piece_named(tenant: Tenant, name: str) -> Piece:
    """Rows of other companies do not exist."""
    kind, _colon, number = name.partition(":")
    model = PIECES.get(Kind(kind)) if kind in Kind.values else None
    row: Piece | None = None
    if model is not None and NUMBER.match(number):
        row = model.objects.filter(tenant=tenant, pk=number).first()
    if row is None:
        raise ValidationError(_("There is no such entry. It may have been deleted meanwhile."))
    return row


def _run(case: SearchCase) -> bool:
    """Whether the index could be asked."""
    before = {"place_before": case.place, "run_before_at": case.run_at}
    try:
        found = search.search(case.tenant, wanted_of(case)).found
    except EngineError as error:
        case.error = trying.explain(error)[:300]
        SearchCase.objects.filter(pk=case.pk).note(error=case.error)
        return False
    names = [one.passage.piece for one in found]
    case.place = names.index(case.piece) + 1 if case.piece in names else None
    SearchCase.objects.filter(pk=case.pk).note(
        place=case.place, run_at=timezone.now(), error="", **before
    )
    return True
