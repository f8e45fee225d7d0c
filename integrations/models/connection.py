"""A Chatwoot that is connected: which account, with which tokens, and how it does."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.fields import DocumentField
from tenants.models import ChatwootInstallation
from tenants.models.credential import LONGEST_REF
from tenants.scoping import TenantModel, TenantQuerySet

HEALTH = frozenset(
    {
        "version",
        "checks",
        "checked_at",
        "webhook_seen_at",
        "last_event_at",
        "last_error",
        "last_error_at",
        "last_error_status",
        "reconciled_at",
    }
)


# Chatwoot knows the token no longer, or lets it do too little, or the account is gone.
REFUSALS = (401, 403, 404)
SURELY_COMPARED = timedelta(minutes=2)


class ConnectionQuerySet(TenantQuerySet):
    def refused(self, *, now: datetime) -> Self:
        """Turned away since they last worked. With the token of a person they are compared every
        minute, so that one refused request among others is none; else events must do as proof.
        """
        worked_at = models.Case(
            models.When(user_token_ref="", then="last_event_at"), default="reconciled_at"
        )
        rows = self.filter(is_enabled=True, tenant__is_active=True, last_error_status__in=REFUSALS)
        latest = Least("last_error_at", models.Value(now - SURELY_COMPARED))
        rows = rows.annotate(worked_at=worked_at)
        return rows.filter(models.Q(worked_at=None) | models.Q(worked_at__lt=latest))

    def note(self, **values: Any) -> int:
        """What is noted about its health is no change of it; the audit log hears nothing."""
        return models.QuerySet.update(self, **values)


class Connection(TenantModel):
    """One account of a Chatwoot, owned by one company; inboxes of it may be mapped to others.

    Secrets are credentials of the company; the row holds their references. What stands in the
    address of its webhook is a credential too, and is looked up by its digest.
    """

    unaudited_fields = HEALTH

    installation = models.ForeignKey(
        ChatwootInstallation,
        models.PROTECT,
        related_name="connections",
        verbose_name=_("Chatwoot installation"),
    )
    account_id = models.PositiveBigIntegerField(_("account number"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    is_enabled = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Otherwise what it sends is refused, and nothing is sent to it."),
    )
    is_signed = models.BooleanField(
        _("signed"),
        default=True,
        help_text=_("Deliveries must carry a signature. Chatwoot signs from 4.13.0 on."),
    )
    bot_id = models.PositiveBigIntegerField(_("number of the agent bot"), null=True, blank=True)
    address_digest = models.CharField(max_length=64, unique=True, editable=False)
    address_ref = models.CharField(max_length=LONGEST_REF, editable=False)
    bot_token_ref = models.CharField(
        _("token of the agent bot"), max_length=LONGEST_REF, blank=True, editable=False
    )
    user_token_ref = models.CharField(
        _("token of a person"), max_length=LONGEST_REF, blank=True, editable=False
    )
    secret_refs = DocumentField(_("secrets of its webhooks"), default=list, editable=False)
    listens_since = models.DateTimeField(_("connected at"), default=timezone.now, editable=False)
    version = models.CharField(_("version"), max_length=40, blank=True, editable=False)
    checks = DocumentField(_("tests"), default=list, editable=False)
    checked_at = models.DateTimeField(_("tested at"), null=True, blank=True, editable=False)
    webhook_seen_at = models.DateTimeField(
        _("webhook first seen"), null=True, blank=True, editable=False
    )
    last_event_at = models.DateTimeField(_("last event"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)
    last_error_status = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    reconciled_at = models.DateTimeField(
        _("last compared with Chatwoot"), null=True, blank=True, editable=False
    )

    objects: ClassVar[Any] = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection to Chatwoot")
        verbose_name_plural = _("connections to Chatwoot")
        constraints: ClassVar[Any] = [
            # Two connections to one account would answer everything twice.
            models.UniqueConstraint(
                fields=["installation", "account_id"],
                name="integrations_connection_account",
                violation_error_message=_("This account is already connected."),
            ),
            models.CheckConstraint(
                name="integrations_connection_account_number",
                condition=models.Q(account_id__gt=0),
                violation_error_message=_("Numbers of accounts start at 1."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.installation} {self.account_id}"

    @property
    def key(self) -> str:
        """The name under which calls and pauses of this connection are written down."""
        return f"chatwoot:{self.pk}"


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
