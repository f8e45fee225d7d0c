"""Search spaces: one for each model that makes vectors, and one without."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from knowledge.admin import words
from knowledge.models import Space
from tenants.access import Area
from tenants.admin.base import ReadOnlyAdmin


@admin.register(Space)
class SpaceAdmin(ReadOnlyAdmin):
    area = Area.PLATFORM
    list_display = ("key", "numbers", "companies", "collection", "building", "switched_at")
    search_fields = ("key", "collection")
    ordering = ("key", "pk")
    fields = ("key", "numbers", "companies", "collection", "building", "switched_at")
    readonly_fields = ("numbers", "companies")
    export_fields = ("key", "dimension", "collection", "building", "switched_at")
    nothing_yet = _("No search space yet. The first company that is indexed makes one.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(company_count=Count("index"))
        return counted

    @display(description=_("numbers per vector"), ordering="dimension")
    def numbers(self, space: Space) -> Any:
        return _("words only") if space.dimension is None else space.dimension

    @display(description=_("companies"), ordering="company_count")
    def companies(self, space: Any) -> str:
        return words.number(space.company_count)
