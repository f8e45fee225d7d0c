"""Questions as customers ask them, and their answers."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from knowledge.admin.filters import CategoryFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, WHERE_FROM, PieceAdmin
from knowledge.models import Faq


@admin.register(Faq)
class FaqAdmin(PieceAdmin):
    list_display = ("question", "category", *COLUMNS)
    list_filter = (*FILTERS, CategoryFilter)
    search_fields = ("question", "answer", "category", "=external_id")
    search_help_text = _("Searches by question, answer, category and own number.")
    fieldsets = (
        (None, {"fields": ("tenant", "question", "answer", "category")}),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = ("question", "answer", "category", *EXPORTED)
    actions_list = ("import_file",)
    nothing_yet = _(
        "No question yet. Thirty questions with good answers are enough for the bot to be useful."
    )
