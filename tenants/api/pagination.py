"""Pages of a list."""

from typing import Any

from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    ordering: tuple[str, ...] = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, *args: Any, **options: Any) -> Any:
        try:
            return super().paginate_queryset(*args, **options)
        except (
            OverflowError,
            DataError,
            ValueError,
        ) as error:  # a forged cursor names a time no database knows, or no number
            raise NotFound(self.invalid_cursor_message) from error
