"""How far the index of each company is, and the button that indexes now."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from knowledge import tasks
from knowledge.admin import words
from knowledge.models import Index, Passage, PassageState
from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, confirmed_action
from tenants.showing import visible

WORKING, WAITING, FAILED, COMPLETE = "working", "waiting", "failed", "complete"
LABELS = {WORKING: "info", WAITING: "info", FAILED: "danger", COMPLETE: "success"}
NAMES: dict[str, Any] = {
    WORKING: _("being indexed"),
    WAITING: _("waits to be indexed"),
    FAILED: _("tried again later"),
    COMPLETE: _("complete"),
}


@admin.register(Index)
class IndexAdmin(ReadOnlyAdmin):
    area = Area.KNOWLEDGE
    list_display = ("company", "standing", "ready", "due", "indexed_at", "failure")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "space")
    search_fields = ("tenant__name",)
    ordering = ("tenant__name", "pk")
    fieldsets = (
        (None, {"fields": ("company", "standing_label", "ready", "due", "failure", "retry_at")}),
        (_("Times"), {"fields": ("indexed_at", "checked_at")}),
        (_("Technical"), {"fields": ("space", "version")}),
    )
    readonly_fields = ("company", "standing_label", "ready", "due", "failure")
    export_fields = ("company", "indexed_at", "last_error")
    actions_detail = ("index_now",)
    nothing_yet = _("Nothing to index yet. Add a rule, a question or a product first.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        own = Passage.objects.filter(tenant=OuterRef("tenant")).order_by().values("tenant")
        ready = own.filter(state=PassageState.READY).annotate(count=Count("pk")).values("count")
        due = own.exclude(state=PassageState.READY).annotate(count=Count("pk")).values("count")
        counted: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                ready_count=Coalesce(Subquery(ready), 0), due_count=Coalesce(Subquery(due), 0)
            )
        )
        return counted

    @display(description=_("company"), ordering="tenant__name")
    def company(self, index: Index) -> str:
        return str(index.tenant)

    @display(description=_("state"), label=LABELS)
    def standing(self, index: Index) -> tuple[str, Any]:
        state = _state_of(index)
        return state, NAMES[state]

    @display(description=_("state"))
    def standing_label(self, index: Index) -> SafeString:
        state, name = self.standing(index)
        return words.label(name, LABELS[state])

    @display(description=_("passages found"), ordering="ready_count")
    def ready(self, index: Any) -> str:
        return words.number(index.ready_count)

    @display(description=_("passages to index"), ordering="due_count")
    def due(self, index: Any) -> str:
        return words.number(index.due_count)

    @display(description=_("last error"))
    def failure(self, index: Index) -> str:
        return visible(index.last_error) or words.NOTHING

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)

    @action(description=_("Index now"), url_path="index", permissions=["act"])
    def index_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        index = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            index,
            question=_("Index what is due now, without waiting for the next try?"),
            act=lambda: _index(index),
            done=_("The index is brought up to date. Open this page again in a moment."),
        )


def _index(index: Index) -> None:
    tasks.sync_index.delay(tenant_id=index.tenant_id)


def _state_of(index: Any) -> str:
    if index.lease_until is not None and index.lease_until > timezone.now():
        return WORKING
    if not index.due_count:
        return COMPLETE
    return FAILED if index.last_error else WAITING
