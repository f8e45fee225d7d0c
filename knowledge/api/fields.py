"""Parts of the serializers of knowledge."""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.fields import DocumentSerializerField
from tenants.models import Domain

LONGEST_ATTRIBUTE_NAME = 120
MOST_NAMED = 20


def choice(kinds: type[TextChoices], **options: Any) -> serializers.ChoiceField:
    """Says what is allowed when something else comes."""
    allowed = format_lazy(gettext_lazy("Write one of: {kinds}."), kinds=", ".join(kinds.values))
    return serializers.ChoiceField(
        choices=kinds.choices, error_messages={"invalid_choice": allowed}, **options
    )


@extend_schema_field(OpenApiTypes.STR)
class DomainField(serializers.CharField):
    """The short name of a domain that the company may use; read once, however many rows come."""

    def to_internal_value(self, data: Any) -> Any:
        slug = super().to_internal_value(data)
        domain = self._offered.get(slug)
        if domain is None:
            names = ", ".join(sorted(self._offered)[:MOST_NAMED]) or "–"
            raise serializers.ValidationError(_("Write one of: %(names)s.") % {"names": names})
        return domain

    def to_representation(self, value: Any) -> str:
        return str(value.slug)

    @property
    def _offered(self) -> dict[str, Domain]:
        context: dict[str, Any] = self.context  # type: ignore[assignment]  # of the outermost one
        if "domains" not in context:
            rows = Domain.objects.visible_to(context["view"].access)
            context["domains"] = {row.slug: row for row in rows}
        found: dict[str, Domain] = context["domains"]
        return found


@extend_schema_field(OpenApiTypes.OBJECT)
class AttributesField(DocumentSerializerField):
    """Names with values as the company calls them: texts, numbers, or lists of these."""

    def to_internal_value(self, data: Any) -> Any:
        found: Mapping[Any, Any] = super().to_internal_value(data)
        problems = {
            str(name)[:LONGEST_ATTRIBUTE_NAME]: [problem]
            for name, value in found.items()
            if (problem := _problem(str(name), value))
        }
        if problems:
            raise serializers.ValidationError(problems)
        return found


def _problem(name: str, value: Any) -> str:
    if not name or len(name) > LONGEST_ATTRIBUTE_NAME:
        return _("A name has 1 to %(most)d characters.") % {"most": LONGEST_ATTRIBUTE_NAME}
    values = value if isinstance(value, list) else [value]
    if any(each is None or each == "" or isinstance(each, dict | list) for each in values):
        return _("Send a text, a number, or a list of these. Leave out what has no value.")
    return ""
