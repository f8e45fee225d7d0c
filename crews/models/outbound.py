"""What goes out: one row per bubble, written before the first attempt and never forgotten."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crews.models.conversation import Conversation
from crews.models.turn import Turn
from tenants.scoping import TenantModel, TenantQuerySet


class Part(models.TextChoices):
    """`REPLY` is the bot speaking; a notice and a note belong to a hand-over, a draft to staff."""

    REPLY = "reply", pgettext_lazy("outgoing", "reply")
    NOTICE = "notice", pgettext_lazy("outgoing", "notice to the customer")
    NOTE = "note", pgettext_lazy("outgoing", "note for people")
    DRAFT = "draft", pgettext_lazy("outgoing", "draft for people")


PRIVATE = frozenset({Part.NOTE, Part.DRAFT})


class OutboundState(models.TextChoices):
    PENDING = "pending", pgettext_lazy("outgoing", "waiting")
    SENDING = "sending", pgettext_lazy("outgoing", "being sent")
    UNKNOWN = "unknown", pgettext_lazy("outgoing", "unknown whether it arrived")
    SENT = "sent", pgettext_lazy("outgoing", "sent")
    CANCELLED = "cancelled", pgettext_lazy("outgoing", "cancelled")
    REJECTED = "rejected", pgettext_lazy("outgoing", "refused by Chatwoot")


UNFINISHED = (OutboundState.PENDING, OutboundState.SENDING, OutboundState.UNKNOWN)


class OutboundMessageQuerySet(TenantQuerySet):
    def unfinished(self) -> Self:
        """In the order in which they have to leave."""
        return self.filter(state__in=UNFINISHED).order_by("turn_id", "position")

    def cancel(self, why: str) -> int:
        """What may have left already is not touched: first find out, then decide."""
        waiting = self.filter(state=OutboundState.PENDING)
        return waiting.update(state=OutboundState.CANCELLED, last_error=why[:300])


class OutboundMessage(TenantModel):
    """`key` travels with the message and comes back, so that it can be looked for."""

    is_audited: ClassVar[bool] = False

    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, db_index=False, verbose_name=_("company")
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="outbox", verbose_name=_("conversation")
    )
    turn = models.ForeignKey(
        Turn, models.CASCADE, related_name="outbox", verbose_name=_("turn"), db_index=False
    )
    position = models.PositiveSmallIntegerField(_("position"))
    key = models.CharField(_("mark"), max_length=40, unique=True)
    part = models.CharField(_("kind"), max_length=8, choices=Part, default=Part.REPLY)
    body = models.TextField(_("text"))
    state = models.CharField(
        _("state"), max_length=10, choices=OutboundState, default=OutboundState.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    after_message_id = models.PositiveBigIntegerField(_("after message"), default=0)
    remote_id = models.PositiveBigIntegerField(_("message"), null=True, blank=True)
    last_error = models.CharField(_("last failure"), max_length=300, blank=True)
    overlapped = models.BooleanField(_("a person had just written"), default=False, editable=False)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects: ClassVar[Any] = OutboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["turn", "position"], name="crews_outboundmessage_position"
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-created_at"], name="crews_outboundmessage_newest"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
