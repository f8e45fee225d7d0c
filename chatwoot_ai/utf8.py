"""The WSGI application: Django's, with two differences.

All text is UTF-8 whatever charset a request names: some names are codecs that make no text, and
Django asks them before any middleware is there. And what programs send to our doors passes a short
chain of middleware, for sessions, pages and signed-in people are no matter there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.urls import set_urlconf
from django.utils.module_loading import import_string

DOORS = "/webhooks/"

Respond = Callable[[HttpRequest], Any]


def make_application() -> WSGIHandler:
    django.setup(set_prefix=False)
    return Utf8Handler()


class Utf8Request(WSGIRequest):
    @property
    def encoding(self) -> str:
        return "utf-8"

    @encoding.setter
    def encoding(self, name: str) -> None:
        pass


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request
    _to_doors: Respond

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        self._to_doors = _chain(settings.DOOR_MIDDLEWARE, self._answer)

    def _answer(self, request: HttpRequest) -> Any:
        return self._get_response(request)  # type: ignore[attr-defined]  # of Django's base

    def get_response(self, request: Any) -> Any:
        if not request.path_info.startswith(DOORS):
            return super().get_response(request)
        set_urlconf(settings.ROOT_URLCONF)
        response = self._to_doors(request)
        response._resource_closers.append(request.close)
        return response


def _chain(names: Iterable[str], respond: Respond) -> Respond:
    """These classes do all they do around the response, so no other hooks are looked for."""
    inner = convert_exception_to_response(respond)
    for name in reversed(list(names)):
        inner = convert_exception_to_response(import_string(name)(inner))
    return inner
