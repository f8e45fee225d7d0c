"""What was found when a right of a connection was tried, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

TITLES: Mapping[str, Any] = {
    "address": _("Address of Chatwoot"),
    "signature": _("Signed deliveries"),
    "bot_token": _("Token of the agent bot"),
    "bot_account": _("Account of the agent bot"),
    "user_token": _("Token of a person"),
    "role": _("Role of that person"),
    "conversations": _("Reading conversations"),
    "inboxes": _("Inboxes"),
    "bot_address": _("Address in the agent bot"),
    "attached": _("Bot of the inboxes"),
    "webhook": _("Webhook"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """`ok` is None where nothing is wrong but not everything is known or set either."""

    name: str
    ok: bool | None
    sentence: str


def failed(checks: Iterable[Check]) -> list[Check]:
    return [row for row in checks if row.ok is False]
