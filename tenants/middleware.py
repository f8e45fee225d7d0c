"""What a signed-in person brings to each request: language, access, second factor."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import translation

from tenants import context
from tenants.access import NO_ACCESS
from tenants.people import second_factor
from tenants.people.acting import access_of

Respond = Callable[[HttpRequest], HttpResponse]

# Addresses that are called by programs: the API, its second addresses, doors for other systems.
OF_MACHINES = (
    "/api/",
    "/webhooks/",
    "/configs/",
    "/mapping",
    "/vectorize",
    "/search",
    "/collections",
)

# Pages a person needs before the second factor is given.
BEFORE_SECOND_FACTOR = ("login", "logout", "second_factor", "second_factor_set_up", "language")


def is_of_machines(request: HttpRequest) -> bool:
    return request.path.startswith(OF_MACHINES)


class LanguageMiddleware:
    """The person's own language, else the one chosen on this browser, else Portuguese.

    Machines are answered in the language they ask for.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        with translation.override(self._language(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            return response

    def _language(self, request: Any) -> str:
        if is_of_machines(request):
            return translation.get_language_from_request(request)
        wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.user.is_authenticated:
            wanted = request.user.language
        known = {code for code, _ in settings.LANGUAGES}
        return wanted if wanted in known else settings.LANGUAGE_CODE


class AccessMiddleware:
    """Puts the person's access on requests for the admin; everything else starts with none."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.access = NO_ACCESS
        if is_admin_path(request) and request.user.is_authenticated:
            request.access = access_of(request.user, request.session)
            tenant = request.access.tenant
            request.tenant_slug = tenant.slug if tenant else ""
            context.note(user=request.user, via="admin", tenant=request.tenant_slug)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Leads to the second factor whoever has one or must have one, before any other page."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if is_admin_path(request) and request.user.is_authenticated:
            page = second_factor.page_needed(request.user)
            if page and request.path not in _always_open():
                return redirect(f"admin:{page}")
        return self.get_response(request)


def is_admin_path(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))


def _always_open() -> set[str]:
    return {reverse(f"admin:{name}") for name in BEFORE_SECOND_FACTOR}
