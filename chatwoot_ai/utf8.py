"""The WSGI application: Django's, except that all text is UTF-8 whatever charset a request names.

Some names are codecs that make no text, and Django asks them before any middleware is there.
"""

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


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
