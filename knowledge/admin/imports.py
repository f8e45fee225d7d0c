"""Imports of files: what would happen, how far it is, and what could not be taken."""

import csv
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from knowledge.admin import words
from knowledge.imports import control, preview
from knowledge.imports.kinds import KINDS
from knowledge.imports.planning import Fate
from knowledge.models import Import, ImportState
from knowledge.standing import Standing, standing_of_kind
from tenants import audit
from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, confirmed_action
from tenants.admin.time_filters import MomentFilter
from tenants.audit import Action
from tenants.showing import visible
from tenants.spreadsheet import safe_cell

LIST = SafeString("changelist")
MOST_PROBLEMS_SHOWN = 100
WATCHED = timedelta(minutes=30)  # for so long after its end the page looks whether all is found
LABELS: dict[str, str] = {
    ImportState.PREPARED: "warning",
    ImportState.WAITING: "info",
    ImportState.READING: "info",
    ImportState.DONE: "success",
    ImportState.FAILED: "danger",
    ImportState.STOPPED: "warning",
}
FATES: dict[str, tuple[Any, str]] = {
    Fate.NEW: (_("new"), "success"),
    Fate.CHANGED: (_("changed"), "info"),
    Fate.SAME: (_("unchanged"), ""),
    Fate.REFUSED: (_("not taken"), "danger"),
}


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    area = Area.KNOWLEDGE
    list_display = (
        "file",
        "kind",
        "standing",
        "progress",
        "created",
        "changed",
        "failed",
        "created_at",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("file_name",)
    search_help_text = _("Searches by name of the file.")
    ordering = ("-created_at", "-pk")
    export_fields = (
        "file_name",
        "kind",
        "state",
        "total",
        "done",
        "created",
        "changed",
        "unchanged",
        "failed",
        "created_at",
        "finished_at",
        "tenant",
    )
    actions_detail = ("start", "stop", "problems")
    nothing_yet = _(
        "Nothing was imported yet. Above the lists of products, questions, rules and documents"
        " stands a button for it."
    )

    @display(description=_("file"), ordering="file_name")
    def file(self, row: Import) -> str:
        return visible(row.file_name)

    @display(description=_("state"), ordering="state", label=LABELS)
    def standing(self, row: Import) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("rows read"), ordering="done")
    def progress(self, row: Import) -> Any:
        if row.total is None:
            return words.number(row.done)
        return _("%(done)s of %(total)s") % {
            "done": words.number(row.done),
            "total": words.number(row.total),
        }

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.ADD, request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        is_prepared = row.state == ImportState.PREPARED
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": row,
            "original": row,
            "title": visible(row.file_name),
            "row": row,
            "state": self._state_label(row),
            "list_address": _list_of(row),
            "may_act": self.has_act_permission(request, row),
            "preview": _preview_of(row) if is_prepared else None,
            **({} if is_prepared else _progress_of(row)),
            **(extra_context or {}),
        }
        return render(request, "admin/knowledge/import.html", context)

    def _state_label(self, row: Import) -> SafeString:
        return words.label(row.get_state_display(), LABELS[row.state])

    @action(description=_("Start"), url_path="start", permissions=["act"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_("Read this file now?"),
            act=lambda: _act(control.start, row),
            done=_("The import is under way. This page shows how far it is."),
        )

    @action(description=_("Stop"), url_path="stop", permissions=["act"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_("Stop this import? What was taken already stays."),
            act=lambda: _act(control.stop, row),
            done=_("The import is stopped."),
        )

    @action(description=_("Problems (CSV)"), url_path="problems", permissions=["view"])
    def problems(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        audit.record(Action.EXPORTED, row, label=f"{row.file_name}: {_('problems')}")
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        name = slugify(row.file_name.rpartition(".")[0]) or "import"
        response["Content-Disposition"] = f'attachment; filename="{name}-problems.csv"'
        response.write("\ufeff")
        writer = csv.writer(response, delimiter=";")
        writer.writerow([_("Line"), _("Column"), _("What stands there"), _("What may stand there")])
        for each in row.problems.order_by("line", "pk").iterator():
            cells = (each.line or "", each.column, each.given, each.allowed)
            writer.writerow([safe_cell(cell) for cell in cells])
        return response


def _list_of(row: Import) -> str:
    """Where what was taken stands."""
    return reverse(admin_urlname(KINDS[row.kind].model._meta, LIST))


def _act(decide: Any, row: Import) -> None:
    """What is over meanwhile stays as it is, and the page shows it."""
    decide(row)


def _preview_of(row: Import) -> dict[str, Any]:
    found = preview.preview(row)
    return {
        "shown": found,
        "rows": [(each, *FATES[each.fate]) for each in found.rows],
        "problems": found.problems[:MOST_PROBLEMS_SHOWN],
        "is_table": bool(found.columns),
    }


def _progress_of(row: Import) -> dict[str, Any]:
    standing = standing_of_kind(row.tenant, row.kind)
    return {
        "percent": _percent(row.done, row.total),
        "total": None if row.total is None else words.number(row.total),
        "done": words.number(row.done),
        "counts": [
            (_("new"), words.number(row.created)),
            (_("changed"), words.number(row.changed)),
            (_("unchanged"), words.number(row.unchanged)),
            (_("not taken"), words.number(row.failed)),
        ],
        "ready": words.number(standing.ready),
        "passages": words.number(standing.total),
        "ready_percent": _percent(standing.ready, standing.total),
        "index_error": "" if standing.is_complete else visible(standing.error),
        "is_refreshed": row.is_active or _is_watched(row, standing),
        "problems": row.problems.order_by("line", "pk")[:MOST_PROBLEMS_SHOWN],
        "problem_count": row.problems.count(),
        "most_shown": MOST_PROBLEMS_SHOWN,
        "can_go_on": row.state == ImportState.STOPPED and row.upload_id is not None,
    }


def _percent(part: int, whole: int | None) -> int:
    return min(part * 100 // whole, 100) if whole else 0


def _is_watched(row: Import, standing: Standing) -> bool:
    is_fresh = row.finished_at is not None and row.finished_at > timezone.now() - WATCHED
    return is_fresh and not standing.is_complete
