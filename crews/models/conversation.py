"""A conversation of a Chatwoot as we see it: who may speak in it, and when it is our turn."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.chatwoot import values
from integrations.models import Connection
from tenants.models import ChannelMapping, Domain
from tenants.scoping import TenantModel, TenantQuerySet
from tenants.showing import visible


class Control(models.TextChoices):
    """Who speaks. While it is handed over, only what belongs to the hand-over is still sent."""

    BOT = "bot", pgettext_lazy("control", "bot")
    HANDING_OVER = "handing over", pgettext_lazy("control", "being handed over")
    HUMAN = "human", pgettext_lazy("control", "person")
    PAUSED = "paused", pgettext_lazy("control", "paused")


class Status(models.TextChoices):
    """Chatwoot's."""

    PENDING = "pending", pgettext_lazy("conversation", "pending")
    OPEN = "open", pgettext_lazy("conversation", "open")
    RESOLVED = "resolved", pgettext_lazy("conversation", "resolved")
    SNOOZED = "snoozed", pgettext_lazy("conversation", "snoozed")


class Chore(models.TextChoices):
    """What is left to be done besides answering."""

    NONE = "", "–"
    HAND_OVER = "hand over", _("hand it over")
    OPEN = "open", _("open it for people")
    GIVE_BACK = "give back", _("give it back to the bot")


class ConversationQuerySet(TenantQuerySet):
    def due(self) -> Self:
        """Whose time has come by the clock of the database, and on which nobody works."""
        is_free = models.Q(lease_until=None) | models.Q(lease_until__lt=Now())
        return self.filter(is_free, due_at__lte=Now())

    def held(self, pk: int, epoch: int) -> Self:
        """The row, if the lease with this number is still the last one."""
        return self.filter(pk=pk, epoch=epoch)


class Conversation(TenantModel):
    """`due_at` empty: nothing to do. `epoch` counts leases; whoever writes must hold the last.

    An inbox that moves to another company begins new rows there.
    `arrivals` counts what came in, so that a worker that found nothing left notices the rest.
    """

    is_audited: ClassVar[bool] = False

    # Every index costs at each message, so only those stand here that something asks for.
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, db_index=False, verbose_name=_("company")
    )
    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, verbose_name=_("connection")
    )
    number = models.PositiveBigIntegerField(_("number"))
    channel = models.ForeignKey(
        ChannelMapping,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("channel"),
    )
    inbox_id = models.PositiveBigIntegerField(_("inbox number"), null=True, blank=True)
    channel_kind = models.CharField(_("kind of channel"), max_length=60, blank=True)
    contact_id = models.PositiveBigIntegerField(_("contact number"), null=True, blank=True)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    control = models.CharField(
        _("who answers"), max_length=12, choices=Control, default=Control.BOT
    )
    control_reason = models.CharField(_("because"), max_length=40, blank=True)
    control_at = models.DateTimeField(_("since"), default=timezone.now)
    human_until = models.DateTimeField(_("with a person until"), null=True, blank=True)
    # Chatwoot leaves a person assigned who has given the conversation back.
    released_agent_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    chore = models.CharField(_("to do"), max_length=10, choices=Chore, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    burst_at = models.DateTimeField(_("first unanswered message"), null=True, blank=True)
    lease_until = models.DateTimeField(_("worked on until"), null=True, blank=True)
    lease_owner = models.CharField(_("worked on by"), max_length=80, blank=True)
    epoch = models.PositiveBigIntegerField(default=0)
    arrivals = models.PositiveBigIntegerField(default=0)
    last_seen_message_id = models.PositiveBigIntegerField(_("last message"), default=0)
    boundary_message_id = models.PositiveBigIntegerField(_("history begins after"), default=0)
    language = models.CharField(_("language"), max_length=10, blank=True)
    domain = models.ForeignKey(
        Domain,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("domain"),
    )
    can_reply = models.BooleanField(_("may be answered"), default=True)
    last_customer_at = models.DateTimeField(_("customer's last message"), null=True, blank=True)
    disclosed_at = models.DateTimeField(_("said to be a bot at"), null=True, blank=True)
    unhelped = models.PositiveSmallIntegerField(_("answers in a row that did not help"), default=0)
    created_at = models.DateTimeField(_("first seen"), default=timezone.now)

    objects: ClassVar[Any] = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["connection", "number", "tenant"], name="crews_conversation_number"
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["tenant", "due_at"],
                name="crews_conversation_due",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["lease_until"],
                name="crews_conversation_lease",
                condition=models.Q(lease_until__isnull=False),
            ),
            models.Index(fields=["tenant", "-last_customer_at"], name="crews_conversation_newest"),
        ]

    def __str__(self) -> str:
        return visible(f"#{self.number} {self.contact_name}").strip()

    def is_with_person(self, seen: values.Conversation) -> bool:
        """Whether a person is assigned in Chatwoot who has not given it back."""
        agent = seen.assignee.id if seen.is_with_person and seen.assignee is not None else None
        return seen.is_with_person and (agent is None or agent != self.released_agent_id)
