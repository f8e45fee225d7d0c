"""Filters of lists by time. What people write is read in their language and on their clock.

The theme's own read neither: a date as Brazilians write it would filter nothing, without a word.
"""

from typing import Any

from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter, RangeDateTimeFilter


class MomentFilter(RangeDateTimeFilter):
    """A day without a time begins at midnight, and ends with its last second."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = str(self.parameter_name)
        typed = {key: value for key, value in self.used_parameters.items() if value}
        for end, time in (("from", "00:00:00"), ("to", "23:59:59.999999")):
            if f"{name}_{end}_0" in typed:
                typed.setdefault(f"{name}_{end}_1", time)
        return _between(queryset, self.form_class(name=name, data=typed), name, name)


class DayFilter(RangeDateFilter):
    """Both days belong to the range."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = str(self.parameter_name)
        column = f"{name}__date" if isinstance(self.field, DateTimeField) else name
        form = self.form_class(name=name, data=self.used_parameters)
        return _between(queryset, form, name, column)


def _between(queryset: QuerySet[Any], form: Any, name: str, column: str) -> QuerySet[Any]:
    """Nothing where something cannot be read; the form says what."""
    if not form.is_valid():
        return queryset.none()
    limits = {
        f"{column}__gte": form.cleaned_data[f"{name}_from"],
        f"{column}__lte": form.cleaned_data[f"{name}_to"],
    }
    return queryset.filter(**{key: value for key, value in limits.items() if value is not None})
