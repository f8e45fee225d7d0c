"""Websites that are read: what to read, how far a visit is, and what became of each page."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from knowledge.admin import words
from knowledge.crawling.site import Status
from knowledge.models import VisitState, Website
from knowledge.websites import control
from knowledge.websites.keeping import KEPT
from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, confirmed_action
from tenants.showing import visible

REPORTS_PER_PAGE = 100
LABELS: dict[str, str] = {
    VisitState.NEW: "",
    VisitState.WAITING: "info",
    VisitState.RUNNING: "info",
    VisitState.DONE: "success",
    VisitState.FAILED: "danger",
    VisitState.STOPPED: "warning",
}
TIMETABLE = frozenset({"is_enabled", "every_hours"})
LATER = ("standing_label", "pages_by_status", "failure", "started_at", "finished_at", "next_at")


@admin.register(Website)
class WebsiteAdmin(ScopedAdmin):
    area = Area.KNOWLEDGE
    list_display = (
        "shown_address",
        "standing",
        "pages_read",
        "finished_at",
        "next_at",
        "failure",
        "tenant",
    )
    list_filter = ("tenant", ("state", ChoicesDropdownFilter))
    list_select_related = ("tenant",)
    search_fields = ("address", "category")
    search_help_text = _("Searches by address and category.")
    ordering = ("address", "pk")
    fieldsets = (
        (_("What is read"), {"fields": ("tenant", "address", "depth", "include", "exclude")}),
        (_("How it is kept"), {"fields": ("most_pages", "language", "category")}),
        (_("When"), {"fields": ("is_enabled", "every_hours")}),
        (_("Visits"), {"fields": LATER}),
    )
    readonly_fields: ClassVar[tuple[str, ...]] = LATER
    export_fields = ("address", "state", "started_at", "finished_at", "next_at", "error", "tenant")
    actions_detail = ("visit_now", "stop", "reports")
    nothing_yet = _("No website yet. Add the company's own, and its pages are found by customers.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("progress")

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_exclude(request, obj), *(LATER if obj is None else ())]

    def save_model(self, request: HttpRequest, obj: Website, form: Any, change: bool) -> None:
        """Only what was written: a visit under way writes to the same row."""
        if change:
            obj.save(update_fields=form.changed_data)
        else:
            super().save_model(request, obj, form, change)
        if not change or TIMETABLE & set(form.changed_data):
            control.plan(obj)

    @display(description=_("start address"), ordering="address")
    def shown_address(self, row: Website) -> str:
        return visible(row.address)

    @display(description=_("state"), ordering="state", label=LABELS)
    def standing(self, row: Website) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("state"))
    def standing_label(self, row: Website) -> SafeString:
        return words.label(row.get_state_display(), LABELS[row.state])

    @display(description=_("pages read"))
    def pages_read(self, row: Website) -> str:
        return words.number(sum(row.counts.get(status, 0) for status in KEPT))

    @display(description=_("pages by status"))
    def pages_by_status(self, row: Website) -> Any:
        """Each leads to the pages with this status."""
        address = reverse("admin:knowledge_website_reports", args=[row.pk])
        link = '<a class="text-link" href="{}?status={}">{}: {}</a>'
        return format_html_join(SafeString("<br>"), link, _counts(row, address)) or words.NOTHING

    @display(description=_("last error"))
    def failure(self, row: Website) -> str:
        return visible(row.error) or words.NOTHING

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)

    @action(description=_("Visit now"), url_path="visit", permissions=["act"])
    def visit_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_("Visit this website now?"),
            act=lambda: self._start(request, row),
            done=_("The visit is under way. Open this page again to see how far it is."),
        )

    def _start(self, request: HttpRequest, row: Website) -> HttpResponse | None:
        if control.start(row):
            return None
        refusal = _("No visit was begun: one is under way, or the website is not in use.")
        self.message_user(request, refusal, messages.WARNING)
        return redirect("admin:knowledge_website_change", row.pk)

    @action(description=_("Stop"), url_path="stop", permissions=["act"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_("Stop the visit? What was read already stays."),
            act=lambda: _stop(row),
            done=_("The visit is stopped."),
        )

    @action(description=_("Pages by status"), url_path="reports", permissions=["view"])
    def reports(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        reports = row.reports.order_by("address", "pk")
        status = request.GET.get("status", "")
        if status in Status.values:
            reports = reports.filter(status=status)
        page = Paginator(reports, REPORTS_PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": row,
            "title": visible(row.address),
            "row": row,
            "state": self.standing_label(row),
            "counts": list(_counts(row, "")),
            "status": status,
            "page": page,
        }
        return TemplateResponse(request, "admin/knowledge/reports.html", context)


def _counts(row: Website, address: str) -> Iterator[tuple[Any, ...]]:
    for status in Status:
        if count := row.counts.get(status):
            yield address, status.value, status.label, words.number(count)


def _stop(row: Website) -> None:
    """What is over meanwhile stays as it is, and the page shows it."""
    control.stop(row)
