"""What the pages of longer texts share."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from knowledge.admin import words
from knowledge.admin.pages import LATER, PieceAdmin
from knowledge.models import Text
from tenants.showing import visible

# A form holds at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
LONGEST_EDITED = 1_000_000
LONGEST_SHOWN = 50_000


class TextAdmin(PieceAdmin):
    search_fields: ClassVar[tuple[str, ...]] = ("title", "category", "=external_id")
    search_help_text = _("Searches by title, category and own number.")
    readonly_fields = (*LATER, "beginning")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A list of books is read without the books. Who deletes one has its text recorded."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("body") if request.method == "GET" else rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What no form can send back is only shown."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or len(obj.body) <= LONGEST_EDITED:
            return fieldsets
        shown = {"body": "beginning"}
        return [
            (title, {**about, "fields": [shown.get(name, name) for name in about["fields"]]})
            for title, about in fieldsets
        ]

    @display(description=_("text"))
    def beginning(self, text: Text) -> SafeString:
        hint = _(
            "%(length)s characters: too many to change here. Import a new version of the file."
        )
        return format_html(
            '<p>{}</p><div class="cwai-said">{}…</div>',
            hint % {"length": words.number(len(text.body))},
            visible(text.body[:LONGEST_SHOWN]),
        )
