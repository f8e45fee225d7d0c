"""Filters over what companies call things themselves."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

MOST_NAMES = 200


class _NamesFilter(DropdownFilter):
    """The names in use, among the rows in reach."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        name = self.parameter_name
        rows = model_admin.get_queryset(request).exclude(**{name: ""}).order_by(name)
        names = rows.values_list(name, flat=True).distinct()[:MOST_NAMES]
        return [(each, each) for each in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.parameter_name: chosen}) if chosen else queryset


class CategoryFilter(_NamesFilter):
    title = _("category")
    parameter_name = "category"


class RuleTypeFilter(_NamesFilter):
    title = _("type")
    parameter_name = "rule_type"


class BrandFilter(_NamesFilter):
    title = _("brand")
    parameter_name = "brand"
