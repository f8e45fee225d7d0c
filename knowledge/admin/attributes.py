"""Attributes of a product as people write them: a name and a value on each line."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.admin.config_forms import DocumentFormField

LONGEST_NAME = 120


class AttributesField(DocumentFormField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 8}))
        options.setdefault(
            "help_text",
            gettext_lazy(
                "One on each line, a name and a value, for example “Material: oak”. A value with"
                " # or : stands in quotation marks."
            ),
        )
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        if not isinstance(found, dict):
            raise ValidationError(_("Write a name and a value on each line: “Material: oak”."))
        for name, each in found.items():
            _check(str(name), each)
        return found


def _check(name: str, value: Any) -> None:
    if len(name) > LONGEST_NAME:
        words = {"name": name[:40], "limit": LONGEST_NAME}
        raise ValidationError(_("“%(name)s…” is longer than %(limit)d characters.") % words)
    if value is None or value == "":
        message = _("“%(name)s” has no value. One with # or : stands in quotation marks.")
        raise ValidationError(message % {"name": name})
    values = value if isinstance(value, list) else [value]
    if any(isinstance(each, dict | list) for each in values):
        message = _("“%(name)s” has further names below it. Write each one on a line of its own.")
        raise ValidationError(message % {"name": name})
