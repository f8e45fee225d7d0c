"""One turn: everything a customer wrote since the last answer, and what became of it."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crews.models.conversation import Conversation
from crews.models.outcomes import FAILURES, Outcome, Reason
from tenants.fields import DocumentField
from tenants.scoping import TenantModel


class TurnState(models.TextChoices):
    RUNNING = "running", pgettext_lazy("turn", "running")
    SENDING = "sending", pgettext_lazy("turn", "sending")
    DONE = "done", pgettext_lazy("turn", "done")
    SUPERSEDED = "superseded", pgettext_lazy("turn", "overtaken by newer messages")


class Turn(TenantModel):
    """`attempts` counts when work begins, so that what kills a worker is counted too."""

    is_audited: ClassVar[bool] = False

    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, db_index=False, verbose_name=_("company")
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="turns", verbose_name=_("conversation")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=TurnState, default=TurnState.RUNNING
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=40, choices=Reason, blank=True)
    mode = models.CharField(_("mode"), max_length=10, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    restarts = models.PositiveSmallIntegerField(_("started anew"), default=0)
    handoff = DocumentField(_("hand-over"))
    sources = DocumentField(_("sources"), default=list)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state__in=["running", "sending"]),
                name="crews_turn_one_at_a_time",
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-started_at"], name="crews_turn_newest"),
            # Few turns end like this, so that they cost the others nothing.
            models.Index(
                fields=["finished_at"],
                name="crews_turn_failures",
                condition=models.Q(reason__in=FAILURES),
            ),
            models.Index(
                fields=["finished_at"],
                name="crews_turn_errors",
                condition=~models.Q(error=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
