"""How the API's description shows the message of an ERP, whose view reads it by hand."""

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers

from tenants import credentials
from tenants.api.fields import DocumentSerializerField
from tenants.models.credential import LONGEST_LABEL, Kind

SECRET = {"type": "string", "minLength": 1, "maxLength": credentials.LONGEST_SECRET}
SECRET_WITH_DETAILS = {
    "type": "object",
    "properties": {
        "value": SECRET,
        "kind": {"type": "string", "enum": Kind.values},
        "label": {"type": "string", "maxLength": LONGEST_LABEL},
    },
    "required": ["value"],
    "additionalProperties": False,
}
SIGNATURE_HEADERS = [
    OpenApiParameter(
        "X-Timestamp",
        location=OpenApiParameter.HEADER,
        description="Seconds since 1970, in digits. Needed with `X-Signature`.",
    ),
    OpenApiParameter(
        "X-Signature",
        location=OpenApiParameter.HEADER,
        description="The HMAC-SHA256, in hex, of timestamp, a dot and the body. Needed when the "
        "company has a credential of the reference credential_sync_hmac.",
    ),
]


@extend_schema_field(
    {"type": "object", "additionalProperties": {"oneOf": [SECRET, SECRET_WITH_DETAILS]}}
)
class SecretsField(serializers.Field):
    pass


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class AccountField(serializers.Field):
    pass


class SyncMetadataSerializer(serializers.Serializer):
    account_id = AccountField(help_text="The company's short name; it must be the token's.")
    action = serializers.ChoiceField(choices=["sync_credentials"])
    source = serializers.CharField(  # type: ignore[assignment]  # fields have a source too
        required=False, help_text="Who sends; for the reader alone."
    )


class SyncParamsSerializer(serializers.Serializer):
    credentials = SecretsField(required=False, help_text="Reference and secret.")
    config = DocumentSerializerField(required=False, help_text="Configuration of the company.")


class SyncRequestSerializer(serializers.Serializer):
    metadata = SyncMetadataSerializer()
    params = SyncParamsSerializer()


class SyncResultSerializer(serializers.Serializer):
    new = serializers.ListField(child=serializers.CharField())
    changed = serializers.ListField(child=serializers.CharField())
    same = serializers.ListField(child=serializers.CharField())


class SyncAnswerSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    result = SyncResultSerializer()


described = extend_schema(
    parameters=SIGNATURE_HEADERS, request=SyncRequestSerializer, responses=SyncAnswerSerializer
)
