"""Articles and policies, written here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from knowledge.admin.filters import CategoryFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, WHERE_FROM
from knowledge.admin.texts import TextAdmin
from knowledge.models import Article


@admin.register(Article)
class ArticleAdmin(TextAdmin):
    list_display = ("title", "article_type", "category", *COLUMNS)
    list_filter = (*FILTERS, ("article_type", ChoicesDropdownFilter), CategoryFilter)
    fieldsets = (
        (None, {"fields": ("tenant", "title", "article_type", "category", "body")}),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = ("title", "article_type", "category", *EXPORTED)
    nothing_yet = _(
        "No article yet. Policies and procedures that are longer than an answer stand here."
    )
