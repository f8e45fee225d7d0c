"""Every call of a model as a record: what for, which model, how it ended, what it cost."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.models.model_profile import LONGEST_AGENT, LONGEST_MODEL, Use
from integrations.models.provider import Provider
from tenants.budgets.money import MoneyField
from tenants.scoping import TenantModel, TenantQuerySet

ROWS_PER_DELETION = 1_000
LONGEST_ERROR = 300


class State(models.TextChoices):
    RUNNING = "running", pgettext_lazy("model call", "under way")
    OK = "ok", pgettext_lazy("model call", "answered")
    FAILED = "failed", pgettext_lazy("model call", "failed")
    TIMED_OUT = "timed out", pgettext_lazy("model call", "no answer in time")
    HELD_BACK = "held back", pgettext_lazy("model call", "provider left alone")
    BUDGET = "budget", pgettext_lazy("model call", "refused by the budget")
    LOST = "lost", pgettext_lazy("model call", "broken off by a crash")


class LlmCallQuerySet(TenantQuerySet):
    def left_running(self, *, since: datetime) -> Self:
        return self.filter(state=State.RUNNING, created_at__lt=since)

    def finish(self, pk: int, **values: Any) -> bool:
        """Conditional, so that a call is settled once: by its process or by the sweep."""
        return bool(self.filter(pk=pk, state=State.RUNNING).update(**values))

    def totals(self) -> dict[str, Any]:
        """In one query. `unpriced` calls took tokens of a model whose price nobody knows."""
        unpriced = Q(cost=None) & (Q(tokens_in__gt=0) | Q(tokens_out__gt=0))
        return self.order_by().aggregate(
            calls=Count("pk"),
            read=Sum("tokens_in", default=0),
            read_again=Sum("tokens_cached", default=0),
            written=Sum("tokens_out", default=0),
            dollars=Sum("cost"),
            unpriced=Count("pk", filter=unpriced),
        )

    def totals_by_turn(self, turns: Iterable[int]) -> dict[int, dict[str, Any]]:
        """In one query. Turns without calls are not among them; without prices they cost None."""
        rows = self.filter(turn__in=turns).order_by().values_list("turn")
        sums = rows.annotate(Count("pk"), Sum("tokens_in"), Sum("tokens_out"), Sum("cost"))
        names = ("model_calls", "tokens_in", "tokens_out", "cost")
        return {turn: dict(zip(names, values, strict=True)) for turn, *values in sums}

    def drop_older_than(self, when: datetime) -> int:
        """In chunks, so that no statement holds the table for long."""
        old = self.filter(created_at__lt=when).order_by("created_at")
        count = 0
        while pks := list(old.values_list("pk", flat=True)[:ROWS_PER_DELETION]):
            self.model.objects.filter(pk__in=pks).delete()
            count += len(pks)
        return count


class LlmCall(TenantModel):
    """Made before the call in state `running`, finished after it, so a crash leaves a trace.

    `cost` is empty where the price is unknown. `tokens_are_estimated`: the provider did not say,
    or it never answered and may have worked all the same.
    """

    is_audited: ClassVar[bool] = False

    use = models.CharField(_("use"), max_length=14, choices=Use)
    agent = models.CharField(_("agent"), max_length=LONGEST_AGENT, blank=True)
    provider = models.ForeignKey(
        Provider,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("provider"),
    )
    model = models.CharField(_("model asked"), max_length=LONGEST_MODEL)
    model_answered = models.CharField(
        _("model that answered"), max_length=LONGEST_MODEL, blank=True
    )
    state = models.CharField(_("outcome"), max_length=10, choices=State, default=State.RUNNING)
    error = models.CharField(_("what went wrong"), max_length=LONGEST_ERROR, blank=True)
    note = models.CharField(_("note"), max_length=LONGEST_ERROR, blank=True)
    tokens_in = models.BigIntegerField(_("tokens read"), default=0)
    tokens_cached = models.BigIntegerField(_("of these read again"), default=0)
    tokens_out = models.BigIntegerField(_("tokens written"), default=0)
    tokens_are_estimated = models.BooleanField(_("tokens estimated"), default=False)
    cost = MoneyField(_("cost (USD)"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    tries = models.PositiveSmallIntegerField(_("requests"), default=0)
    was_fallback = models.BooleanField(_("by the replacement"), default=False)
    was_cheaper = models.BooleanField(_("by the cheaper model"), default=False)
    streamed = models.BooleanField(_("streamed"), default=False)
    turn = models.BigIntegerField(_("turn"), null=True, blank=True)
    conversation = models.BigIntegerField(_("conversation"), null=True, blank=True)
    reservation = models.JSONField(default=dict, blank=True, editable=False)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("begun at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects: ClassVar[Any] = LlmCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-created_at"], name="integrations_llmcall_newest"),
            models.Index(fields=["created_at"], name="integrations_llmcall_age"),
            models.Index(fields=["tenant", "turn"], name="integrations_llmcall_turn"),
            models.Index(
                fields=["created_at"],
                condition=Q(state="running"),
                name="integrations_llmcall_running",
            ),
        ]
        constraints: ClassVar[Any] = [
            models.CheckConstraint(
                name="integrations_llmcall_state_is_known", condition=Q(state__in=State.values)
            ),
            models.CheckConstraint(
                name="integrations_llmcall_amounts_are_not_negative",
                condition=Q(tokens_in__gte=0, tokens_cached__gte=0, tokens_out__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_use_display()}: {self.model}"
