"""What every API view of a company's rows is built from."""

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.access import Access
from tenants.models import Tenant

MOST_BYTES = 1_000_000


class TooLargeError(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is larger than 1 MB. Send it in several calls.")


class TenantView(APIView):
    """Reaches the rows of the token's company and no others.

    `scope` is what reading takes, `write_scope` what everything else takes.
    """

    scope: ClassVar[str]
    write_scope: ClassVar[str | None] = None
    http_method_names = ("get", "head", "post", "put", "patch", "delete")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before any view reads it, and after those without a token are gone."""
        super().initial(request, *args, **kwargs)
        if _announced_bytes(request) > MOST_BYTES:
            raise TooLargeError

    @property
    def access(self) -> Access:
        return Access(tenant=self.tenant)

    @property
    def tenant(self) -> Tenant:
        token: Any = self.request.auth
        tenant: Tenant = token.tenant
        return tenant


class OwnRows(TenantView):
    """Mixed into a generic view; subclasses name `model`. A row out of reach does not exist."""

    model: ClassVar[Any]
    related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> Any:
        rows = self.model.objects.visible_to(self.access)
        return rows.select_related(*self.related) if self.related else rows

    def perform_create(self, serializer: Any) -> None:
        self._check(self.model(tenant=self.access.tenant), serializer.validated_data)
        serializer.save(tenant=self.access.tenant)

    def perform_update(self, serializer: Any) -> None:
        self._check(copy(serializer.instance), serializer.validated_data)
        serializer.save()

    def _check(self, row: Any, values: Mapping[str, Any]) -> None:
        """The row's own rules, of which the serializer sees only those without the company."""
        for field in row._meta.concrete_fields:
            if field.name in values:
                setattr(row, field.name, values[field.name])
        row.full_clean()


class RowField(serializers.PrimaryKeyRelatedField):
    """A related row of the same company; ids of others do not exist."""

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["view"].access)


def _announced_bytes(request: Request) -> int:
    """Of a body without a length that makes sense, Django reads nothing."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
