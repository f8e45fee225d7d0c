"""The settings that a domain, a company or a channel may choose: one literal table.

A part of the product that needs a setting adds a line here; forms, files, checks and the page of
effective values follow. What nobody chose has the default of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Choices = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Option:
    kind: type
    default: Any
    label: Any
    help_text: Any = ""
    choices: Choices = ()
    longest: int = 2_000

    def complaint(self, value: Any) -> str:
        """What is wrong with a value, as a sentence; empty when it may stand."""
        if type(value) is not self.kind:
            return gettext("Write %(kind)s here.") % {"kind": KINDS[self.kind]}
        if self.choices and value not in dict(self.choices):
            allowed = ", ".join(key for key, _label in self.choices)
            return gettext("“%(value)s” is not allowed. Allowed: %(allowed)s.") % {
                "value": value,
                "allowed": allowed,
            }
        if isinstance(value, str) and len(value) > self.longest:
            return gettext("At most %(most)d characters.") % {"most": self.longest}
        return ""


KINDS: Mapping[type, Any] = {
    bool: _("true or false"),
    str: _("a text"),
    int: _("a whole number"),
}

OUTSIDE_HOURS: Choices = (
    ("answer", _("Answer as usual")),
    ("collect", _("Take the request and say when somebody will be there")),
    ("silent", _("Say nothing")),
)

OPTIONS: Mapping[str, Option] = {
    "outside_hours": Option(
        str,
        "answer",
        _("Outside business hours"),
        _("What happens to a message while the company is closed."),
        OUTSIDE_HOURS,
    ),
    "outside_hours_text": Option(
        str,
        "",
        _("Text outside business hours"),
        _("Sent when the request is only taken. Empty: a plain sentence with the next opening."),
    ),
    "mask_personal_data": Option(
        bool,
        False,
        _("Mask personal data in prompts"),
        _("CPF, cards, phone numbers and e-mails are covered before a model reads them."),
    ),
}


def defaults() -> dict[str, Any]:
    return {key: option.default for key, option in OPTIONS.items()}
