"""What every API view of a company's rows is built from."""

from typing import Any, ClassVar

from rest_framework import generics, serializers
from rest_framework.views import APIView

from tenants.access import Access


class TenantView(APIView):
    """Reaches the rows of the token's company and no others."""

    scope: ClassVar[str]

    @property
    def access(self) -> Access:
        return Access(tenant=self.request.auth.tenant)


class TenantListView(TenantView, generics.ListAPIView):  # type: ignore[type-arg]  # any model
    """A list of rows; subclasses name `model`, `serializer_class` and `scope`."""

    model: ClassVar[Any]

    def get_queryset(self) -> Any:
        return self.model.objects.visible_to(self.access)


class TenantDetailView(TenantView, generics.RetrieveAPIView):  # type: ignore[type-arg]  # any model
    """One row; a row out of reach does not exist."""

    model: ClassVar[Any]

    def get_queryset(self) -> Any:
        return self.model.objects.visible_to(self.access)


class RowField(serializers.PrimaryKeyRelatedField):
    """A related row of the same company; ids of others do not exist."""

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["view"].access)
