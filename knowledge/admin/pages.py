"""What the pages of all kinds of knowledge share."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from knowledge import publishing
from knowledge.admin import upload_page, words
from knowledge.models import Language, Piece
from tenants.access import Area
from tenants.admin.base import ScopedAdmin, access_of
from tenants.admin.time_filters import MomentFilter

MOST_MOVED = 1_000
COLUMNS = ("standing", "language", "origin", "changed_at", "used_times", "tenant")
FILTERS = (
    "tenant",
    ("state", ChoicesDropdownFilter),
    ("language", ChoicesDropdownFilter),
    ("origin", ChoicesDropdownFilter),
    ("changed_at", MomentFilter),
)
IN_SEARCH = (_("In the search"), {"fields": ("state", "language", "found")})
WHERE_FROM = (
    _("Where it is from, and its use"),
    {
        "fields": (
            "external_id",
            "origin",
            "source",
            "created_at",
            "changed_at",
            "used_times",
            "used_at",
        ),
        "classes": ("collapse",),
    },
)
# What a row has only once it is there.
LATER = ("found", "origin", "source", "created_at", "changed_at", "used_times", "used_at")
EXPORTED = ("external_id", "state", "language", "origin", "source", "changed_at", "used_times")


class PieceAdmin(ScopedAdmin):
    area = Area.KNOWLEDGE
    list_select_related: Any = ("tenant",)
    ordering = ("-changed_at", "-pk")
    readonly_fields: ClassVar[tuple[str, ...]] = LATER
    search_fields: ClassVar[tuple[str, ...]] = ()
    actions = ("publish_chosen", "archive_chosen", "export_as_csv")

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_exclude(request, obj), *(LATER if obj is None else ())]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """New entries are in the company's language, unless somebody says otherwise."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        tenant = access_of(request).tenant
        if tenant is not None and tenant.language[:2] in Language.values:
            initial.setdefault("language", tenant.language[:2])
        return initial

    @display(description=_("state"), ordering="state", label=words.STATE_LABELS)
    def standing(self, piece: Piece) -> tuple[str, str]:
        return piece.state, piece.get_state_display()

    @display(description=_("found by now"))
    def found(self, piece: Piece) -> SafeString:
        return words.found_by_now(piece)

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        if not self._are_too_many(request, queryset):
            moved = publishing.publish(queryset)
            self.message_user(request, _("Published: %(count)d") % {"count": moved})

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        if not self._are_too_many(request, queryset):
            moved = publishing.archive(queryset)
            self.message_user(request, _("Archived: %(count)d") % {"count": moved})

    @action(description=_("Import"), url_path="import", permissions=["add"], icon="upload_file")
    def import_file(self, request: HttpRequest) -> HttpResponse:
        return upload_page.show(self, request, self.model.kind)

    def _are_too_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> bool:
        is_over = queryset.count() > MOST_MOVED
        if is_over:
            refusal = _("Choose at most %(most)d entries at once.") % {"most": MOST_MOVED}
            self.message_user(request, refusal, messages.ERROR)
        return is_over
