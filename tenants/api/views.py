"""The token itself, the team and the audit log."""

from typing import Any

from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import OwnRows, TenantView
from tenants.models import AuditEntry, Membership
from tenants.models.api_token import Scope


class AuditEntrySerializer(serializers.ModelSerializer):  # type: ignore[type-arg]  # AuditEntry
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


class MemberSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]  # Membership
    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email")

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "role", "created_at")


class TokenView(TenantView):
    """Whose token this is and what it may do: the call to try first."""

    scope = ""

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


class AuditRows(OwnRows):
    model = AuditEntry
    serializer_class = AuditEntrySerializer
    scope = Scope.AUDIT_READ


class AuditListView(AuditRows, ListAPIView):  # type: ignore[type-arg]  # AuditEntry
    pass


class AuditDetailView(AuditRows, RetrieveAPIView):  # type: ignore[type-arg]  # AuditEntry
    pass


class TeamRows(OwnRows):
    model = Membership
    serializer_class = MemberSerializer
    scope = Scope.TEAM_READ

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("user")


class TeamListView(TeamRows, ListAPIView):  # type: ignore[type-arg]  # Membership
    pass


class TeamDetailView(TeamRows, RetrieveAPIView):  # type: ignore[type-arg]  # Membership
    pass
