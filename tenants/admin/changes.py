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
    rows = []
    for name, (before, after) in entry.changes.items():
        field = _field(model, name)
        label = getattr(field, "verbose_name", name)
        words = {"before": _in_words(field, before), "after": _in_words(field, after)}
        rows.append({"field": label, **words})
    return rows


def model_of(entry: AuditEntry) -> type[models.Model] | None:
    try:
        return apps.get_model(entry.object_type)
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _in_words(field: Any, value: Any) -> Any:
    labels = dict(getattr(field, "flatchoices", ()))
    if isinstance(value, str) and value in labels:
        return labels[value]
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return value
