"""Every refusal of the API: a status, a sentence, and the fields it is about."""

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from tenants import context

NOTHING_HERE = _("There is nothing at this address, or it is not yours to see.")


def answer_error(error: Exception, view_context: Any) -> Response | None:
    if isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(_fields(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound(NOTHING_HERE)
    response = exception_handler(error, view_context)
    if response is None:
        return None
    details = response.data
    is_plain = isinstance(details, dict) and set(details) == {"detail"}
    body: dict[str, Any] = {"success": False, "request_id": context.current().request_id}
    if is_plain:
        body["error"] = str(details["detail"])
    else:
        body["error"] = str(exceptions.ValidationError.default_detail)
        body["fields"] = details if isinstance(details, dict) else {"body": details}
    response.data = body
    return response


def _fields(error: ModelValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else error.messages
