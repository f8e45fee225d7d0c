"""What can go wrong when Chatwoot is asked, as callers see it and as staff read it."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.failures import NotJsonError, RemoteError, StatusError

LIMIT_SECONDS = 60.0
LONGEST_NAME = 60
MOST_NAMES = 10
# Refused before Chatwoot looked at what was asked, by itself or by the proxy in front of it.
REFUSED_AT_THE_DOOR = frozenset({400, 405, 411, 413, 414, 415, 431})


class Refusal(StrEnum):
    TOKEN = "token"  # noqa: S105  a reason, no secret
    RIGHTS = "rights"
    NOT_FOR_BOTS = "not for bots"
    FOREIGN_BOT = "foreign bot"
    SUSPENDED = "suspended"
    PLAN = "plan"
    FEATURE = "feature"
    UNKNOWN = "unknown"
    VALUES = "values"
    TOO_MANY_MESSAGES = "too many messages"
    FEWER_CALLS = "fewer calls"
    UNCLEAR = "unclear"
    REDIRECT = "redirect"
    FAILED = "failed"
    OTHER = "other"


SENTENCES: Mapping[Refusal, Any] = {
    Refusal.TOKEN: _(
        "Chatwoot does not know this token. Copy it again: a bot's under Settings → Bots, a"
        " person's from the profile page. If it is right, let the proxy in front of Chatwoot pass"
        " the header “api_access_token”."
    ),
    Refusal.RIGHTS: _(
        "The owner of the token may not do this in Chatwoot. Make that person an administrator, or"
        " a member of the inbox."
    ),
    Refusal.NOT_FOR_BOTS: _(
        "Chatwoot does not let bots do this. Store the token of a person as well, or update"
        " Chatwoot."
    ),
    Refusal.FOREIGN_BOT: _(
        "The bot does not belong to this account of Chatwoot. Check the account number, or connect"
        " the bot to an inbox of the account."
    ),
    Refusal.SUSPENDED: _("The account is suspended in Chatwoot. Ask whoever operates Chatwoot."),
    Refusal.PLAN: _("The plan of the account in Chatwoot does not include this. Change the plan."),
    Refusal.FEATURE: _(
        "This is switched off in the account of Chatwoot. Switch the feature on there."
    ),
    Refusal.UNKNOWN: _(
        "Chatwoot does not know this address, account or conversation (status 404). Check the"
        " address and the account number."
    ),
    Refusal.VALUES: _("Chatwoot refused these values: %(names)s. Correct them."),
    Refusal.TOO_MANY_MESSAGES: _(
        "The conversation had too many messages within a minute. Check whether two bots answer"
        " each other."
    ),
    Refusal.FEWER_CALLS: _("Chatwoot asks for fewer calls. Try again later."),
    Refusal.UNCLEAR: _(
        "Chatwoot refused the message, but may have taken it. Look at the conversation before"
        " sending it again."
    ),
    Refusal.REDIRECT: _(
        "Chatwoot answers from another address. Enter the address to which the browser leads,"
        " beginning with https."
    ),
    Refusal.FAILED: _("Chatwoot failed (status %(status)s). Try again later."),
    Refusal.OTHER: _(
        "Chatwoot refused the request (status %(status)s). Check the address and the version."
    ),
}
# Chatwoot's own words for why it refused a token; the status alone does not tell.
BY_WORDS: Mapping[str, Refusal] = {
    "not authorized for bots": Refusal.NOT_FOR_BOTS,
    "bot is not authorized": Refusal.FOREIGN_BOT,
    "suspended": Refusal.SUSPENDED,
    "not authorized to do this": Refusal.RIGHTS,
}
BY_STATUS: Mapping[int, Refusal] = {
    401: Refusal.TOKEN,
    402: Refusal.PLAN,
    403: Refusal.FEATURE,
    404: Refusal.UNKNOWN,
    422: Refusal.VALUES,
    429: Refusal.FEWER_CALLS,
}
DEFINITE = frozenset(SENTENCES) - {Refusal.UNCLEAR, Refusal.FAILED, Refusal.OTHER}


class ChatwootStatusError(StatusError):
    """Chatwoot answered, and refused or failed. `refusal` says why.

    `outcome_unknown` goes before `permanent`: look for the message first, then decide.
    """

    def __init__(self, error: StatusError, refusal: Refusal, names: tuple[str, ...] = ()) -> None:
        super().__init__(
            error.reply, retry_after=error.retry_after, outcome_unknown=error.outcome_unknown
        )
        self.refusal = refusal
        self.names = names

    def __str__(self) -> str:
        words = {"status": self.status, "names": ", ".join(self.names) or "?"}
        return str(SENTENCES[self.refusal]) % words


class UnreadableReplyError(RemoteError):
    """The answer lacks a field, or has another kind of value there; `path` says where."""

    sentence = _(
        "Chatwoot answered something unexpected (%(path)s). Check that the address is that of a"
        " Chatwoot, of a supported version."
    )

    def __init__(self, path: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(outcome_unknown=outcome_unknown)
        self.path = path
        self.permanent = not outcome_unknown

    def __str__(self) -> str:
        return str(self.sentence) % {"path": self.path}


class TokenMissingError(RemoteError):
    """Nothing was asked. `operation` is the method that wanted the token."""

    sentence = _(
        "This needs the token of a person in Chatwoot, which the connection does not have. Copy it"
        " from the profile page of a person who is a member of the inboxes, and store it."
    )
    permanent = True

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation


class BotTokenMissingError(TokenMissingError):
    sentence = _(
        "This needs the token of an agent bot, which the connection does not have. Create the bot"
        " in Chatwoot under Settings → Bots, and store its token."
    )


class UnfitMessageError(RemoteError):
    """Nothing was asked."""

    sentence = _(
        "Chatwoot takes messages of at most 150,000 characters and 15 files. Shorten the message."
    )
    permanent = True


class UnknownAssigneeError(RemoteError):
    """Chatwoot answers an unknown number by taking away the present assignee."""

    sentence = _(
        "Chatwoot knows no such person, bot or team in this account, so the conversation is"
        " assigned to nobody now. Choose another one."
    )
    permanent = True


class TooMuchToReadError(RemoteError):
    sentence = _(
        "The conversation has too many messages to be read at once. Read a shorter part of it."
    )
    permanent = True


def explained(error: StatusError, *, is_message: bool) -> ChatwootStatusError:
    """What a status of Chatwoot means. Few statuses are a definite no to a message."""
    body = _body_of(error)
    refusal = _refusal_in(error.status or 0, body, is_message=is_message)
    found = ChatwootStatusError(error, refusal, _names_in(body))
    if refusal == Refusal.TOO_MANY_MESSAGES:
        found.permanent = False
        found.retry_after = found.retry_after or LIMIT_SECONDS
    if is_message and refusal not in DEFINITE and error.status not in REFUSED_AT_THE_DOOR:
        found.permanent = False
        found.outcome_unknown = True
    return found


def _refusal_in(status: int, body: Mapping[str, Any], *, is_message: bool) -> Refusal:
    words = " ".join(_texts_in(body)).lower()
    if status >= 500:
        return Refusal.FAILED
    if 300 <= status < 400:
        return Refusal.REDIRECT
    if status == 401:
        found = (refusal for part, refusal in BY_WORDS.items() if part in words)
        return next(found, Refusal.TOKEN)
    if status == 422 and "too many messages" in words:
        return Refusal.TOO_MANY_MESSAGES
    if status == 422 and is_message and not isinstance(body.get("attributes"), list):
        return Refusal.UNCLEAR
    return BY_STATUS.get(status, Refusal.OTHER)


def _body_of(error: StatusError) -> Mapping[str, Any]:
    try:
        body = error.reply.json()
    except NotJsonError:
        return {}
    return body if isinstance(body, dict) else {}


def _texts_in(body: Mapping[str, Any]) -> list[str]:
    values = [body.get("error"), body.get("message")]
    return [value[:500] for value in values if isinstance(value, str)]


def _names_in(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Of attributes, and nothing else that the server may write there."""
    found = body.get("attributes")
    names = found if isinstance(found, list) else []
    plain = (n for n in names if isinstance(n, str) and re.fullmatch(r"[a-z][a-z0-9_.]*", n))
    return tuple(name[:LONGEST_NAME] for name in plain)[:MOST_NAMES]
