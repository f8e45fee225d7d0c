"""Reading the bodies that machines send."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser


class SteadyJSONParser(JSONParser):
    """One object in UTF-8; whatever else comes is the sender's mistake."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        # JSON is UTF-8; a charset of the sender's choice may name a codec that makes no text.
        steady = {**(parser_context or {}), "encoding": "utf-8"}
        try:
            body = super().parse(stream, media_type, steady)
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
        if not isinstance(body, dict):
            raise ValidationError({"body": [_("Send an object, written as {…}.")]})
        return body
