"""Every change of a configured row becomes an audit entry, whichever door it came through.

Rows of models based on `AuditedModel` are watched from the model's first migration on: saves and
deletions by signal, bulk statements by their queryset. Values of secret fields never get here.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tenants import context

Changes = dict[str, list[Any]]


class Action(models.TextChoices):
    CREATED = "created", _("created")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    SIGNED_IN = "signed in", _("signed in")
    SIGNED_OUT = "signed out", _("signed out")
    SIGN_IN_FAILED = "sign-in failed", _("sign-in failed")
    LOCKED_OUT = "locked out", _("locked out")
    SECOND_FACTOR_ON = "second factor on", _("second factor switched on")
    SECOND_FACTOR_OFF = "second factor off", _("second factor switched off")
    SECOND_FACTOR_FAILED = "second factor failed", _("wrong second factor")
    RECOVERY_CODE_USED = "recovery code used", _("recovery code used")
    EXPORTED = "exported", _("exported")
    REVEALED = "revealed", _("secret handed out")
    SECRETS_ERASED = "secrets erased", _("secrets erased")
    PASSWORD_LINK_MADE = "password link made", _("password link made")


SECRET_WORDS = ("password", "secret", "token", "key", "hash", "digest")
HIDDEN = "•••"
LONGEST_VALUE = 2_000
LONGEST_DOCUMENT = 20_000  # versions of configuration keep the whole

# Rows of other packages that matter as much as our own. `last_t` and the like change at each use.
FOREIGN_MODELS: Mapping[str, frozenset[str]] = {
    "otp_totp.TOTPDevice": frozenset({"user", "name", "confirmed", "key"}),
    "otp_static.StaticDevice": frozenset({"user", "name", "confirmed"}),
}


class AuditedQuerySet(models.QuerySet[Any]):
    """Records what bulk statements change, for they send no signals (`bulk_update` updates)."""

    def update(self, **changes: Any) -> int:
        if not self.model.is_audited:
            return super().update(**changes)
        with transaction.atomic(using=self.db):
            before = {row.pk: snapshot(row) for row in self.all().select_for_update()}
            count = super().update(**changes)
            for row in self.model._base_manager.using(self.db).filter(pk__in=before):
                record_change(row, before[row.pk])
        return count

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        if self.model.is_audited and {"ignore_conflicts", "update_conflicts"} & options.keys():
            raise TypeError("Which rows such a statement writes is unknown; save them one by one.")
        with transaction.atomic(using=self.db):
            rows = super().bulk_create(objs, *args, **options)
            if self.model.is_audited:
                for row in rows:
                    record(Action.CREATED, row, changes=difference({}, snapshot(row)))
        return rows


class AuditedModel(models.Model):
    """A row whose changes are recorded; rows that are a record themselves say `is_audited` no."""

    is_audited: ClassVar[bool] = True
    unaudited_fields: ClassVar[frozenset[str]] = frozenset()

    objects: ClassVar[Any] = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def audited_field_names(cls) -> frozenset[str]:
        names = {field.name for field in cls._meta.concrete_fields if not field.primary_key}
        return frozenset(names) - cls.unaudited_fields

    def save(self, *args: Any, **options: Any) -> None:
        with transaction.atomic(using=options.get("using")):
            super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=options.get("using")):
            return super().delete(*args, **options)


def record(
    action: Action,
    row: models.Model | None = None,
    *,
    changes: Changes | None = None,
    label: str = "",
    tenant: models.Model | None = None,
    user: models.Model | None = None,
) -> None:
    """Append one entry. Who did it, from where and through what comes from the context."""
    now = context.current()
    actor = user or now.user
    tenant_id = tenant.pk if tenant else tenant_id_of(row)
    apps.get_model("tenants", "AuditEntry")(
        action=action,
        tenant_id=tenant_id,
        actor_id=actor.pk if actor else None,
        actor_label=name_of(actor) if actor else now.actor,
        via=now.via,
        address=now.address,
        request_id=now.request_id,
        object_type=row._meta.label_lower if row else "",
        object_id=str(row.pk) if row else "",
        object_label=(label or (str(row) if row else ""))[:200],
        changes=changes or {},
    ).save()


def who() -> str:
    """The name under which the present actor is written down."""
    now = context.current()
    return name_of(now.user) if now.user else now.actor


def name_of(actor: Any) -> str:
    """With the e-mail, for a person may choose any name."""
    return f"{actor.name} <{actor.email}>" if actor.name else str(actor.email)


def record_change(row: models.Model, before: Mapping[str, Any]) -> None:
    changes = difference(before, snapshot(row))
    if changes:
        record(Action.CHANGED, row, changes=changes)


def is_watched(model: type[models.Model]) -> bool:
    if issubclass(model, AuditedModel):
        return model.is_audited
    return model._meta.label in FOREIGN_MODELS


def watched_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if is_watched(model)]


def snapshot(row: models.Model) -> dict[str, Any]:
    """The recorded fields of a row as plain values; secrets as a fingerprint that never leaves."""
    return {field.name: _plain(field, row) for field in _recorded_fields(type(row))}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: [_shown(before.get(name)), _shown(after.get(name))] for name in changed}


def tenant_id_of(row: models.Model | None) -> Any:
    if row is None:
        return None
    if row._meta.label == "tenants.Tenant":
        return row.pk
    return getattr(row, "tenant_id", None)


class _Secret(str):
    """A value that may be compared but not shown."""

    __slots__ = ()


def _recorded_fields(model: type[models.Model]) -> list[models.Field]:
    if issubclass(model, AuditedModel):
        names = model.audited_field_names()
    else:
        names = FOREIGN_MODELS[model._meta.label]
    return [field for field in model._meta.concrete_fields if field.name in names]


def _plain(field: models.Field, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    if is_secret(field):
        return _Secret(value) if value else ""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, default=str))


def is_secret(field: models.Field) -> bool:
    """Fields may say `is_secret`; texts that do not are judged by name, on the safe side."""
    declared = getattr(field, "is_secret", None)
    if declared is not None:
        return bool(declared)
    is_text = isinstance(field, models.CharField | models.TextField | models.BinaryField)
    return is_text and any(word in field.name.lower() for word in SECRET_WORDS)


def _shown(value: Any) -> Any:
    if isinstance(value, _Secret):
        return HIDDEN
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:LONGEST_VALUE]}… ({len(value)})"
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False)
        return value if len(text) <= LONGEST_DOCUMENT else _shown(text)
    return value
