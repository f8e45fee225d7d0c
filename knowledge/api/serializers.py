"""Entries as machines read and write them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from knowledge.api.fields import AttributesField, DomainField, choice
from knowledge.models import (
    Article,
    ArticleType,
    BusinessRule,
    Faq,
    Language,
    Piece,
    PieceState,
    Product,
)
from knowledge.standing import Standing, standings_of

BEFORE = ("id", "external_id")
AFTER = (
    "state",
    "language",
    "origin",
    "source",
    "used_times",
    "used_at",
    "created_at",
    "changed_at",
    "passages",
)
READ_ONLY = ("origin", "source", "used_times", "used_at", "created_at", "changed_at")


class PassagesSerializer(serializers.Serializer):
    ready = serializers.IntegerField(help_text="Passages that searches find.")
    total = serializers.IntegerField(help_text="Passages that were made of it.")


class EntrySerializer(serializers.ModelSerializer):
    state = choice(PieceState, required=False)
    language = choice(
        Language, required=False, help_text="That of the company, unless a new entry says it."
    )
    passages = serializers.SerializerMethodField()

    @extend_schema_field(PassagesSerializer)
    def get_passages(self, piece: Piece) -> Any:
        known: dict[int, Standing] | None = self.context.get("standings")
        if known is None:
            known = standings_of(piece.tenant_id, piece.kind, [piece.pk])
        return PassagesSerializer(known[piece.pk]).data


class BusinessRuleSerializer(EntrySerializer):
    domain = DomainField(
        required=False,
        allow_null=True,
        help_text="Only for conversations of this domain; null: for all.",
    )

    class Meta:
        model = BusinessRule
        fields = (
            *BEFORE,
            "title",
            "rule_type",
            "description",
            "details",
            "priority",
            "domain",
            "valid_from",
            "valid_until",
            *AFTER,
        )
        read_only_fields = READ_ONLY


class FaqSerializer(EntrySerializer):
    class Meta:
        model = Faq
        fields = (*BEFORE, "question", "answer", "category", *AFTER)
        read_only_fields = READ_ONLY


class ArticleSerializer(EntrySerializer):
    article_type = choice(ArticleType, required=False)

    class Meta:
        model = Article
        fields: tuple[str, ...] = (*BEFORE, "title", "article_type", "category", "body", *AFTER)
        read_only_fields = READ_ONLY


class ArticleInListSerializer(ArticleSerializer):
    """Without the text, which may be a book."""

    class Meta(ArticleSerializer.Meta):
        fields = (*BEFORE, "title", "article_type", "category", *AFTER)


class ProductSerializer(EntrySerializer):
    attributes = AttributesField(
        required=False, help_text="Names and values, for example {“Material”: “oak”}."
    )

    class Meta:
        model = Product
        fields = (
            *BEFORE,
            "name",
            "description",
            "price",
            "brand",
            "category",
            "attributes",
            "image_url",
            "barcode",
            *AFTER,
        )
        read_only_fields = READ_ONLY
