"""Secrets for other systems: of a company, or of the installation for those without their own."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.audit import AuditedModel, AuditedQuerySet
from tenants.fields import EncryptedField
from tenants.models.tenant import Tenant
from tenants.scoping import TenantModel, TenantQuerySet

LONGEST_REF = 120
LONGEST_LABEL = 120
LONGEST_PURPOSE = 100

# “sync” is an address of the API.
check_ref = RegexValidator(
    rf"^(?!sync\Z)[A-Za-z0-9][A-Za-z0-9._:-]{{0,{LONGEST_REF - 1}}}\Z",
    _(
        "Write letters, digits and . _ - : only, 120 at most, a letter or digit in front; “sync”"
        " is taken."
    ),
)


class Kind(models.TextChoices):
    CHATWOOT = "chatwoot", "Chatwoot"
    ODOO = "odoo", "Odoo"
    OPENAI = "openai", "OpenAI"
    MODEL_PROVIDER = "model_provider", _("other model provider")
    MCP = "mcp", "MCP"
    FACEBOOK = "facebook", "Facebook"
    INSTAGRAM = "instagram", "Instagram"
    MERCADO_LIVRE = "mercado_livre", "Mercado Livre"
    GENERIC = "generic", _("something else")


class CheckResult(models.TextChoices):
    OK = "ok", _("works")
    FAILED = "failed", _("fails")


class Source(models.TextChoices):
    OWN = "own", _("of the company")
    INSTALLATION = "installation", _("of the installation")


class Offer(models.TextChoices):
    ALL = "all", _("all companies")
    CHOSEN = "chosen", _("the chosen companies")


class _Notes:
    """What is noted about a secret without being a change of it; the audit log hears nothing."""

    def note(self, **values: Any) -> int:
        return models.QuerySet.update(self, **values)  # type: ignore[arg-type]  # mixed into one


class CredentialQuerySet(_Notes, TenantQuerySet):
    pass


class InstallationCredentialQuerySet(_Notes, AuditedQuerySet):
    def offered_to(self, tenant: models.Model) -> Self:
        return self.filter(models.Q(offer=Offer.ALL) | models.Q(tenants=tenant)).distinct()


class SecretColumns(models.Model):
    """The id exists before the first insert, for the secret is encrypted for this row alone."""

    unaudited_fields = frozenset(
        {
            "ends_with",
            "updated_at",
            "last_used_at",
            "last_checked_at",
            "last_check",
            "last_check_message",
        }
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ref = models.CharField(
        _("reference"),
        max_length=LONGEST_REF,
        validators=[check_ref],
        help_text=_("The name by which the configuration asks for it, never the secret itself."),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.GENERIC)
    label = models.CharField(_("label"), max_length=LONGEST_LABEL, blank=True)
    ciphertext = EncryptedField(_("secret"))
    ends_with = models.CharField(_("ends in"), max_length=4, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed on"), editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_checked_at = models.DateTimeField(_("last tested"), null=True, blank=True, editable=False)
    last_check = models.CharField(
        _("test"), max_length=10, choices=CheckResult, blank=True, editable=False
    )
    last_check_message = models.TextField(_("result of the test"), blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.ref} ({self.label})" if self.label else self.ref


class Credential(SecretColumns, TenantModel):
    objects: ClassVar[Any] = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ref"],
                name="tenants_credential_ref",
                violation_error_message=_("The company already has a secret of this reference."),
            ),
        ]


class InstallationCredential(SecretColumns, AuditedModel):
    """Used by the companies it is offered to, when they have no own one of this reference."""

    offer = models.CharField(_("offered to"), max_length=10, choices=Offer, default=Offer.CHOSEN)
    tenants = models.ManyToManyField(
        Tenant, verbose_name=_("chosen companies"), blank=True, related_name="+"
    )

    objects: ClassVar[Any] = InstallationCredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential of the installation")
        verbose_name_plural = _("credentials of the installation")
        constraints = [
            models.UniqueConstraint(
                fields=["ref"],
                name="tenants_installationcredential_ref",
                violation_error_message=_("There is already a secret of this reference."),
            ),
        ]


class CredentialAccessQuerySet(TenantQuerySet):
    def drop_older_than(self, when: datetime) -> int:
        """Record by record Django would load each of them first."""
        rows = self.filter(created_at__lt=when)
        dropped: int = rows._raw_delete(self.db)
        return dropped


class CredentialAccess(TenantModel):
    """One use of a secret: which one, by whom, through what, and what for."""

    is_audited = False

    ref = models.CharField(_("reference"), max_length=LONGEST_REF)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    source = models.CharField(_("which one"), max_length=12, choices=Source)
    actor = models.CharField(_("who"), max_length=400, blank=True)
    via = models.CharField(_("through"), max_length=100, blank=True)
    purpose = models.CharField(_("what for"), max_length=LONGEST_PURPOSE)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)

    objects: ClassVar[Any] = CredentialAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a credential")
        verbose_name_plural = _("uses of credentials")
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="tenants_credentialaccess_when"),
        ]

    def __str__(self) -> str:
        return f"{self.ref}: {self.purpose}"
