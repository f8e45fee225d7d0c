"""Whom a company asks for answers of language models, and with which key."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from integrations.addresses import check_url
from tenants.models import Credential, InstallationCredential
from tenants.models.credential import LONGEST_REF, CheckResult, check_ref
from tenants.models.credential import Kind as CredentialKind
from tenants.scoping import TenantModel, TenantQuerySet

OPENAI_ADDRESS = "https://api.openai.com/v1"
AZURE_API_VERSION = "2024-10-21"
KINDS_OF_KEYS = (CredentialKind.OPENAI, CredentialKind.MODEL_PROVIDER, CredentialKind.GENERIC)


class Kind(models.TextChoices):
    OPENAI = "openai", "OpenAI"
    AZURE = "azure", "Azure OpenAI"
    COMPATIBLE = "compatible", _("another service or server that speaks like OpenAI")


class ProviderQuerySet(TenantQuerySet):
    def note(self, **values: Any) -> int:
        """The result of a test is no change of the provider; the audit log hears nothing."""
        return models.QuerySet.update(self, **values)


class Provider(TenantModel):
    unaudited_fields = frozenset({"last_checked_at", "last_check", "last_check_message"})

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.OPENAI)
    base_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_("For example https://models.example.com/v1. Empty: OpenAI itself."),
    )
    api_version = models.CharField(
        _("version of the interface"),
        max_length=40,
        blank=True,
        help_text=format_lazy(_("For Azure only. Empty: {version}."), version=AZURE_API_VERSION),
    )
    credential_ref = models.CharField(
        _("credential"),
        max_length=LONGEST_REF,
        blank=True,
        validators=[check_ref],
        help_text=_("Reference of the key under Credentials. Empty: the server asks for no key."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    last_checked_at = models.DateTimeField(_("last tested"), null=True, blank=True, editable=False)
    last_check = models.CharField(
        _("test"), max_length=10, choices=CheckResult, blank=True, editable=False
    )
    last_check_message = models.TextField(_("result of the test"), blank=True, editable=False)

    objects: ClassVar[Any] = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("model provider")
        verbose_name_plural = _("model providers")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="integrations_provider_once_per_name",
                violation_error_message=_("The company already has a provider of this name."),
            ),
            models.CheckConstraint(
                name="integrations_provider_kind_is_known",
                condition=models.Q(kind__in=Kind.values),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_openai_itself(self) -> bool:
        return self.kind == Kind.OPENAI and not self.base_url

    @property
    def address(self) -> str:
        return self.base_url or OPENAI_ADDRESS

    def clean(self) -> None:
        super().clean()
        if self.base_url:
            _check_address(self.base_url)
        elif self.kind != Kind.OPENAI:
            raise ValidationError({"base_url": _("Write the address of the service.")})
        self._check_key()

    def _check_key(self) -> None:
        if self.tenant_id is None:
            return
        if not self.credential_ref:
            if self.kind != Kind.COMPATIBLE:
                raise ValidationError({"credential_ref": _("This service asks for a key.")})
            return
        kind = self._kind_of_key()
        if kind is None:
            message = _("There is no such credential. Store the key under Credentials first.")
            if not self.is_openai_itself:
                message = _(
                    "The company has no such credential. Keys of the installation are sent to"
                    " OpenAI's own address only; store the key under Credentials first."
                )
            raise ValidationError({"credential_ref": message})
        if kind not in KINDS_OF_KEYS:
            raise ValidationError({"credential_ref": _("This credential is for another system.")})

    def _kind_of_key(self) -> str | None:
        """Of the company's own key; an offered one counts for OpenAI itself only.

        Whoever may type an address could otherwise have the operator's key sent there.
        """
        own = Credential.objects.for_tenant(self.tenant).filter(ref=self.credential_ref)
        found: str | None = own.values_list("kind", flat=True).first()
        if found is None and self.is_openai_itself:
            offered = InstallationCredential.objects.offered_to(self.tenant)
            kinds = offered.filter(ref=self.credential_ref).values_list("kind", flat=True)
            found = kinds.first()
        return found


def _check_address(url: str) -> None:
    try:
        check_url(url)
    except ValidationError as error:
        raise ValidationError({"base_url": error.messages}) from error
    if "?" in url or "#" in url:
        raise ValidationError({"base_url": _("Leave “?” and “#” out of the address.")})
