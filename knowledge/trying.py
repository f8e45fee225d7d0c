"""A question tried out: what is found for it and why, and what would become of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from knowledge import judging, search, support
from knowledge.engines.failures import EngineError, OwnedElsewhereError, RateLimitedError
from knowledge.judging import Judgement
from knowledge.models import Index
from knowledge.search import Found, Result, Wanted
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Row:
    """`missing` are words of the question that this passage does not cover."""

    found: Found
    rank: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """`missing` are words that no passage covers; `seconds` are those of the search alone."""

    result: Result
    rows: tuple[Row, ...]
    needed: float
    judgement: Judgement
    seconds: float

    @property
    def missing(self) -> tuple[str, ...]:
        if not self.rows:
            return tuple(word.text for word in self.result.question.words if not word.is_faint)
        return tuple(
            word for word in self.rows[0].missing if all(word in row.missing for row in self.rows)
        )


def try_out(tenant: Tenant, wanted: Wanted) -> Trial:
    """An EngineError when the index cannot be asked."""
    began = time.perf_counter()
    result = search.search(tenant, wanted)
    seconds = time.perf_counter() - began
    needed = support.needed(tenant)
    return Trial(
        result=result,
        rows=tuple(_rows(tenant, result)),
        needed=needed,
        judgement=judging.judge(result, needed),
        seconds=seconds,
    )


def is_indexed(tenant: Tenant) -> bool:
    rows = Index.objects.filter(tenant=tenant)
    return bool(rows.filter(space__isnull=False, indexed_at__isnull=False).exists())


def explain(error: EngineError) -> str:
    """A sentence that names the next step."""
    if isinstance(error, OwnedElsewhereError):
        return _(
            "Another process of this machine has the search index open. Use the pages of that"
            " server, or stop it and try again."
        )
    if isinstance(error, RateLimitedError):
        return _("The search engine has too much to do. Try again in a moment.")
    if error.permanent:
        return _(
            "The search engine refused the question. Have the operator look at the log and run"
            " check_index."
        )
    return _(
        "The search engine does not answer. Try again in a moment; if it stays so, have the"
        " operator look at the page “System”."
    )


def _rows(tenant: Tenant, result: Result) -> Sequence[Row]:
    if not result.found:
        return ()
    known = search.frequencies(tenant, result.question)
    return [
        Row(one, rank, tuple(support.missing(result.question, one.passage, known)))
        for rank, one in enumerate(result.found, start=1)
    ]
