"""The kinds as collections: how many entries each has, how far the index is, making one empty."""

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from knowledge import emptying, tasks
from knowledge.api.fields import choice
from knowledge.api.serializers import PassagesSerializer
from knowledge.models import PIECES, Index, Kind, Passage, PieceState
from knowledge.standing import READY
from tenants import audit
from tenants.api.base import TenantView
from tenants.models import Tenant
from tenants.models.api_token import Scope


class CollectionSerializer(serializers.Serializer):
    kind = choice(Kind)
    entries = serializers.IntegerField()
    published = serializers.IntegerField(help_text="Only these are found.")
    passages = PassagesSerializer()


class IndexSerializer(serializers.Serializer):
    exists = serializers.BooleanField()
    passages = PassagesSerializer()
    is_being_indexed = serializers.BooleanField()
    indexed_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(help_text="Why the last try stopped; empty when it did not.")
    retry_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried again.")


class CollectionsSerializer(serializers.Serializer):
    index = IndexSerializer()
    collections = CollectionSerializer(many=True)


class BegunSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    progress = serializers.CharField(help_text="Where to ask how far it is.")


CONFIRM = OpenApiParameter(
    "confirm",
    required=True,
    enum=[kind.value for kind in PIECES],
    description="The kind that is made empty, written out as a confirmation.",
)


class CollectionsView(TenantView):
    """A collection is all entries of a kind. All of them lie in one index."""

    scope = Scope.KNOWLEDGE_READ
    write_scope = Scope.KNOWLEDGE_WRITE

    @extend_schema(responses=CollectionsSerializer)
    def get(self, request: Request) -> Response:
        passages = _passages_by_kind(self.tenant)
        collections = [
            {**_entries(self.tenant, kind), "passages": passages.get(kind, NOTHING)}
            for kind in PIECES
        ]
        return Response({"index": _index(self.tenant, passages), "collections": collections})

    @extend_schema(request=None, responses={202: BegunSerializer})
    def post(self, request: Request) -> Response:
        """Makes sure that there is an index, and brings it to what the entries say."""
        Index.objects.get_or_create(tenant=self.tenant)
        tasks.sync_index.delay(tenant_id=self.tenant.pk)
        return _begun(_("The index is brought up to date."))

    @extend_schema(parameters=[CONFIRM], request=None, responses={202: BegunSerializer})
    def delete(self, request: Request) -> Response:
        """Deletes all entries of a kind that are there now, for good."""
        kind = request.query_params.get("confirm", "")
        if kind not in {known.value for known in PIECES}:
            allowed = ", ".join(PIECES)
            message = _(
                "Add ?confirm=KIND to say what is deleted for good. KIND is one of: %(all)s."
            )
            raise ValidationError({"confirm": [message % {"all": allowed}]})
        count, last_id = emptying.extent(self.tenant, Kind(kind))
        tasks.empty_kind.delay(
            tenant_id=self.tenant.pk, kind=kind, last_id=last_id, actor=audit.who()
        )
        return _begun(_("%(count)d entries are being deleted.") % {"count": count})


class IndexView(TenantView):
    """How far the index has what the entries say."""

    scope = Scope.KNOWLEDGE_READ

    @extend_schema(responses=IndexSerializer)
    def get(self, request: Request) -> Response:
        return Response(_index(self.tenant, _passages_by_kind(self.tenant)))


NOTHING = {"ready": 0, "total": 0}


def _begun(message: str) -> Response:
    body = {"success": True, "message": message, "progress": reverse("api_knowledge_collections")}
    return Response(body, status=status.HTTP_202_ACCEPTED)


def _entries(tenant: Tenant, kind: Kind) -> dict[str, Any]:
    published = Count("pk", filter=Q(state=PieceState.PUBLISHED))
    rows = PIECES[kind].objects.filter(tenant=tenant)
    return {"kind": kind.value, **rows.aggregate(entries=Count("pk"), published=published)}


def _passages_by_kind(tenant: Tenant) -> dict[str, dict[str, int]]:
    rows = Passage.objects.for_tenant(tenant).there().order_by().values("kind")
    counted = rows.annotate(ready=READY, total=Count("pk"))
    return {row["kind"]: {"ready": row["ready"], "total": row["total"]} for row in counted}


def _index(tenant: Tenant, passages: dict[str, dict[str, int]]) -> dict[str, Any]:
    index = Index.objects.filter(tenant=tenant).first()
    now = timezone.now()
    sums = {name: sum(each[name] for each in passages.values()) for name in NOTHING}
    return {
        "exists": index is not None and index.space_id is not None,
        "passages": sums,
        "is_being_indexed": bool(index and index.lease_until and index.lease_until > now),
        "indexed_at": index.indexed_at if index else None,
        "last_error": index.last_error if index else "",
        "retry_at": index.retry_at if index else None,
    }
