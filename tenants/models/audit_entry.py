"""What was changed, by whom, from where. Entries are added and never touched again."""

from typing import Any, ClassVar, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import Action


class AppendOnlyError(TypeError):
    """The audit log was about to be rewritten."""

    def __init__(self) -> None:
        super().__init__("Audit entries can be added, not changed or deleted.")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, access: Access) -> Self:
        if access.tenant is not None:
            return self.filter(tenant=access.tenant)
        return self.all() if access.reaches_everything else self.none()

    def about(self, row: models.Model) -> Self:
        return self.filter(object_type=row._meta.label_lower, object_id=str(row.pk))

    def update(self, **changes: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError


class AuditEntry(models.Model):
    """Tenant and actor are kept by number: an entry outlives the rows it speaks of.

    The tenant is empty for what concerns the platform. Triggers in the database refuse changes
    that come past these classes.
    """

    created_at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        models.DO_NOTHING,
        verbose_name=_("company"),
        null=True,
        db_constraint=False,
        related_name="+",
    )
    actor = models.ForeignKey(
        "tenants.User",
        models.DO_NOTHING,
        verbose_name=_("person"),
        null=True,
        db_constraint=False,
        related_name="+",
    )
    actor_label = models.CharField(_("who"), max_length=400, blank=True)
    via = models.CharField(_("through"), max_length=100, blank=True)
    address = models.CharField(_("address"), max_length=60, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=40, choices=Action)
    object_type = models.CharField(_("kind"), max_length=100, blank=True)
    object_id = models.CharField(_("id"), max_length=64, blank=True)
    object_label = models.CharField(_("what"), max_length=200, blank=True)
    changes = models.JSONField(_("changes"), default=dict)

    objects: ClassVar[Any] = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="tenants_auditentry_by_tenant"),
            models.Index(fields=["object_type", "object_id"], name="tenants_auditentry_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.object_label}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnlyError
