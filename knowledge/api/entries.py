"""Entries of each kind: listed, read, made, changed and deleted."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from knowledge import bulk
from knowledge.api.fields import choice
from knowledge.api.serializers import (
    ArticleInListSerializer,
    ArticleSerializer,
    BusinessRuleSerializer,
    FaqSerializer,
    ProductSerializer,
)
from knowledge.models import Article, BusinessRule, Faq, Origin, PieceState, Product
from knowledge.standing import standings_of
from tenants.api.base import OwnRows
from tenants.api.fields import refuse_unknown
from tenants.api.pagination import NewestFirst
from tenants.models.api_token import Scope


class LastMadeFirst(NewestFirst):
    ordering = ("-pk",)


class NarrowingSerializer(serializers.Serializer):
    external_id = serializers.CharField(
        max_length=200, required=False, help_text="The entry with this number alone."
    )
    state = choice(PieceState, required=False)


class Entries(OwnRows):
    """Mixed into a generic view of one kind."""

    scope = Scope.KNOWLEDGE_READ
    write_scope = Scope.KNOWLEDGE_WRITE

    def get_serializer(self, *args: Any, **options: Any) -> Any:
        if "data" in options:
            refuse_unknown(options["data"], self.get_serializer_class())  # type: ignore[attr-defined]
        return super().get_serializer(*args, **options)  # type: ignore[misc]

    def perform_create(self, serializer: Any) -> None:
        language = serializer.validated_data.get("language") or bulk.language_of(self.tenant)
        given = {"language": language, "origin": Origin.API}
        self._check(self.model(tenant=self.tenant, **given), serializer.validated_data)
        serializer.save(tenant=self.tenant, **given)


class EntryList(Entries, ListCreateAPIView):
    pagination_class = LastMadeFirst
    in_list: ClassVar[Any] = None

    def get_serializer_class(self) -> Any:
        is_list = self.in_list is not None and self.request.method == "GET"
        return self.in_list if is_list else super().get_serializer_class()

    def get_queryset(self) -> Any:
        """Texts that the list does not show are not read."""
        asked = NarrowingSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        rows = super().get_queryset().filter(**asked.validated_data)
        return rows.defer("body") if self.in_list is not None else rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        standings = standings_of(self.tenant.pk, self.model.kind, [row.pk for row in page])
        context = {**self.get_serializer_context(), "standings": standings}
        found = self.get_serializer_class()(page, many=True, context=context)
        return self.get_paginated_response(found.data)


class EntryDetail(Entries, RetrieveUpdateDestroyAPIView):
    pass


NARROWED = extend_schema_view(
    get=extend_schema(
        parameters=[
            OpenApiParameter("external_id", description="The entry with this number alone."),
            OpenApiParameter("state", enum=PieceState.values),
        ]
    )
)


@NARROWED
class BusinessRuleListView(EntryList):
    """Business rules, those made last first."""

    model = BusinessRule
    related = ("domain",)
    serializer_class = BusinessRuleSerializer


class BusinessRuleView(EntryDetail):
    """One business rule."""

    model = BusinessRule
    related = ("domain",)
    serializer_class = BusinessRuleSerializer


@NARROWED
class FaqListView(EntryList):
    """Questions and answers, those made last first."""

    model = Faq
    serializer_class = FaqSerializer


class FaqView(EntryDetail):
    """One question and its answer."""

    model = Faq
    serializer_class = FaqSerializer


@NARROWED
class ArticleListView(EntryList):
    """Articles and policies without their texts, those made last first."""

    model = Article
    serializer_class = ArticleSerializer
    in_list = ArticleInListSerializer


class ArticleView(EntryDetail):
    """One article or policy with its text."""

    model = Article
    serializer_class = ArticleSerializer


@NARROWED
class ProductListView(EntryList):
    """Products, those made last first."""

    model = Product
    serializer_class = ProductSerializer


class ProductView(EntryDetail):
    """One product."""

    model = Product
    serializer_class = ProductSerializer
