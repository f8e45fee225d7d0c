"""What the pages of the message path share."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, access_of


class RecordAdmin(ReadOnlyAdmin):
    """Nobody edits these rows; those who may change them press the buttons."""

    area = Area.CONVERSATIONS

    @display(description=_("company"))
    def company(self, row: Any) -> str:
        return str(row.tenant)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whoever sees one company only needs no line about it."""
        hidden = ["company"] if access_of(request).tenant is not None else []
        return [*super().get_exclude(request, obj), *hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "company")

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)


class RecordWithParts(RecordAdmin):
    """Shows more than its fields: `parts_of` fills the template around them."""

    def parts_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        parts = {} if row is None else self.parts_of(request, row)
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**parts, **(extra_context or {})}
        )
        return answer
