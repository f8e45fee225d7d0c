"""Tries whether messages get through: conversations, inboxes, their bot, and its webhook."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.chatwoot.checks import Check
from integrations.chatwoot.client import ChatwootClient
from integrations.chatwoot.surveying import Place, Survey, survey
from integrations.failures import RemoteError
from integrations.models import Connection
from tenants import resolution

MOST_NAMED = 50


def conversations(client: ChatwootClient) -> Check:
    name = "conversations"
    try:
        page = client.conversations()
        for row in page.conversations[:1]:
            client.messages(row.id)
    except RemoteError as error:
        return Check(name, False, str(error))
    if not page.conversations:
        return Check(name, True, _("They can be listed. There is none yet."))
    return Check(name, True, _("Conversations and their messages can be read."))


def inboxes(connection: Connection, client: ChatwootClient) -> Iterator[Check]:
    try:
        seen = survey(connection, client)
    except RemoteError as error:
        yield Check("inboxes", False, str(error))
        return
    if seen.bot is not None:
        learn(connection, bot_id=seen.bot.id)
    mapped = resolution.channels_of(connection.installation, account_id=connection.account_id)
    numbers = {row.inbox_id for row in mapped if row.inbox_id}
    yield _reachable(seen, numbers, has_channels=bool(mapped))
    yield _address_of_bot(seen)
    yield _attached(seen, numbers)


def learn(connection: Connection, **values: Any) -> None:
    """What nobody entered; without its number our own bot could not be told from others."""
    new = {name: value for name, value in values.items() if value and not getattr(connection, name)}
    for name, value in new.items():
        setattr(connection, name, value)
    if new:
        connection.save(update_fields=list(new))


def _reachable(seen: Survey, numbers: set[int], *, has_channels: bool) -> Check:
    name = "inboxes"
    missing = sorted(numbers - {place.inbox.id for place in seen.places})
    if missing:
        sentence = _(
            "That person does not see these inboxes: %(numbers)s. Make the person a member of them"
            " in Chatwoot, or correct the numbers under Channels."
        )
        return Check(name, False, sentence % {"numbers": _some(missing)})
    if not has_channels:
        return Check(name, False, _("No inbox is connected yet. Choose some in the next step."))
    sentence = _("All channels are among the inboxes that Chatwoot shows: %(count)d.")
    return Check(name, True, sentence % {"count": len(seen.places)})


def _address_of_bot(seen: Survey) -> Check:
    name, bot = "bot_address", seen.bot
    if bot is None:
        sentence = _(
            "It is not known which bot of the account is ours. Let it be created here, or store its"
            " number and token."
        )
        return Check(name, False, sentence)
    words = {"name": bot.name}
    if bot.account_id is None:
        sentence = _(
            "“%(name)s” is a bot of the whole Chatwoot, whose secret nobody can read. Use a bot of"
            " the account."
        )
        return Check(name, None, sentence % words)
    if seen.is_told:
        return Check(name, True, _("“%(name)s” tells us what happens.") % words)
    sentence = _(
        "“%(name)s” sends what happens to another address. Attach it in the next step, or enter the"
        " address of the webhook in Chatwoot under Settings → Bots."
    )
    return Check(name, False, sentence % words)


def _attached(seen: Survey, numbers: set[int]) -> Check:
    name = "attached"
    places = [place for place in seen.places if not numbers or place.inbox.id in numbers]
    with_us = [place.inbox.name for place in places if place.is_ours]
    others = [place for place in places if not place.is_ours]
    if not with_us or (numbers and others):
        sentence = _("Our bot is missing in: %(inboxes)s. Attach it in the next step.")
        return Check(name, False, sentence % {"inboxes": _some(_in_words(p) for p in others)})
    sentence = _(
        "Our bot has: %(inboxes)s. Chatwoot's own assistant, Captain, cannot be seen from here:"
        " switch it off in these inboxes, or both answer."
    )
    return Check(name, True, sentence % {"inboxes": _some(with_us)})


def _in_words(place: Place) -> str:
    if place.bot is None:
        return place.inbox.name
    return _("%(inbox)s (has the bot “%(bot)s”)") % {
        "inbox": place.inbox.name,
        "bot": place.bot.name,
    }


def webhook(connection: Connection) -> Check:
    if connection.webhook_seen_at is not None:
        sentence = _("First seen on %(first)s, the last event came on %(last)s.")
        last = connection.last_event_at or connection.webhook_seen_at
        words = {"first": _moment(connection.webhook_seen_at), "last": _moment(last)}
        return Check("webhook", True, sentence % words)
    sentence = _(
        "Nothing has arrived yet. Write a message in one of the inboxes. If nothing comes, look"
        " whether Chatwoot can reach %(host)s: from 4.14.0 on it calls no private addresses unless"
        " SAFE_FETCH_ALLOW_PRIVATE_NETWORK is set there."
    )
    return Check("webhook", None, sentence % {"host": urlsplit(settings.PUBLIC_URL).netloc})


def _some(values: Iterable[Any]) -> str:
    rows = [str(value) for value in values]
    return ", ".join(rows[:MOST_NAMED]) or "–"


def _moment(when: Any) -> str:
    return formats.date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
