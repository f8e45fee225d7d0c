"""Many entries in one call, stored by the numbers they have where they come from."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import (
    OpenApiExample,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from knowledge import bulk
from knowledge.api.fields import choice
from knowledge.api.serializers import (
    ArticleSerializer,
    BusinessRuleSerializer,
    EntrySerializer,
    FaqSerializer,
    PassagesSerializer,
    ProductSerializer,
)
from knowledge.bulk import Fate, Problems, Stored
from knowledge.models import PIECES, Kind
from knowledge.standing import standing_of_many
from tenants.api.base import TenantView
from tenants.api.fields import refuse_unknown
from tenants.models.api_token import Scope

MOST_ROWS = 100
SERIALIZERS: Mapping[str, type[EntrySerializer]] = {
    Kind.RULE: BusinessRuleSerializer,
    Kind.FAQ: FaqSerializer,
    Kind.ARTICLE: ArticleSerializer,
    Kind.PRODUCT: ProductSerializer,
}


class TooManyRowsError(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("A call takes at most 100 rows. Send them in several calls.")


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="EntryOfAnyKind",
        serializers=list(SERIALIZERS.values()),
        resource_type_field_name=None,
    )
)
class RowField(serializers.Field):
    """Looked at one by one later, so that a bad row does not stop the others."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class VectorizeSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(
        choices=[(kind, Kind(kind).label) for kind in SERIALIZERS],
        error_messages={
            "invalid_choice": gettext_lazy("Write one of: rule, faq, article, product.")
        },
    )
    rows = serializers.ListField(
        child=RowField(allow_null=True),
        allow_empty=False,
        help_text="1 to 100 entries of this kind, each with an `external_id`.",
    )


class StoredSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Of the row in the call; from 0.")
    external_id = serializers.CharField()
    id = serializers.IntegerField(allow_null=True, help_text="Of the entry; null when refused.")
    result = serializers.ChoiceField(choices=[(fate.value, fate.value) for fate in Fate])
    fields = serializers.DictField(  # type: ignore[assignment]  # serializers have fields too
        required=False, help_text="Of a refused row: what is wrong with which field."
    )


class VectorizedSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    progress = serializers.CharField(help_text="Where to ask how far the index is with them.")
    results = StoredSerializer(many=True)


class ProgressQuerySerializer(serializers.Serializer):
    kind = choice(Kind, help_text="Of the entries.")
    ids = serializers.RegexField(
        r"^[0-9]{1,18}(,[0-9]{1,18}){0,99}\Z",
        error_messages={
            "invalid": gettext_lazy("Write 1 to 100 ids with commas between them: 12,15.")
        },
        help_text="1 to 100 ids of entries, with commas between them.",
    )


class ProgressSerializer(PassagesSerializer):
    is_complete = serializers.BooleanField(help_text="Everything of them is found.")
    last_error = serializers.CharField(help_text="Why the last try stopped; it is tried again.")


EXAMPLE = OpenApiExample(
    "Two questions and answers",
    {
        "kind": "faq",
        "rows": [
            {"external_id": "10", "question": "Vocês entregam?", "answer": "Sim, em 5 dias."},
            {"external_id": "11", "question": "Abrem no sábado?", "answer": "Até as 13h."},
        ],
    },
    request_only=True,
)


@dataclass(slots=True)
class _Looked:
    """A row after it was looked at by itself."""

    number: str
    values: dict[str, Any] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)


class VectorizeView(TenantView):
    """New entries are made, known ones changed, by `external_id`; sending again changes nothing.

    Fields of a known entry that are left out stay. A refused row does not stop the others.
    """

    scope = Scope.KNOWLEDGE_WRITE
    write_scope = Scope.KNOWLEDGE_WRITE

    @extend_schema(
        request=VectorizeSerializer, responses={202: VectorizedSerializer}, examples=[EXAMPLE]
    )
    def post(self, request: Request) -> Response:
        body: Any = request.data
        refuse_unknown(body, VectorizeSerializer)
        if isinstance(body.get("rows"), list) and len(body["rows"]) > MOST_ROWS:
            raise TooManyRowsError
        given = VectorizeSerializer(data=body)
        given.is_valid(raise_exception=True)
        kind = Kind(given.validated_data["kind"])
        looked = [self.look(kind, row) for row in given.validated_data["rows"]]
        good = [row.values for row in looked if not row.problems]
        stored = iter(bulk.upsert(self.tenant, PIECES[kind], good) if good else [])
        results = [
            Stored(Fate.REFUSED, problems=row.problems) if row.problems else next(stored)
            for row in looked
        ]
        return Response(_told(kind, looked, results), status=status.HTTP_202_ACCEPTED)

    def look(self, kind: Kind, row: Any) -> _Looked:
        if not isinstance(row, dict):
            return _Looked("", problems={"row": [_("Send an object here.")]})
        number = row.get("external_id")
        shown = _shown(number) if isinstance(number, str | int) else ""
        try:
            return _Looked(shown, values=self.values_of(kind, row))
        except ValidationError as error:
            return _Looked(shown, problems=error.detail)  # type: ignore[arg-type]  # by field

    def values_of(self, kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
        refuse_unknown(row, SERIALIZERS[kind])
        serializer = SERIALIZERS[kind](data=row, partial=True, context=self._context)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(serializer.validated_data)
        if not values.get("external_id"):
            raise ValidationError({"external_id": [_("Each row needs its own number.")]})
        return values

    @property
    def _context(self) -> dict[str, Any]:
        """Shared by all rows, for what is read once."""
        if not hasattr(self, "_shared"):
            self._shared: dict[str, Any] = {"view": self}
        return self._shared


class ProgressView(TenantView):
    """How many passages of some entries are found by now."""

    scope = Scope.KNOWLEDGE_READ

    @extend_schema(parameters=[ProgressQuerySerializer], responses=ProgressSerializer)
    def get(self, request: Request) -> Response:
        asked = ProgressQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        ids = [int(number) for number in asked.validated_data["ids"].split(",")]
        standing = standing_of_many(self.tenant, asked.validated_data["kind"], ids)
        return Response(
            {
                "ready": standing.ready,
                "total": standing.total,
                "is_complete": standing.is_complete,
                "last_error": standing.error,
            }
        )


def _told(kind: Kind, looked: Sequence[_Looked], stored: Sequence[Stored]) -> dict[str, Any]:
    counts = Counter(one.fate for one in stored)
    return {
        **{fate.value: counts[fate] for fate in Fate},
        "progress": _progress(kind, stored),
        "results": list(_results(looked, stored)),
    }


def _results(looked: Sequence[_Looked], stored: Sequence[Stored]) -> Iterator[dict[str, Any]]:
    for index, (row, one) in enumerate(zip(looked, stored, strict=True)):
        told = {
            "index": index,
            "external_id": row.number,
            "id": one.piece.pk if one.piece is not None else None,
            "result": one.fate.value,
        }
        yield {**told, "fields": one.problems} if one.problems else told


def _progress(kind: Kind, stored: Sequence[Stored]) -> str:
    """Nothing to ask for where nothing was stored."""
    ids = [str(one.piece.pk) for one in stored if one.piece is not None]
    if not ids:
        return ""
    query = QueryDict(mutable=True)
    query.update({"kind": kind.value, "ids": ",".join(ids)})
    return f"{reverse('api_knowledge_progress')}?{query.urlencode(safe=',')}"


def _shown(number: Any) -> str:
    """JSON may carry halves of characters, which no answer can."""
    return str(number)[:200].encode(errors="replace").decode()
