"""The questions by which a company measures its search, and how they fared in the last run."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from knowledge import cases, tasks
from knowledge.admin import trying, words
from knowledge.models import PieceState, SearchCase
from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, access_of
from tenants.showing import visible

FIRST, FOUND, NOT_FOUND, NOT_RUN = "first", "found", "not found", "not run"
PLACE_LABELS = {FIRST: "success", FOUND: "info", NOT_FOUND: "danger", NOT_RUN: ""}


@admin.register(SearchCase)
class SearchCaseAdmin(ReadOnlyAdmin):
    area = Area.KNOWLEDGE
    list_before_template = "admin/knowledge/try_totals.html"
    list_display = ("asked", "expected", "now", "before", "run_at", "made_by", "tenant")
    list_filter = ("tenant", ("kind", ChoicesDropdownFilter))
    list_select_related = ("tenant",)
    search_fields = ("question", "name")
    search_help_text = _("Searches by question and entry.")
    ordering = ("-created_at", "-pk")
    fieldsets = (
        (None, {"fields": ("tenant", "question", "expected", "told_filters", "try_again")}),
        (_("Last run"), {"fields": ("now", "before", "run_at", "run_before_at", "error")}),
        (_("Recorded"), {"fields": ("made_by", "created_at")}),
    )
    readonly_fields = ("expected", "told_filters", "try_again", "now", "before")
    export_fields = ("question", "name", "kind", "place", "place_before", "run_at", "made_by")
    nothing_yet = _(
        "No case yet. Try the search, and where it disappoints, choose what should have been found."
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cases.with_entries(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        own = [
            path("try/", site.admin_view(self.try_search), name="knowledge_searchcase_try"),
            path("run/", site.admin_view(self.run_all), name="knowledge_searchcase_run"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)
        data = getattr(answer, "context_data", None)
        if data and "cl" in data:
            data["totals"] = _totals(data["cl"].queryset)
            data["can_run"] = trying.may_record(request)
        return answer

    def try_search(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return trying.show(self, request)

    def run_all(self, request: HttpRequest) -> HttpResponse:
        """Only marks them; a worker runs them, for with a model it may take minutes."""
        if not trying.may_record(request):
            raise PermissionDenied
        if request.method == "POST":
            rows = SearchCase.objects.visible_to(access_of(request))
            for tenant_id in cases.ask_for_run(rows):
                tasks.run_search_cases.delay(tenant_id=tenant_id)
            words = _("The cases are being run. Open this page again in a moment.")
            self.message_user(request, words, messages.SUCCESS)
        return redirect("admin:knowledge_searchcase_changelist")

    @display(description=_("question"), ordering="question")
    def asked(self, case: SearchCase) -> str:
        return visible(case.question)

    @display(description=_("should be found"), ordering="name")
    def expected(self, case: Any) -> SafeString:
        name, kind = visible(case.name), case.get_kind_display()
        if case.entry_state is None:
            return words.over(name, words.label(_("The entry is gone"), "warning"))
        address = trying.address_of(case.kind, case.piece_id)
        link = format_html('<a class="text-link" href="{}">{}</a>', address, name)
        if case.entry_state != PieceState.PUBLISHED:
            return words.over(link, words.label(_("The entry is not published"), "warning"))
        return words.over(link, kind)

    @display(description=_("place now"), ordering="place")
    def now(self, case: Any) -> SafeString:
        if case.is_due:
            return words.label(_("being run"), "info")
        if case.error:
            return words.over(words.label(_("not run"), "warning"), visible(case.error))
        return _place(case.place, case.run_at)

    @display(description=_("place before"), ordering="place_before")
    def before(self, case: SearchCase) -> SafeString:
        return _place(case.place_before, case.run_before_at)

    @display(description=_("filters"), empty_value=words.NOTHING)
    def told_filters(self, case: SearchCase) -> str:
        told = (
            f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
            for name, value in case.filters.items()
        )
        return visible("; ".join(told))

    @display(description=_("by hand"))
    def try_again(self, case: SearchCase) -> SafeString:
        address = trying.address_to_try(case)
        return format_html('<a class="text-link" href="{}">{}</a>', address, _("Try the search"))


def _place(place: int | None, run_at: Any) -> SafeString:
    if run_at is None:
        return words.label(_("not run"), PLACE_LABELS[NOT_RUN])
    if place is None:
        return words.label(_("not found"), PLACE_LABELS[NOT_FOUND])
    return words.label(place, PLACE_LABELS[FIRST if place == 1 else FOUND])


def _totals(rows: QuerySet[Any]) -> dict[str, Any]:
    count, due = cases.counts(rows)
    return {
        "count": ngettext("%(count)d case", "%(count)d cases", count) % {"count": count},
        "has_cases": bool(count),
        "due": due,
        "now": _shares(cases.totals(rows)),
        "before": _shares(cases.totals(rows, before=True)),
    }


def _shares(totals: cases.Totals) -> dict[str, Any] | None:
    if not totals.run:
        return None
    return {
        "run": totals.run,
        "found": totals.found,
        "hit": trying.percent(totals.hit_at_1),
        "recall": trying.percent(totals.recall_at_5),
    }
