"""The base of every row that belongs to a tenant, and of every query for such rows."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
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
        if {"tenant", "tenant_id"} & changes.keys():
            raise ForeignTenantError(_("A row cannot move to another tenant."))
        changed = [f for f in owned_relations(self.model) if {f.name, f.attname} & changes.keys()]
        if not changed:
            return super().update(**changes)
        with transaction.atomic(using=self.db):
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**changes)
            self._refuse_foreign_rows(pks, changed)
        return count

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.refuse_foreign_rows()
        return super().bulk_create(rows, *args, **options)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], *args: Any, **options: Any
    ) -> int:
        rows = list(objs)
        for row in rows:
            row.refuse_foreign_rows()
        return super().bulk_update(rows, fields, *args, **options)

    def _refuse_foreign_rows(self, pks: list[Any], fields: list[models.ForeignKey]) -> None:
        """Asked after the statement, because a new value may be an expression."""
        rows = self.model._base_manager.using(self.db).filter(pk__in=pks)
        for field in fields:
            same_tenant = {f"{field.name}__tenant": models.F("tenant")}
            if rows.exclude(**{field.name: None}).exclude(**same_tenant).exists():
                raise ForeignTenantError({field.name: _("This entry does not exist.")})


class TenantModel(AuditedModel):
    """A row of one tenant. It can neither change its tenant nor point to another tenant's row."""

    _loaded_tenant_id: int | None = None

    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, verbose_name=_("company"))

    objects: ClassVar[Any] = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Self:
        row = super().from_db(*args, **options)
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
        if self._loaded_tenant_id not in (None, self.tenant_id):
            raise ForeignTenantError(_("A row cannot move to another tenant."))
        for field in owned_relations(type(self)):
            value = getattr(self, field.attname)
            if value is not None and self._owner_of_related(field) != self.tenant_id:
                raise ForeignTenantError({field.name: _("This entry does not exist.")})

    def _owner_of_related(self, field: models.ForeignKey) -> int | None:
        if field.is_cached(self):
            related: TenantModel = getattr(self, field.name)
            return related.tenant_id
        key = {field.target_field.name: getattr(self, field.attname)}
        rows = field.related_model._base_manager.filter(**key)
        return rows.values_list("tenant_id", flat=True).first()


def refuse_one_more(most: int | None, model: type[TenantModel], tenant: models.Model) -> None:
    """Hold a new row to the limit of the company's plan."""
    if most is not None and model.objects.for_tenant(tenant).count() >= most:
        message = _("The plan of this company allows %(most)d. Ask the platform admin for more.")
        raise ValidationError(message, code="limit", params={"most": most})


def owned_relations(model: type[models.Model]) -> list[models.ForeignKey]:
    """The foreign keys of a model that point to rows of a tenant."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
    ]
