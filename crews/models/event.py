"""What came in: the inbox and the event log are one table."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crews.models.conversation import Conversation
from crews.models.outcomes import Outcome, Reason
from crews.models.turn import Turn
from integrations.chatwoot.payloads import Kind
from integrations.models import Connection
from tenants.fields import DocumentField
from tenants.scoping import TenantModel, TenantQuerySet


class Via(models.TextChoices):
    WEBHOOK = "webhook", pgettext_lazy("event", "webhook")
    CATCH_UP = "catch-up", pgettext_lazy("event", "read back from Chatwoot")
    REPLAY = "replay", pgettext_lazy("event", "replayed")


class InboundEventQuerySet(TenantQuerySet):
    def open(self) -> Self:
        """Messages of customers that have no outcome yet."""
        return self.filter(outcome="")

    def unattached(self) -> Self:
        return self.filter(outcome="", turn=None)

    def attach(self, turn: Turn | None) -> int:
        """Of the same conversation, hence of the same company, which is not asked once more."""
        return models.QuerySet.update(self, turn=turn)

    def end(self, outcome: Outcome, reason: Reason) -> int:
        """Give them their one outcome; those that have one keep it."""
        return self.filter(outcome="").update(outcome=outcome, reason=reason)


class InboundEvent(TenantModel):
    """A message without outcome waits for its turn; everything else is ignored from the start."""

    is_audited: ClassVar[bool] = False

    # Every index costs at each arrival, so only those stand here that something asks for.
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, db_index=False, verbose_name=_("company")
    )
    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, verbose_name=_("connection")
    )
    conversation = models.ForeignKey(
        Conversation,
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="events",
        verbose_name=_("conversation"),
    )
    event = models.CharField(_("event"), max_length=80)
    message_id = models.PositiveBigIntegerField(_("message"), null=True, blank=True)
    delivery_id = models.CharField(_("delivery"), max_length=64, blank=True)
    via = models.CharField(_("through"), max_length=10, choices=Via, default=Via.WEBHOOK)
    author = models.CharField(_("author"), max_length=10, blank=True)
    text = models.TextField(_("text"), blank=True)
    payload = DocumentField(_("content"))
    occurred_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    turn = models.ForeignKey(
        Turn,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="events",
        verbose_name=_("turn"),
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=40, choices=Reason, blank=True)

    objects: ClassVar[Any] = InboundEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["connection", "message_id"],
                condition=models.Q(event=Kind.MESSAGE_CREATED.value),
                name="crews_inboundevent_message",
            ),
            models.UniqueConstraint(
                fields=["connection", "delivery_id"],
                condition=~models.Q(delivery_id=""),
                name="crews_inboundevent_delivery",
            ),
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-received_at"], name="crews_inboundevent_newest"),
            models.Index(fields=["conversation", "message_id"], name="crews_inboundevent_of_talk"),
            models.Index(
                fields=["received_at"],
                name="crews_inboundevent_open",
                condition=models.Q(outcome=""),
            ),
            models.Index(
                fields=["turn"],
                name="crews_inboundevent_turn",
                condition=models.Q(turn__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
