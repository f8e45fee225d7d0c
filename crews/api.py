"""Conversations for machines: how they stand, what became of them, and the domain of one."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from crews import control, lookup, records
from crews.lookup import NoConversationError, SeveralConversationsError
from crews.models import Conversation
from tenants.api.base import OwnRows
from tenants.api.configs import CHOSEN, DomainChangeSerializer, DomainView, SaidSerializer
from tenants.api.fields import refuse_unknown
from tenants.api.pagination import NewestFirst
from tenants.models.api_token import Scope

LATEST_TURNS = 50
LARGEST_NUMBER = 2**63 - 1


class ReplySerializer(serializers.Serializer):
    key = serializers.CharField()
    position = serializers.IntegerField()
    state = serializers.CharField()
    remote_id = serializers.IntegerField(allow_null=True, help_text="The message in Chatwoot.")


class TurnSerializer(serializers.Serializer):
    turn = serializers.IntegerField()
    state = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    messages = serializers.ListField(child=serializers.IntegerField())
    replies = ReplySerializer(many=True, help_text="With those for staff.")
    model_calls = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = serializers.DecimalField(
        max_digits=18, decimal_places=6, allow_null=True, help_text="In US dollars, where known."
    )
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OutcomesSerializer(serializers.Serializer):
    """Of the customer's messages."""

    open = serializers.IntegerField()
    answered = serializers.IntegerField()
    handed_off = serializers.IntegerField()
    ignored = serializers.IntegerField()
    expired = serializers.IntegerField()


class ConversationSerializer(serializers.ModelSerializer):
    account = serializers.IntegerField(source="connection.account_id")
    installation = serializers.CharField(source="connection.installation.name")
    inbox = serializers.IntegerField(source="inbox_id", allow_null=True)
    domain = serializers.CharField(source="domain.slug", default=None, allow_null=True)
    outcomes = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields: tuple[str, ...] = (
            "id",
            "number",
            "account",
            "installation",
            "inbox",
            "status",
            "control",
            "control_reason",
            "control_at",
            "language",
            "domain",
            "due_at",
            "last_customer_at",
            "created_at",
            "outcomes",
        )
        read_only_fields = fields

    @extend_schema_field(OutcomesSerializer)
    def get_outcomes(self, row: Conversation) -> dict[str, int]:
        outcomes: dict[str, int] = self.context["outcomes"][row.pk]
        return outcomes


class ConversationWithTurnsSerializer(ConversationSerializer):
    turns = serializers.SerializerMethodField(help_text="The latest ones, newest first.")

    class Meta(ConversationSerializer.Meta):
        fields = (*ConversationSerializer.Meta.fields, "turns")
        read_only_fields = fields

    @extend_schema_field(TurnSerializer(many=True))
    def get_turns(self, row: Conversation) -> Any:
        latest = row.turns.select_related("conversation__connection").order_by("-pk")
        found = records.records_of(row.tenant, list(latest[:LATEST_TURNS]))
        return TurnSerializer(found, many=True).data


class LastMadeFirst(NewestFirst):
    ordering = ("-pk",)


class ConversationListView(OwnRows, ListAPIView):
    """Conversations, those that began last first. What was said in them is not told."""

    model = Conversation
    related = ("connection__installation", "domain")
    serializer_class = ConversationSerializer
    pagination_class = LastMadeFirst
    scope = Scope.CONVERSATIONS_READ

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        context = {"outcomes": records.outcomes_of(page)}
        found = ConversationSerializer(page, many=True, context=context)
        return self.get_paginated_response(found.data)


class ConversationDetailView(OwnRows, RetrieveAPIView):
    """One conversation with its latest turns. The id is that of the list, not Chatwoot's number."""

    model = Conversation
    related = ("tenant", "connection__installation", "domain")
    serializer_class = ConversationWithTurnsSerializer
    scope = Scope.CONVERSATIONS_READ

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        context = {"outcomes": records.outcomes_of([row])}
        return Response(ConversationWithTurnsSerializer(row, context=context).data)


class ConversationDomainSerializer(DomainChangeSerializer):
    domain = serializers.CharField(
        max_length=60,
        allow_null=True,
        allow_blank=True,
        help_text="Of a conversation, null or an empty text: the company's own.",
    )
    conversation_id = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_NUMBER,
        required=False,
        help_text="Its number in Chatwoot. Without it, the domain for tests.",
    )
    account = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_NUMBER,
        required=False,
        help_text="Where several accounts have a conversation of this number.",
    )
    installation = serializers.CharField(
        max_length=80,
        required=False,
        help_text="Where several Chatwoots have an account of this number.",
    )


EXAMPLES = [
    OpenApiExample(
        "Of one conversation", {"conversation_id": 205, "domain": "furniture"}, request_only=True
    ),
    CHOSEN,
]


class ConversationDomainView(DomainView):
    """The domain of one conversation; or, outside production, another one for tests."""

    @extend_schema(
        request=ConversationDomainSerializer, responses=SaidSerializer, examples=EXAMPLES
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict) or "conversation_id" not in request.data:
            return super().post(request)
        refuse_unknown(request.data, ConversationDomainSerializer)
        given = ConversationDomainSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["domain"]
        domain = self.domain_named(name) if name else None
        row = self.conversation_of(given.validated_data)
        control.choose_domain(row, domain)
        words = {"number": row.number, "name": name}
        message = (
            _("Conversation %(number)s is on the domain %(name)s now.")
            if name
            else _("Conversation %(number)s is on the company's own domain now.")
        )
        return Response({"success": True, "message": message % words})

    def conversation_of(self, values: Any) -> Conversation:
        try:
            return lookup.conversation_of(
                self.tenant,
                values["conversation_id"],
                account=values.get("account"),
                installation=values.get("installation", ""),
            )
        except NoConversationError as error:
            raise ValidationError({"conversation_id": [str(error)]}) from None
        except SeveralConversationsError as error:
            raise ValidationError({"account": [str(error)]}) from None
