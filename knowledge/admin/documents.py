"""Documents that were uploaded, as text."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from knowledge.admin.filters import CategoryFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, WHERE_FROM
from knowledge.admin.texts import TextAdmin
from knowledge.models import Document


@admin.register(Document)
class DocumentAdmin(TextAdmin):
    list_display = ("title", "source", "category", *COLUMNS)
    list_filter = (*FILTERS, CategoryFilter)
    search_fields = ("title", "category", "source", "=external_id")
    search_help_text = _("Searches by title, category, file and own number.")
    fieldsets = (
        (None, {"fields": ("tenant", "title", "category", "body")}),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = ("title", "category", *EXPORTED)
    actions_list = ("import_file",)
    nothing_yet = _("No document yet. Import a PDF, a Word file or a page that was saved.")
