"""Search for machines: what the page finds on which staff try it."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from knowledge import bulk, search, trying
from knowledge.api.fields import DomainField, choice
from knowledge.engines.failures import EngineError
from knowledge.judging import Verdict
from knowledge.models import Kind, Language
from knowledge.models.case import LONGEST_QUESTION
from knowledge.search import Wanted
from knowledge.trying import Trial
from tenants import configuration
from tenants.api.base import TenantView
from tenants.api.fields import refuse_unknown
from tenants.models import Tenant
from tenants.models.api_token import Scope

MOST_FOUND = 24  # so many are compared with the question
MOST_NAMES = 50


def _names() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        allow_empty=False,
        max_length=MOST_NAMES,
    )


def _price() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=12, decimal_places=2, required=False, min_value=Decimal(0)
    )


class SearchSerializer(serializers.Serializer):
    question = serializers.CharField(max_length=LONGEST_QUESTION)
    language = choice(Language, required=False, help_text="Of the question; else the company's.")
    kinds = serializers.ListField(
        child=choice(Kind), required=False, allow_empty=False, max_length=len(Kind)
    )
    languages = serializers.ListField(
        child=choice(Language), required=False, allow_empty=False, max_length=len(Language)
    )
    categories = _names()
    rule_types = _names()
    domain = DomainField(
        required=False, help_text="As in a conversation of this domain; else the company's own."
    )
    price_from = _price()
    price_to = _price()
    limit = serializers.IntegerField(min_value=1, max_value=MOST_FOUND, default=8)


class PlaceSerializer(serializers.Serializer):
    rank = serializers.IntegerField()
    score = serializers.FloatField(help_text="Comparable within one search in one way only.")


class PlacesSerializer(serializers.Serializer):
    """Of each way of searching that names the passage."""

    dense = PlaceSerializer(required=False, help_text="Meaning.")
    words = PlaceSerializer(required=False)
    chars = PlaceSerializer(required=False, help_text="Spelling.")
    cover = PlaceSerializer(required=False, help_text="How much of the question it covers.")


class FoundSerializer(serializers.Serializer):
    rank = serializers.IntegerField()
    kind = choice(Kind)
    id = serializers.IntegerField(help_text="Of the entry.")
    passage = serializers.IntegerField(help_text="Which of the entry's passages; from 0.")
    title = serializers.CharField()
    text = serializers.CharField()
    language = choice(Language)
    category = serializers.CharField()
    rule_type = serializers.CharField()
    price = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    score = serializers.FloatField()
    support = serializers.FloatField(help_text="The share of the question that it covers.")
    not_covered = serializers.ListField(child=serializers.CharField())
    places = PlacesSerializer()


class NotAskedSerializer(serializers.Serializer):
    leg = serializers.CharField()
    reason = serializers.CharField()


class SearchResultSerializer(serializers.Serializer):
    support = serializers.FloatField(help_text="That of the best passage.")
    support_needed = serializers.FloatField(help_text="What an answer of this company needs.")
    verdict = choice(Verdict, help_text="What would happen without a model.")
    not_covered = serializers.ListField(
        child=serializers.CharField(), help_text="Words that no passage covers."
    )
    not_asked = NotAskedSerializer(many=True, help_text="Ways that failed.")
    milliseconds = serializers.FloatField()
    results = FoundSerializer(many=True)


class EngineTroubleError(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE

    def __init__(self, error: EngineError) -> None:
        super().__init__(trying.explain(error))
        self.wait = error.retry_after


ASKED = OpenApiExample(
    "Products up to a price",
    {"question": "sofá azul de três lugares", "kinds": ["product"], "price_to": "3000.00"},
    request_only=True,
)


class SearchView(TenantView):
    """The passages that fit a question best, and whether it may be answered from them."""

    scope = Scope.KNOWLEDGE_READ
    write_scope = Scope.KNOWLEDGE_READ  # it changes nothing

    @extend_schema(request=SearchSerializer, responses=SearchResultSerializer, examples=[ASKED])
    def post(self, request: Request) -> Response:
        refuse_unknown(request.data, SearchSerializer)
        given = SearchSerializer(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        try:
            trial = trying.try_out(self.tenant, _wanted(self.tenant, given.validated_data))
        except EngineError as error:
            raise EngineTroubleError(error) from error
        return Response(SearchResultSerializer(_told(trial)).data)


def _wanted(tenant: Tenant, said: Any) -> Wanted:
    lists = ("kinds", "languages", "categories", "rule_types")
    narrower: dict[str, Any] = {name: tuple(said[name]) for name in lists if name in said}
    narrower |= {name: said[name] for name in ("price_from", "price_to") if name in said}
    domain = said.get("domain")
    return Wanted(
        text=said["question"],
        language=said.get("language") or bulk.language_of(tenant),
        domain=domain.slug if domain else configuration.effective(tenant.pk).domain,
        limit=said["limit"],
        **narrower,
    )


def _told(trial: Trial) -> dict[str, Any]:
    return {
        "support": round(trial.result.support, 4),
        "support_needed": trial.needed,
        "verdict": trial.judgement.verdict,
        "not_covered": trial.missing,
        "not_asked": [
            {"leg": leg, "reason": reason} for leg, reason in trial.result.missing.items()
        ],
        "milliseconds": round(trial.seconds * 1000, 1),
        "results": [_row(row) for row in trial.rows],
    }


def _row(row: trying.Row) -> dict[str, Any]:
    passage = row.found.passage
    names = ("kind", "title", "text", "language", "category", "rule_type", "price")
    places = {leg: row.found.places[leg] for leg in search.LEGS if leg in row.found.places}
    return {
        **{name: getattr(passage, name) for name in names},
        "rank": row.rank,
        "id": passage.piece_id,
        "passage": passage.number,
        "score": row.found.score,
        "support": round(row.found.support, 4),
        "not_covered": row.missing,
        "places": {leg: place._asdict() for leg, place in places.items()},
    }
