"""Where vectors lie, and how far the index of each company is."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.audit import AuditedModel
from tenants.scoping import TenantModel


class Space(AuditedModel):
    """Passages whose vectors may be compared: one model, one dimension; or none at all.

    All companies of a space lie in one collection, named by an alias of the engine. While a new
    collection is built, changes are written to both.
    """

    is_audited: ClassVar[bool] = False

    key = models.CharField(_("name"), max_length=100, unique=True)
    dimension = models.PositiveIntegerField(_("numbers per vector"), null=True)
    collection = models.CharField(_("collection"), max_length=120)
    building = models.CharField(_("being built"), max_length=120, blank=True)
    switched_at = models.DateTimeField(_("since"), null=True)

    class Meta:
        verbose_name = _("search space")
        verbose_name_plural = _("search spaces")

    def __str__(self) -> str:
        return self.key


class Index(TenantModel):
    """How far the index of a company is. `version` changes with whatever a search may find.

    Whoever indexes holds the lease.
    """

    is_audited: ClassVar[bool] = False

    space = models.ForeignKey(Space, models.PROTECT, null=True, verbose_name=_("search space"))
    version = models.PositiveBigIntegerField(default=1)
    lease_until = models.DateTimeField(null=True)
    indexed_at = models.DateTimeField(_("last indexed"), null=True)
    support_needed = models.PositiveSmallIntegerField(_("support needed (percent)"), default=53)
    checked_at = models.DateTimeField(_("last compared"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("index")
        verbose_name_plural = _("indexes")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["tenant"], name="knowledge_index_tenant")
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.tenant_id}"
