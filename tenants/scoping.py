"""The base of every row that belongs to a tenant, and of every query for such rows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import AuditedModel, AuditedQuerySet


class ForeignTenantError(ValidationError):
    """A row was about to point to a row of another tenant, or to change its tenant."""


class TenantQuerySet(AuditedQuerySet):
    def for_tenant(self, tenant: models.Model) -> Self:
        return self.filter(tenant=tenant)

    def visible_to(self, access: Access) -> Self:
        """The rows a person reaches; what they may do with them is for `Access.may`."""
        if access.tenant is not None:
            return self.filter(tenant=access.tenant)
        return self.all() if access.reaches_everything else self.none()

    def update(self, **changes: Any) -> int:
        self._refuse_foreign_values(changes)
        return super().update(**changes)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.refuse_foreign_rows()
        return super().bulk_create(rows, *args, **options)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], **options: Any) -> int:
        rows = list(objs)
        for row in rows:
            row.refuse_foreign_rows()
        return super().bulk_update(rows, fields, **options)

    def _refuse_foreign_values(self, changes: Mapping[str, Any]) -> None:
        if {"tenant", "tenant_id"} & changes.keys():
            raise ForeignTenantError(_("A row cannot move to another tenant."))
        owned = {field.name: field for field in owned_relations(self.model)}
        for name, value in changes.items():
            field = owned.get(name.removesuffix("_id"))
            if field is None or value is None:
                continue
            owner = owner_of(field, value)
            if self.exclude(tenant_id=owner).exists():
                raise ForeignTenantError({field.name: _("This entry does not exist.")})


class TenantModel(AuditedModel):
    """A row of one tenant. It can neither change its tenant nor point to another tenant's row."""

    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, verbose_name=_("company"))

    objects: ClassVar[Any] = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:
        row = super().from_db(db, field_names, values)
        row._loaded_tenant_id = row.__dict__.get("tenant_id")
        return row

    def clean(self) -> None:
        super().clean()
        self.refuse_foreign_rows()

    def save(self, *args: Any, **options: Any) -> None:
        self.refuse_foreign_rows()
        super().save(*args, **options)

    def refuse_foreign_rows(self) -> None:
        if self.tenant_id is None:
            return
        loaded = getattr(self, "_loaded_tenant_id", None)
        if loaded not in (None, self.tenant_id):
            raise ForeignTenantError(_("A row cannot move to another tenant."))
        for field in owned_relations(type(self)):
            value = getattr(self, field.attname)
            if value is not None and self._owner_of_related(field) != self.tenant_id:
                raise ForeignTenantError({field.name: _("This entry does not exist.")})

    def _owner_of_related(self, field: models.ForeignKey) -> int | None:
        if field.is_cached(self):
            return getattr(self, field.name).tenant_id
        return owner_of(field, getattr(self, field.attname))


def owned_relations(model: type[models.Model]) -> list[models.ForeignKey]:
    """The foreign keys of a model that point to rows of a tenant."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
    ]


def owner_of(field: models.ForeignKey, value: Any) -> int | None:
    """Tenant of the row that a foreign key's value names; None when there is no such row."""
    if isinstance(value, models.Model):
        return getattr(value, "tenant_id", None)
    rows = field.related_model._base_manager.filter(**{field.target_field.name: value})
    return rows.values_list("tenant_id", flat=True).first()
