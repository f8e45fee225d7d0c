"""Audit entries in the reader's words."""

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import AuditEntry


def change_rows(entry: AuditEntry) -> list[dict[str, Any]]:
    """Field, old value, new value, in the reader's words."""
    model = model_of(entry)
    return [
        {"field": _field_name(model, name), "before": _in_words(before), "after": _in_words(after)}
        for name, (before, after) in entry.changes.items()
    ]


def model_of(entry: AuditEntry) -> type[models.Model] | None:
    try:
        return apps.get_model(entry.object_type)
    except (LookupError, ValueError):
        return None


def _field_name(model: type[models.Model] | None, name: str) -> Any:
    try:
        field: Any = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        field = None
    return getattr(field, "verbose_name", name)


def _in_words(value: Any) -> Any:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return value
