"""Reading the bodies that machines send."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class SteadyJSONParser(JSONParser):
    """A body nested too deeply for Python is the sender's mistake."""

    def parse(self, *args: Any, **options: Any) -> Any:
        try:
            return super().parse(*args, **options)
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
