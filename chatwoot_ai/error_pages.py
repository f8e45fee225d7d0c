"""What a person or a machine sees when a request cannot be answered."""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from tenants import context
from tenants.middleware import is_of_machines


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        hint = _("This address is not known here. The operator can add it to ALLOWED_HOSTS.")
        return _answer(request, 400, hint)
    return _answer(request, 400, _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, _("Your role does not allow this. Ask an owner of the company."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, _("There is nothing at this address, or it is not yours to see."))


def broken(request: HttpRequest) -> HttpResponse:
    text = _(
        "Something went wrong on our side. It was written down; give the request id to support."
    )
    return _answer(request, 500, text)


def no_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _("The page was open too long, or cookies are off. Go back, reload it and try again.")
    return _answer(request, 403, text)


def _answer(request: HttpRequest, status: int, text: str) -> HttpResponse:
    request_id = context.current().request_id
    if is_of_machines(request):
        return JsonResponse(
            {"success": False, "error": text, "request_id": request_id}, status=status
        )
    values: dict[str, Any] = {
        "status": status,
        "text": text,
        "request_id": request_id,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }
    return HttpResponse(render_to_string("error.html", values), status=status)
