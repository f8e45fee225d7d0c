"""The admin site: Django's, in the theme, with pages of our own."""

import time
from collections.abc import Iterator
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.auth.views import PasswordResetView
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from chatwoot_ai import status_page
from tenants.people import account, acting, sign_in

# Rights are roles in code, and a second factor is switched on by its owner alone.
UNWANTED_PAGES = frozenset({"auth.Group", "otp_totp.TOTPDevice", "otp_static.StaticDevice"})
CHANGE = SafeString("change")
MOST_FOUND_PER_KIND = 10
MOST_TENANTS_TO_SWITCH = 50


class AdminSite(UnfoldAdminSite):
    enable_nav_sidebar = True
    index_title = _("Overview")
    login_template = "admin/sign_in.html"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Packages bring pages of their own; those that show rows to everybody stay out."""
        models = (
            model_or_iterable
            if isinstance(model_or_iterable, list | tuple)
            else [model_or_iterable]
        )
        wanted = [model for model in models if model._meta.label not in UNWANTED_PAGES]
        super().register(wanted, admin_class, **options)

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("account/", self._page(account.account), name="account"),
            path("act-as/", self.admin_view(account.act_as), name="act_as"),
            path("language/", csrf_protect(account.language), name="language"),
            path("second-factor/", self._page(account.enter_second_factor), name="second_factor"),
            path(
                "second-factor/set-up/",
                self._page(account.set_up_second_factor),
                name="second_factor_set_up",
            ),
            path(
                "second-factor/recovery-codes/",
                self._page(account.renew_recovery_codes),
                name="second_factor_codes",
            ),
            path(
                "second-factor/off/",
                self.admin_view(account.switch_off_second_factor),
                name="second_factor_off",
            ),
            path(
                "password/<uidb64>/<token>/", account.ChoosePassword.as_view(), name="password_set"
            ),
            path("status/", self._page(status_page.show), name="status"),
            *self._forgotten_password_urls(),
        ]

    def _forgotten_password_urls(self) -> list[URLPattern]:
        """Only where the installation can send e-mail."""
        if not settings.EMAIL_URL:
            return []
        view = PasswordResetView.as_view(
            template_name="admin/forgotten_password.html",
            form_class=account.ForgottenPasswordForm,
            email_template_name="admin/forgotten_password_email.txt",
            extra_email_context={"public_url": settings.PUBLIC_URL},
            subject_template_name="admin/forgotten_password_subject.txt",
            success_url=reverse_lazy("admin:forgotten_password_sent"),
        )
        sent = partial(_plain_page, self, "admin/forgotten_password_sent.html")
        return [
            path("forgotten/", view, name="admin_password_reset"),
            path("forgotten/sent/", sent, name="forgotten_password_sent"),
        ]

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """For the switch of company and role in the header."""
        user: Any = request.user
        if not user.is_authenticated or not self.has_permission(request):
            return context
        tenants = list(acting.tenants_of(user)[: MOST_TENANTS_TO_SWITCH + 1])
        access = request.access  # type: ignore[attr-defined]  # AccessMiddleware
        return {
            **context,
            "access": access,
            "switch_tenants": tenants if len(tenants) <= MOST_TENANTS_TO_SWITCH else [],
            "switch_roles": acting.roles_below(user, access),
        }

    def _page(self, view: Any) -> Any:
        @wraps(view)
        def with_site(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = view(self, request, *args, **kwargs)
            return response

        return self.admin_view(with_site)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method == "POST" and sign_in.has_failed_too_often(request):
            return account.locked_out(request)
        response: HttpResponse = super().login(request, extra_context)
        return response

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A screen left open must not be a place to guess the password at."""
        refusal = account.refuse_guessing(request) if request.method == "POST" else None
        return refusal or super().password_change(request, extra_context)

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """What the person may see right now. The theme's own search keeps results for 5 minutes,
        also after the person's company or role has changed."""
        term = request.GET.get("s", "").strip().lower()[:100]
        if not term:
            return HttpResponse()
        started = time.perf_counter()
        is_palette = "extended" in request.GET
        found = self._search_apps(self.get_app_list(request), term)
        if is_palette:
            found.extend(self._rows_found(request, term))
        name = "command" if is_palette else "search"
        page = {
            "results": found,
            "page_obj": Paginator(found, len(found) or 1),
            "page_counter": 0,
            "execution_time": time.perf_counter() - started,
        }
        return TemplateResponse(
            request, f"unfold/helpers/{name}_results.html", page, headers={"HX-Trigger": "search"}
        )

    def _rows_found(self, request: HttpRequest, term: str) -> Iterator[SearchResult]:
        for page in self._registry.values():
            if not page.is_in_palette or not page.has_view_permission(request):
                continue
            rows, _many = page.get_search_results(request, page.get_queryset(request), term)
            for row in rows.order_by("-pk")[:MOST_FOUND_PER_KIND]:
                yield SearchResult(
                    title=str(row),
                    description=str(page.opts.verbose_name),
                    link=reverse(admin_urlname(page.opts, CHANGE), args=[row.pk]),
                    icon="data_object",
                )


def _plain_page(site: AdminSite, template: str, request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, template, site.each_context(request))
