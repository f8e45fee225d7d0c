"""Companies: all of them for platform admins, the own one for everybody else."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action

from tenants import acting, erasure
from tenants.access import Area
from tenants.admin.base import ScopedAdmin, access_of, confirmed_action
from tenants.admin.people import MembershipInline
from tenants.models import Tenant


@admin.register(Tenant)
class TenantAdmin(ScopedAdmin):
    area = Area.COMPANY
    list_display = ("name", "slug", "language", "time_zone", "is_active", "created_at")
    list_filter = (("language", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_active")}),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
    )
    inlines = (MembershipInline,)
    actions_detail = ("work_here", "erase_secrets")
    export_fields = ("name", "slug", "language", "time_zone", "is_active", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The short name stands in addresses: only the platform gives it, once."""
        is_fixed = obj is not None or not access_of(request).is_platform
        return (
            ("slug", *(() if access_of(request).is_platform else ("is_active",)))
            if is_fixed
            else ()
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)

    @action(description=_("Work for this company"), url_path="work-here", permissions=["view"])
    def work_here(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = self.object_or_404(request, object_id)
        question = _("Show only the rows of %(company)s from now on?")
        return confirmed_action(
            self,
            request,
            tenant,
            question=question % {"company": tenant},
            act=lambda: self._work_here(request, tenant),
        )

    def has_erase_secrets_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).is_platform and self.has_change_permission(request, obj)

    @action(description=_("Erase secrets"), url_path="erase-secrets", permissions=["erase_secrets"])
    def erase_secrets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = self.object_or_404(request, object_id)
        question = _(
            "Erase all secrets of %(company)s? Its keys are destroyed: nobody can ever read the"
            " secrets again, and it has to store them anew."
        )
        return confirmed_action(
            self,
            request,
            tenant,
            question=question % {"company": tenant},
            act=lambda: _erase(tenant),
            done=_("The secrets were erased."),
        )

    def _work_here(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        user: Any = request.user
        acting.choose(user, request.session, tenant=tenant.slug, role="")
        return redirect("admin:index")


def _erase(tenant: Tenant) -> None:
    erasure.erase(tenant)
