"""Parts of serializers that several views share."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.config import documents

LONGEST_SHOWN = 100


@extend_schema_field(OpenApiTypes.OBJECT)
class DocumentSerializerField(serializers.Field):
    """A configuration document: plain values, held to the limits that files have."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(_("Send an object here."))
        try:
            documents.check(data)
        except documents.DocumentError as error:
            raise serializers.ValidationError(
                {documents.shown(error.path): error.message}
            ) from error
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


def refuse_unknown(data: Any, serializer: type[serializers.Serializer]) -> None:
    """A field that would be ignored may have been meant."""
    unknown = set(data) - set(serializer().fields) if isinstance(data, Mapping) else set()
    if unknown:
        raise serializers.ValidationError(
            {_shown(name): [_("There is no such field.")] for name in sorted(unknown, key=str)}
        )


def _shown(name: Any) -> str:
    """JSON may carry halves of characters, which no answer can."""
    return str(name)[:LONGEST_SHOWN].encode(errors="replace").decode()
