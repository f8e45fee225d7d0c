"""Companies: all of them for platform admins, the own one for everybody else."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants import onboarding, starting
from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, ScopedForm, access_of, confirmed_action
from tenants.admin.people import MembershipInline
from tenants.models import Tenant
from tenants.models.tenant import SHORT_NAME_RULE
from tenants.people import acting
from tenants.vault import erasure

PLAN = ("most_people", "most_channels", "api_requests_per_minute")


class NewCompanyForm(ScopedForm):
    starter = forms.ChoiceField(
        label=_("Starter"),
        choices=list(starting.STARTERS.items()),
        initial="blank",
        widget=UnfoldAdminSelectWidget,
        help_text=_("Brings a domain with hours, holidays and field mappings. All can be changed."),
    )

    class Meta:
        error_messages: ClassVar[Any] = {"slug": {"invalid": SHORT_NAME_RULE}}


class CopyForm(forms.ModelForm):
    class Meta:
        model = Tenant
        fields = ("name", "slug")
        error_messages: ClassVar[Any] = {"slug": {"invalid": SHORT_NAME_RULE}}
        widgets: ClassVar[Any] = {
            "name": UnfoldAdminTextInputWidget,
            "slug": UnfoldAdminTextInputWidget,
        }


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
        (_("Plan"), {"fields": PLAN}),
    )
    add_fieldsets = (
        (None, {"fields": ("name", "slug", "starter")}),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
        (_("Plan"), {"fields": PLAN}),
    )
    inlines = (MembershipInline,)
    actions_detail = ("getting_started", "work_here", "copy", "erase_secrets")
    export_fields = ("name", "slug", "language", "time_zone", "is_active", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The short name stands in addresses: only the platform gives it, once, as the plan."""
        if not access_of(request).is_platform:
            return ("slug", "is_active", *PLAN)
        return ("slug",) if obj is not None else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        options = kwargs if obj else {**kwargs, "form": NewCompanyForm}
        return super().get_form(request, obj, change, **options)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            starting.apply_starter(obj, form.cleaned_data["starter"])

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        if "_addanother" in request.POST or "_continue" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:tenants_tenant_getting_started", obj.pk)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """People are invited once the company is there."""
        return self.inlines if obj else ()

    @action(description=_("First steps"), url_path="getting-started", permissions=["view"])
    def getting_started(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = self.object_or_404(request, object_id)
        may_try = access_of(request).may(Verb.CHANGE, Area.CONFIGURATION)
        tried = request.POST.get("point", "") if may_try else ""
        works, said = _try_point(tenant, tried) if tried else (False, "")
        points = onboarding.points_of(tenant)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": tenant,
            "title": gettext("First steps of %(company)s") % {"company": tenant},
            # A template calls what it is given: it gets whether there is a test, not the test.
            "points": [
                (point, self._address_of(request, tenant, point), may_try and bool(point.test))
                for point in points
            ],
            "done_count": sum(point.is_done for point in points),
            "tried": tried,
            "works": works,
            "said": said,
        }
        return TemplateResponse(request, "admin/getting_started.html", context)

    def _address_of(self, request: HttpRequest, tenant: Tenant, point: onboarding.Point) -> str:
        """Only where the person may go: the company's rows, or the form of its first one."""
        for page in self.admin_site._registry.values():
            prefix = f"{page.opts.app_label}_{page.opts.model_name}_"
            if not point.page.startswith(prefix) or not page.has_view_permission(request):
                continue
            if point.page_args:
                return reverse(f"admin:{point.page}", args=point.page_args)
            if not point.is_done and page.has_add_permission(request):
                return f"{reverse(f'admin:{prefix}add')}?tenant={tenant.pk}"
            return f"{reverse(f'admin:{point.page}')}?tenant__id__exact={tenant.pk}"
        return ""

    def has_copy_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).is_platform and self.has_view_permission(request, obj)

    @action(description=_("Copy"), url_path="copy", permissions=["copy"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        source = self.object_or_404(request, object_id)
        form = CopyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            tenant = starting.copy(source, slug=given["slug"], name=given["name"])
            return redirect("admin:tenants_tenant_getting_started", tenant.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": source,
            "title": gettext("Copy %(company)s") % {"company": source},
            "form": form,
        }
        return TemplateResponse(request, "admin/copy_company.html", context)

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


def _try_point(tenant: Tenant, key: str) -> tuple[bool, str]:
    try:
        return True, onboarding.try_point(tenant, key)
    except onboarding.TestFailedError as error:
        return False, str(error)


def _erase(tenant: Tenant) -> None:
    erasure.erase(tenant)
