"""The company's credentials: which there are, storing one, reading one if the operator allows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import audit, credentials
from tenants.api.base import OwnRows, TenantView
from tenants.audit import Action
from tenants.credentials import (
    CredentialError,
    Outcome,
    Secret,
    UnknownCredentialError,
)
from tenants.models import Credential
from tenants.models.api_token import Scope
from tenants.models.credential import LONGEST_LABEL, LONGEST_REF, CheckResult, Kind

# The usual words repeat what was sent, and that may be the secret in the wrong place.
WRONG_KIND = format_lazy(_("Write one of: {kinds}."), kinds=", ".join(Kind.values))


REF = OpenApiParameter(
    "ref",
    location=OpenApiParameter.PATH,
    pattern=rf"^[A-Za-z0-9][A-Za-z0-9._:-]{{0,{LONGEST_REF - 1}}}$",
    description="The reference; “sync” is taken.",
)
STORED = OpenApiExample(
    "A key of Odoo", {"secret": "…", "kind": "odoo", "label": "Odoo"}, request_only=True
)


class UnreadableError(APIException):
    status_code = status.HTTP_409_CONFLICT


class CredentialSerializer(serializers.ModelSerializer):
    last_check = serializers.ChoiceField(
        choices=CheckResult.choices, allow_blank=True, read_only=True
    )

    class Meta:
        model = Credential
        fields = (
            "ref",
            "kind",
            "label",
            "ends_with",
            "created_at",
            "updated_at",
            "last_used_at",
            "last_checked_at",
            "last_check",
            "last_check_message",
        )
        read_only_fields = fields


class StoreSerializer(serializers.Serializer):
    """What may be written; kind and label that are left out stay as they are."""

    secret = serializers.CharField(
        max_length=credentials.LONGEST_SECRET, trim_whitespace=False, write_only=True
    )
    kind = serializers.ChoiceField(
        choices=Kind.choices, required=False, error_messages={"invalid_choice": WRONG_KIND}
    )
    label = serializers.CharField(  # type: ignore[assignment]  # fields have a label too
        max_length=LONGEST_LABEL, required=False, allow_blank=True
    )


class SecretSerializer(serializers.Serializer):
    ref = serializers.CharField()
    secret = serializers.CharField()


@dataclass(frozen=True, slots=True)
class Values:
    """What is to be stored, after it was looked at."""

    secret: Secret
    kind: str
    label: str


class CredentialListView(OwnRows, ListAPIView):
    """Which credentials the company has, without the secrets."""

    model = Credential
    serializer_class = CredentialSerializer
    scope = Scope.CREDENTIALS_READ


@extend_schema(parameters=[REF])
class CredentialView(TenantView):
    """One credential, without the secret."""

    scope = Scope.CREDENTIALS_READ
    write_scope = Scope.CREDENTIALS_WRITE

    @extend_schema(responses=CredentialSerializer)
    def get(self, request: Request, ref: str) -> Response:
        rows = Credential.objects.visible_to(self.access)
        return Response(CredentialSerializer(rows.filter(ref=ref).first() or _missing()).data)

    @extend_schema(
        request=StoreSerializer,
        responses={200: CredentialSerializer, 201: CredentialSerializer},
        examples=[STORED],
    )
    def put(self, request: Request, ref: str) -> Response:
        """A new one is made, the secret of a known one replaced."""
        given = StoreSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row, outcome = store(self.access.tenant, ref, values_of(given))
        code = status.HTTP_201_CREATED if outcome == Outcome.NEW else status.HTTP_200_OK
        return Response(CredentialSerializer(row).data, status=code)


@extend_schema(parameters=[REF])
class SecretView(TenantView):
    """Does not exist unless the operator says CREDENTIAL_API=true. Never the operator's secrets."""

    scope = Scope.CREDENTIALS_REVEAL

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not settings.CREDENTIAL_API:
            raise Http404
        super().initial(request, *args, **kwargs)

    @extend_schema(responses=SecretSerializer)
    def get(self, request: Request, ref: str) -> Response:
        tenant: Any = self.access.tenant
        row = Credential.objects.for_tenant(tenant).filter(ref=ref).first() or _missing()
        try:
            secret = credentials.reveal_own(tenant, ref, purpose="API")
        except UnknownCredentialError as error:
            raise Http404 from error
        except CredentialError as error:
            raise UnreadableError(str(error)) from error
        audit.record(Action.REVEALED, row)
        return Response(
            {"ref": row.ref, "secret": secret.text}, headers={"Cache-Control": "no-store"}
        )


def values_of(given: StoreSerializer) -> Values:
    found = given.validated_data
    return Values(Secret(found["secret"]), found.get("kind", ""), found.get("label", ""))


def store(tenant: Any, ref: str, values: Values) -> tuple[Credential, Outcome]:
    """Refuses like a serializer, with the fields."""
    try:
        return credentials.merge(tenant, ref, values.secret, kind=values.kind, label=values.label)
    except ModelValidationError as error:
        raise ValidationError(error.message_dict) from error
    except CredentialError as error:
        raise UnreadableError(str(error)) from error


def _missing() -> Any:
    raise Http404(_("There is no such credential."))
