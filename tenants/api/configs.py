"""A company's configuration, its channels and its domain, for machines."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import configuration, resolution
from tenants.api.base import TenantView
from tenants.api.credentials import CredentialSerializer
from tenants.api.fields import DocumentSerializerField, refuse_unknown
from tenants.config import documents, layers, stamps, transfer
from tenants.config.config_files import Source
from tenants.models import (
    ChannelMapping,
    Configuration,
    Credential,
    Domain,
    Tenant,
)
from tenants.models.api_token import Scope

TYPES = ("config", "credentials")
MOST_CHANNELS = 1_000


class ConflictError(APIException):
    status_code = status.HTTP_409_CONFLICT


class ConfigurationSerializer(serializers.Serializer):
    tenant = serializers.CharField()
    domain = serializers.CharField()
    type = serializers.CharField()
    version = serializers.IntegerField(help_text="Grows with every change.")
    config = DocumentSerializerField(help_text="What the company says itself.")
    effective = DocumentSerializerField(help_text="What holds, its domains included.")


class ReferencesSerializer(serializers.Serializer):
    """Of the kind “credentials”."""

    tenant = serializers.CharField()
    domain = serializers.CharField()
    type = serializers.CharField()
    config = CredentialSerializer(many=True)


class ConfigurationChangeSerializer(serializers.Serializer):
    config = DocumentSerializerField()
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)
    version = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        required=False,
        help_text="The version this change was made from; refused when there is a newer one.",
    )


class ChannelSerializer(serializers.Serializer):
    installation = serializers.CharField(max_length=80, required=False, allow_blank=True)
    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    inbox = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, allow_null=True
    )
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    settings = DocumentSerializerField(required=False)


class MappingSerializer(serializers.Serializer):
    tenant = serializers.CharField(read_only=True)
    domain = serializers.CharField(read_only=True)
    channels = ChannelSerializer(many=True)

    def validate_channels(self, channels: list[Any]) -> list[Any]:
        if len(channels) > MOST_CHANNELS:
            message = _("At most %(most)d channels in one call.") % {"most": MOST_CHANNELS}
            raise ValidationError(message)
        return channels


class DomainChangeSerializer(serializers.Serializer):
    domain = serializers.CharField(max_length=60)


class SaidSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()


class VersionSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    version = serializers.IntegerField()


SHOWN = PolymorphicProxySerializer(
    component_name="ConfigurationOrReferences",
    serializers={"config": ConfigurationSerializer, "credentials": ReferencesSerializer},
    resource_type_field_name="type",
)
ADDRESS = [
    OpenApiParameter(
        "tenant", location=OpenApiParameter.PATH, description="The company's short name."
    ),
    OpenApiParameter(
        "domain",
        location=OpenApiParameter.PATH,
        description="Short name of the domain, or “-” for the one the company stands on.",
    ),
    OpenApiParameter("config_type", location=OpenApiParameter.PATH, enum=TYPES),
]
CHANGED = OpenApiExample(
    "One table is named",
    {"config": {"tables": {"products": "produtos"}}, "note": "From the ERP"},
    request_only=True,
)
ARRANGED = OpenApiExample(
    "Two inboxes of one account",
    {"channels": [{"account": 1, "inbox": 5, "name": "WhatsApp"}, {"account": 1, "inbox": 6}]},
    request_only=True,
)
CHOSEN = OpenApiExample("A domain", {"domain": "furniture"}, request_only=True)


@extend_schema(parameters=ADDRESS)
class ConfigurationView(TenantView):
    """The kind “credentials” names secrets and never shows them."""

    scope = Scope.CONFIG_READ
    write_scope = Scope.CONFIG_WRITE

    @extend_schema(responses=SHOWN)
    def get(self, request: Request, tenant: str, domain: str, config_type: str) -> Response:
        company = self.company(tenant, config_type)
        return Response(self.show(company, domain, config_type))

    @extend_schema(
        request=ConfigurationChangeSerializer, responses=ConfigurationSerializer, examples=[CHANGED]
    )
    def put(self, request: Request, tenant: str, domain: str, config_type: str) -> Response:
        """Sections that are left out are emptied; identity and channels stay unless told."""
        company = self.company(tenant, config_type)
        if config_type == "credentials":
            message = _("Store secrets one by one: PUT /api/v1/credentials/REFERENCE.")
            raise ValidationError({"config_type": [message]})
        own = self.check_domain(company, domain)
        given = ConfigurationChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.change(company, own, given.validated_data)
        return Response(self.show(company, domain, config_type))

    def company(self, slug: str, config_type: str) -> Tenant:
        """Another company does not exist."""
        tenant = self.access.tenant
        if tenant is None or slug != tenant.slug or config_type not in TYPES:
            raise Http404
        return tenant

    def check_domain(self, tenant: Tenant, name: str) -> str:
        """What is written belongs to the company, whose domain must be the one that is meant."""
        row = Configuration.objects.select_related("domain").get(tenant=tenant)
        own = row.domain.slug if row.domain else ""
        if name != (own or "-"):
            message = _("The company stands on the domain “%(own)s”. Write that one.")
            raise ValidationError({"domain": [message % {"own": own or "-"}]})
        return own

    def show(self, tenant: Tenant, domain: str, config_type: str) -> dict[str, Any]:
        about = {"tenant": tenant.slug, "domain": domain, "type": config_type}
        if config_type == "credentials":
            rows = Credential.objects.for_tenant(tenant).order_by("ref")
            return {**about, "config": CredentialSerializer(rows, many=True).data}
        own = layers.document_of_tenant(tenant)
        return {
            **about,
            "version": stamps.of_tenant(tenant.pk)[0],
            "config": own,
            "effective": documents.plain(self.effective(tenant, domain, own).values),
        }

    def effective(self, tenant: Tenant, domain: str, own: Any) -> configuration.Effective:
        if domain in ("-", own.get("domain")):
            return configuration.effective(tenant.pk)
        if not Domain.objects.visible_to(self.access).filter(slug=domain).exists():
            raise Http404
        return configuration.effective(tenant.pk, domain=domain)

    @transaction.atomic
    def change(self, tenant: Tenant, domain: str, values: Any) -> None:
        configuration.hold(tenant.slug)
        row = Configuration.objects.get(tenant=tenant)
        if values.get("version", row.version) != row.version:
            message = _(
                "The configuration was changed meanwhile: version %(number)d. Read it again."
            )
            raise ConflictError(message % {"number": row.version})
        emptied = dict.fromkeys(layers.layer_of(layers.document_of_tenant(tenant)))
        document = {**emptied, **values["config"]}
        plan = transfer.plan([source_of(document)], tenant=tenant)
        if plan.troubles:
            raise ValidationError({"config": fields_of(plan.troubles)})
        transfer.carry_out(plan, note=values.get("note", ""))


class MappingView(TenantView):
    """Which accounts and inboxes are the company's."""

    scope = Scope.CONFIG_READ
    write_scope = Scope.CONFIG_WRITE

    @extend_schema(responses=MappingSerializer)
    def get(self, request: Request) -> Response:
        return Response(self.show())

    @extend_schema(request=MappingSerializer, responses=MappingSerializer, examples=[ARRANGED])
    def put(self, request: Request) -> Response:
        """Inboxes of the company's accounts are added, changed and, when left out, removed."""
        given = MappingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.change([dict(channel) for channel in given.validated_data["channels"]])
        return Response(self.show())

    def show(self) -> dict[str, Any]:
        document = layers.document_of_tenant(self.tenant)
        return {
            "tenant": self.tenant.slug,
            "domain": document.get("domain", ""),
            "channels": document.get("channels", []),
        }

    @transaction.atomic
    def change(self, channels: list[dict[str, Any]]) -> None:
        with configuration.changing():
            configuration.hold(self.tenant.slug)
            self.remove_others(channels)
            plan = transfer.plan([source_of({"channels": channels})], tenant=self.tenant)
            if plan.troubles:
                raise ValidationError({"channels": fields_of(plan.troubles)})
            transfer.carry_out(plan)

    def remove_others(self, channels: list[dict[str, Any]]) -> None:
        """Accounts stay: only the platform gives and takes them."""
        told = {self.key_of(channel) for channel in channels}
        for row in ChannelMapping.objects.for_tenant(self.tenant).exclude(inbox_id=None):
            if (row.installation_id, row.account_id, row.inbox_id) not in told:
                row.delete()

    def key_of(self, channel: dict[str, Any]) -> tuple[Any, int, Any]:
        installation = resolution.find_installation(channel.get("installation") or "")
        pk = installation.pk if installation else None
        return pk, channel["account"], channel.get("inbox")


class DomainView(TenantView):
    """Another domain for tests, outside production."""

    scope = Scope.CONFIG_READ
    write_scope = Scope.CONFIG_WRITE

    @extend_schema(request=DomainChangeSerializer, responses=SaidSerializer, examples=[CHOSEN])
    def post(self, request: Request) -> Response:
        refuse_unknown(request.data, DomainChangeSerializer)
        given = DomainChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["domain"]
        if not settings.DEV_MODE:
            message = _("A domain for tests is chosen outside production only (DEV_MODE=true).")
            raise ValidationError({"domain": [message]})
        row = Configuration.objects.get(tenant=self.tenant)
        row.test_domain = self.domain_named(name)
        row.save()
        message = _("The domain for tests is now %(name)s.") % {"name": name}
        return Response({"success": True, "message": message})

    def domain_named(self, name: str) -> Domain:
        domain = Domain.objects.visible_to(self.access).filter(slug=name).first()
        if domain is None:
            raise ValidationError({"domain": [str(configuration.UnknownDomainError(name))]})
        found: Domain = domain
        return found


class ConfigChangedView(TenantView):
    """Told by systems that changed configuration around us: every process reads it anew."""

    scope = Scope.CONFIG_WRITE
    write_scope = Scope.CONFIG_WRITE

    @extend_schema(request=None, responses=VersionSerializer)
    def post(self, request: Request) -> Response:
        configuration.note_change(tenant_id=self.tenant.pk)
        return Response({"success": True, "version": stamps.of_tenant(self.tenant.pk)[0]})


def source_of(document: dict[str, Any]) -> Source:
    try:
        text = documents.write(document).encode()
    except documents.DocumentError as error:
        raise ValidationError({documents.shown(error.path): [error.message]}) from error
    return Source("config", lambda: text)


def fields_of(troubles: list[transfer.Remark]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for trouble in troubles:
        fields.setdefault(trouble.path or "config", []).append(trouble.message)
    return fields
