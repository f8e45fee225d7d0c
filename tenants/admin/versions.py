"""Earlier versions of a company's configuration: read, compare, go back."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from tenants import configuration
from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, access_of, confirmed_action
from tenants.admin.time_filters import MomentFilter
from tenants.config import documents
from tenants.models import ConfigurationVersion

MOST_TO_COMPARE = 200
MOST_LINES = 5_000
KINDS = {"+": "added", "-": "removed", "@": "place"}


@admin.register(ConfigurationVersion)
class ConfigurationVersionAdmin(ReadOnlyAdmin):
    area = Area.CONFIGURATION
    list_display = ("number", "created_at", "author", "note", "via", "tenant")
    list_filter = ("tenant", ("created_at", MomentFilter))
    list_select_related = ("tenant",)
    search_fields = ("author", "note")
    ordering = ("-created_at", "-pk")
    fields = ("number", "created_at", "author", "via", "note", "changes", "content")
    readonly_fields = fields
    actions_detail = ("compare", "restore")
    export_fields = ("tenant", "number", "created_at", "author", "note", "via")

    def has_restore_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).may(Verb.CHANGE, self.area) and self._is_in_reach(request, obj)

    @admin.display(description=_("Changed since the version before"))
    def changes(self, version: ConfigurationVersion) -> SafeString:
        return _once(version, "changes", lambda: _difference(_before(version), version))

    @admin.display(description=_("Content"))
    def content(self, version: ConfigurationVersion) -> SafeString:
        return _once(version, "content", lambda: _content(version))

    @action(description=_("Compare"), url_path="compare", permissions=["view"])
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.object_or_404(request, object_id)
        versions = ConfigurationVersion.objects.filter(tenant=version.tenant).order_by("-number")
        chosen = request.GET.get("with", "")
        other = versions.filter(number=chosen).first() if _is_number(chosen) else _before(version)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": version,
            "title": gettext("What changed until version %(number)d") % {"number": version.number},
            "versions": versions.exclude(pk=version.pk)[:MOST_TO_COMPARE],
            "other": other,
            "difference": _difference(other, version),
        }
        return TemplateResponse(request, "admin/compare_versions.html", context)

    @action(description=_("Restore"), url_path="restore", permissions=["restore"])
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.object_or_404(request, object_id)
        question = _("Make the configuration what it was in version %(number)d? Channels stay.")
        return confirmed_action(
            self,
            request,
            version,
            question=question % {"number": version.number},
            act=lambda: self._restore(request, version),
        )

    def _restore(self, request: HttpRequest, version: ConfigurationVersion) -> None:
        note = gettext("Version %(number)d restored") % {"number": version.number}
        try:
            configuration.restore(version, note=note, access=access_of(request))
        except configuration.UnknownDomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, note, messages.SUCCESS)


def _once(version: ConfigurationVersion, name: str, make: Callable[[], SafeString]) -> SafeString:
    """The theme asks several times for each field of a page."""
    made: dict[str, SafeString] = version.__dict__.setdefault("_made_for_page", {})
    if name not in made:
        made[name] = make()
    return made[name]


def _content(version: ConfigurationVersion) -> SafeString:
    return _shown([("", line) for line in documents.write(version.document).splitlines()])


def _shown(lines: list[tuple[str, str]]) -> SafeString:
    """More than a person reads is left out."""
    rest = [("place", "…")] if len(lines) > MOST_LINES else []
    return render_to_string("admin/diff.html", {"lines": [*lines[:MOST_LINES], *rest]})


def _before(version: ConfigurationVersion) -> ConfigurationVersion | None:
    rows = ConfigurationVersion.objects.filter(tenant=version.tenant)
    found: ConfigurationVersion | None = (
        rows.filter(number__lt=version.number).order_by("-number").first()
    )
    return found


def _difference(old: ConfigurationVersion | None, new: ConfigurationVersion) -> SafeString:
    before, after = (documents.write(version.document) if version else "" for version in (old, new))
    found = documents.difference(before, after)
    return _shown([(KINDS.get(line[:1], ""), line) for line in found])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
