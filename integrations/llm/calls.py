"""The row of a call and its budget: both made before the call, both settled after it."""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import Error as AnyDatabaseError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from integrations.llm import profiles
from integrations.llm.answers import Tokens
from integrations.llm.failures import BudgetStoppedError, ModelError
from integrations.llm.prices import PriceList
from integrations.models import LlmCall, ModelProfile
from integrations.models.llm_call import LONGEST_ERROR, State
from integrations.signals import model_called
from tenants import context, usage
from tenants.models import Tenant
from tenants.models.budget import OnExceed
from tenants.usage import BudgetExceededError, Reservation

logger = logging.getLogger(__name__)

LONGEST_RUN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is for, and how much of the budget to set aside for it."""

    tenant: Tenant
    use: str
    agent: str = ""
    turn: int | None = None
    conversation: int | None = None
    tokens_in: int = 0
    has_answer: bool = True
    streamed: bool = False


@dataclass(slots=True)
class Call:
    """A call under way: its row, what was set aside, and what was spent so far."""

    row: LlmCall
    candidates: list[ModelProfile]
    prices: PriceList
    reserved: Tokens
    started: float = field(default_factory=time.perf_counter)
    tokens: Tokens = field(default_factory=Tokens)
    cost: Decimal | None = Decimal(0)
    tries: int = 0
    model_answered: str = ""
    notes: list[str] = field(default_factory=list)

    def spend(self, profile: ModelProfile, tokens: Tokens, *, model_answered: str = "") -> None:
        """Each request adds to the cost at the price of its own model."""
        self.tokens += tokens
        self.model_answered = model_answered or self.model_answered
        cost = self.prices.cost(profile, tokens, model_answered=model_answered)
        self.cost = None if self.cost is None or cost is None else self.cost + cost

    def spend_estimate(self, profile: ModelProfile) -> None:
        """For a request without an answer: the provider may have done all of the work."""
        self.spend(profile, self.reserved)


def begin(purpose: Purpose, profile: ModelProfile) -> Call:
    """Make the row and reserve; with the cheaper model where a budget says so."""
    now = timezone.now()
    prices = PriceList.of_day(timezone.localdate(now))
    try:
        return _open(purpose, profile, prices, now=now)
    except BudgetExceededError as error:
        cheaper = profiles.cheaper_than(profile)
        if error.reaction == OnExceed.CHEAPER and cheaper is not None:
            return _begin_cheaper(purpose, cheaper, prices, str(error), now=now)
        raise _stopped(purpose, profile, error, now=now) from None


def finish(call: Call, profile: ModelProfile, *, error: BaseException | None = None) -> None:
    """A row that cannot be finished does not spoil the answer: the sweep settles it later."""
    now = timezone.now()
    values = {
        "state": State.OK if error is None else getattr(error, "state", State.FAILED),
        "error": _sentence(call, error),
        "note": " ".join(call.notes)[:LONGEST_ERROR],
        "model": profile.model,
        "model_answered": call.model_answered[: LlmCall._meta.get_field("model").max_length],
        "was_fallback": profile.pk != call.candidates[0].pk,
        "tries": call.tries,
        "tokens_in": call.tokens.read,
        "tokens_cached": call.tokens.cached,
        "tokens_out": call.tokens.written,
        "tokens_are_estimated": call.tokens.is_estimated,
        "cost": call.cost if call.tries else Decimal(0),
        "duration_ms": round((time.perf_counter() - call.started) * 1000),
        "finished_at": now,
    }
    if profile.provider_id != call.row.provider_id:
        values["provider"] = profile.provider
    try:
        _settle(call.row, values, now=now)
    except AnyDatabaseError:
        logger.exception("A model call could not be written down; the sweep will settle it")
    _announce(call.row, values)


def settle_left_running(*, now: datetime) -> int:
    """Calls whose process died: they are charged what was reserved, for they may have cost it."""
    count = 0
    for row in LlmCall.objects.left_running(since=now - LONGEST_RUN).order_by("pk"):
        reserved = Reservation.from_json(row.reservation)
        values = {
            "state": State.LOST,
            "tokens_in": row.reservation["tokens_in"],
            "tokens_out": reserved.tokens - row.reservation["tokens_in"],
            "tokens_are_estimated": True,
            "cost": reserved.money if row.reservation["is_priced"] else None,
            "finished_at": now,
        }
        count += _settle(row, values, now=now)
    return count


def _open(
    purpose: Purpose,
    profile: ModelProfile,
    prices: PriceList,
    *,
    is_cheaper: bool = False,
    note: str = "",
    now: datetime,
) -> Call:
    candidates = profiles.with_replacements(profile)
    written = profile.max_tokens if purpose.has_answer else 0
    tokens = Tokens(read=max(purpose.tokens_in, 1), written=written, is_estimated=True)
    costs = [prices.cost(candidate, tokens) for candidate in candidates]
    row = _row(purpose, profile, now=now, was_cheaper=is_cheaper)
    refusal: BudgetExceededError | None = None
    with transaction.atomic():
        try:
            reservation = usage.reserve(
                purpose.tenant,
                tokens=tokens.total,
                money=max((cost for cost in costs if cost is not None), default=Decimal(0)),
                conversation=purpose.conversation,
                is_cheaper=is_cheaper,
                now=now,
            )
        except BudgetExceededError as error:
            refusal = error  # raised below: what a refusal counts and tells must be committed
        else:
            is_priced = costs[0] is not None
            words = {"tokens_in": tokens.read, "is_priced": is_priced}
            row.reservation = {**reservation.as_json(), **words}
            row.save(force_insert=True)
    if refusal is not None:
        raise refusal
    return Call(row, candidates, prices, reserved=tokens, notes=[note] if note else [])


def _begin_cheaper(
    purpose: Purpose, cheaper: ModelProfile, prices: PriceList, reason: str, *, now: datetime
) -> Call:
    try:
        return _open(purpose, cheaper, prices, is_cheaper=True, note=reason, now=now)
    except BudgetExceededError as error:
        raise _stopped(purpose, cheaper, error, now=now) from None


def _stopped(
    purpose: Purpose, profile: ModelProfile, error: BudgetExceededError, *, now: datetime
) -> BudgetStoppedError:
    """Where there is no cheaper model, the next milder reaction is to answer without one."""
    reaction = OnExceed.OFFLINE if error.reaction == OnExceed.CHEAPER else error.reaction
    stopped = BudgetStoppedError(reaction, str(error))
    row = _row(purpose, profile, now=now, state=State.BUDGET, finished_at=now, cost=Decimal(0))
    row.error = _in_language_of(row, stopped)
    row.save(force_insert=True)
    _announce(row, {"state": State.BUDGET})
    return stopped


def _row(purpose: Purpose, profile: ModelProfile, *, now: datetime, **values: Any) -> LlmCall:
    return LlmCall(
        tenant=purpose.tenant,
        use=purpose.use,
        agent=purpose.agent,
        provider=profile.provider,
        model=profile.model,
        turn=purpose.turn,
        conversation=purpose.conversation,
        streamed=purpose.streamed,
        request_id=context.current().request_id[:64],
        created_at=now,
        **values,
    )


def _settle(row: LlmCall, values: dict[str, Any], *, now: datetime) -> bool:
    with transaction.atomic():
        is_mine: bool = LlmCall.objects.finish(row.pk, **values)
        if is_mine:
            usage.settle(
                Reservation.from_json(row.reservation),
                tokens=values["tokens_in"] + values["tokens_out"],
                money=values["cost"] or Decimal(0),
                now=now,
            )
    return is_mine


def _sentence(call: Call, error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, ModelError):
        return _in_language_of(call.row, error)
    return type(error).__name__[:LONGEST_ERROR]


def _in_language_of(row: LlmCall, error: BaseException) -> str:
    with translation.override(row.tenant.language):
        return str(error)[:LONGEST_ERROR]


def note_replacement(call: Call, failed: ModelProfile, error: ModelError) -> None:
    """Which model was asked in vain, for whoever looks at the row."""
    with translation.override(call.row.tenant.language):
        note = _("Asked in vain: %(model)s. %(error)s") % {"model": failed.model, "error": error}
    call.notes.append(note)


def _announce(row: LlmCall, values: dict[str, Any]) -> None:
    model_called.send_robust(
        LlmCall,
        use=row.use,
        outcome=str(values["state"]),
        seconds=values.get("duration_ms", 0) / 1000,
        tokens_in=values.get("tokens_in", 0),
        tokens_out=values.get("tokens_out", 0),
    )
