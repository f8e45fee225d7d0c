"""Which account and inbox of which Chatwoot belongs to which company."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import AuditedModel, AuditedQuerySet
from tenants.fields import DocumentField
from tenants.scoping import TenantModel, TenantQuerySet, refuse_one_more


class ChatwootInstallationQuerySet(AuditedQuerySet):
    def visible_to(self, access: Access) -> Any:
        if access.tenant is None:
            return self.all() if access.reaches_everything else self.none()
        return self.filter(channels__tenant=access.tenant).distinct()


class ChatwootInstallation(AuditedModel):
    """A Chatwoot server. Numbers of accounts repeat between servers, so it is part of every key."""

    name = models.CharField(
        _("name"),
        max_length=80,
        unique=True,
        error_messages={"unique": _("Another installation already has this name.")},
    )
    base_url = models.URLField(
        _("address"),
        max_length=200,
        unique=True,
        null=True,
        blank=True,
        help_text=_("For example https://app.chatwoot.com. May be told later."),
        error_messages={"unique": _("This Chatwoot is already in the list.")},
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = ChatwootInstallationQuerySet.as_manager()

    class Meta:
        verbose_name = _("Chatwoot installation")
        verbose_name_plural = _("Chatwoot installations")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        self.base_url = (self.base_url or "").rstrip("/") or None
        super().save(*args, **options)


class ChannelMappingQuerySet(TenantQuerySet):
    def of_source(self, *, installation: Any, account_id: int, inbox_id: int | None) -> Any:
        """The mappings that fit, the most specific one first."""
        rows = self.filter(installation=installation, account_id=account_id)
        rows = rows.filter(models.Q(inbox_id=inbox_id) | models.Q(inbox_id=None))
        return rows.order_by(models.F("inbox_id").desc(nulls_last=True), "pk")


class ChannelMapping(TenantModel):
    """An account, or one inbox of it. The inbox wins over its account."""

    installation = models.ForeignKey(
        ChatwootInstallation,
        models.PROTECT,
        related_name="channels",
        verbose_name=_("Chatwoot installation"),
    )
    account_id = models.PositiveBigIntegerField(_("account number"))
    inbox_id = models.PositiveBigIntegerField(
        _("inbox number"), null=True, blank=True, help_text=_("Empty: all inboxes of the account.")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    settings = DocumentField(_("settings"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = ChannelMappingQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        # An inbox has one company, so the company is no part of these rules.
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "account_id", "inbox_id"],
                name="tenants_channelmapping_inbox",
                violation_error_message=_("This inbox is already mapped."),
            ),
            models.UniqueConstraint(
                fields=["installation", "account_id"],
                condition=models.Q(inbox_id=None),
                name="tenants_channelmapping_account",
                violation_error_message=_("This account is already mapped."),
            ),
            models.CheckConstraint(
                name="tenants_channelmapping_numbers",
                condition=models.Q(account_id__gt=0)
                & (models.Q(inbox_id=None) | models.Q(inbox_id__gt=0)),
                violation_error_message=_("Numbers of accounts and inboxes start at 1."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    def clean(self) -> None:
        super().clean()
        if self.pk is None and self.tenant_id is not None:
            refuse_one_more(self.tenant.most_channels, ChannelMapping, self.tenant)

    @property
    def address(self) -> str:
        inbox = "*" if self.inbox_id is None else self.inbox_id
        return f"{self.account_id}/{inbox}"


class UnmappedChannel(AuditedModel):
    """An account or inbox that sent something and belongs to nobody yet."""

    is_audited = False

    installation = models.ForeignKey(
        ChatwootInstallation, models.CASCADE, verbose_name=_("Chatwoot installation")
    )
    account_id = models.PositiveBigIntegerField(_("account number"))
    inbox_id = models.PositiveBigIntegerField(_("inbox number"), default=0)
    last_event = models.CharField(_("last event"), max_length=80, blank=True)
    events = models.PositiveBigIntegerField(_("events"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("unmapped channel")
        verbose_name_plural = _("unmapped channels")
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "account_id", "inbox_id"],
                name="tenants_unmappedchannel_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.inbox_id or '*'}"
