"""The token itself, the team and the audit log."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import OwnRows, TenantView
from tenants.models import AuditEntry, Membership
from tenants.models.api_token import Scope


class AuditEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "created_at",
            "action",
            "actor_label",
            "object_type",
            "object_id",
            "object_label",
            "changes",
            "via",
            "address",
            "request_id",
        )
        read_only_fields = fields


class MemberSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="user.name", read_only=True)
    email = serializers.CharField(source="user.email", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "role", "created_at")
        read_only_fields = fields


class CompanySerializer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class TokenSerializer(serializers.Serializer):
    name = serializers.CharField()
    tenant = CompanySerializer()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class TokenView(TenantView):
    """Whose token this is and what it may do: the call to try first."""

    scope = ""

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request) -> Response:
        token: Any = request.auth
        tenant = {"slug": token.tenant.slug, "name": token.tenant.name}
        return Response(
            {
                "name": token.name,
                "tenant": tenant,
                "scopes": token.scopes,
                "expires_at": token.expires_at,
            }
        )


class AuditListView(OwnRows, ListAPIView):
    """Who did what in the company, newest first."""

    model = AuditEntry
    serializer_class = AuditEntrySerializer
    scope = Scope.AUDIT_READ


class AuditDetailView(OwnRows, RetrieveAPIView):
    """One entry of the audit log."""

    model = AuditEntry
    serializer_class = AuditEntrySerializer
    scope = Scope.AUDIT_READ


class TeamListView(OwnRows, ListAPIView):
    """The people of the company and their roles."""

    model = Membership
    related = ("user",)
    serializer_class = MemberSerializer
    scope = Scope.TEAM_READ


class TeamDetailView(OwnRows, RetrieveAPIView):
    """One person of the company; the id is that of the membership."""

    model = Membership
    related = ("user",)
    serializer_class = MemberSerializer
    scope = Scope.TEAM_READ
