"""The keys that encrypt secrets, each wrapped by a master key of the environment."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.audit import AuditedModel
from tenants.fields import SecretBytesField
from tenants.scoping import TenantModel


class KeyColumns(models.Model):
    """The newest key that is not retired encrypts; retired ones only decrypt."""

    number = models.PositiveIntegerField(_("number"))
    wrapped = SecretBytesField(_("wrapped key"))
    master_id = models.CharField(_("master key"), max_length=40)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.number}"


class DataKey(KeyColumns, TenantModel):
    """Encrypts the secrets of one company. Without it they are gone, in backups too."""

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="tenants_datakey_number"),
        ]


class InstallationKey(KeyColumns, AuditedModel):
    """Encrypts the installation's own secrets, and shows at start-up that MASTER_KEYS is right."""

    class Meta:
        verbose_name = _("installation key")
        verbose_name_plural = _("installation keys")
        constraints = [
            models.UniqueConstraint(fields=["number"], name="tenants_installationkey_number"),
        ]
