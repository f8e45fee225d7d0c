"""Tries each right that a connection needs, and says in sentences what works and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import circuit_breaker
from integrations.chatwoot import connections
from integrations.chatwoot.client import SERVICE, ChatwootClient
from integrations.chatwoot.connections import Door
from integrations.chatwoot.failures import ChatwootStatusError, Refusal, UnreadableReplyError
from integrations.chatwoot.surveying import Place, Survey, survey
from integrations.chatwoot.trying import sentence_about
from integrations.chatwoot.values import Profile
from integrations.chatwoot.versions import Feature, Version, can, numbers_of
from integrations.failures import RemoteError
from integrations.models import Breaker, Connection
from tenants import resolution

# No conversation has this number, so asking for it tells rights and nothing else.
NO_CONVERSATION = 0
MOST_INBOXES = 50
TITLES: Mapping[str, Any] = {
    "address": gettext_lazy("Address of Chatwoot"),
    "signature": gettext_lazy("Signed deliveries"),
    "bot_token": gettext_lazy("Token of the agent bot"),
    "bot_account": gettext_lazy("Account of the agent bot"),
    "user_token": gettext_lazy("Token of a person"),
    "role": gettext_lazy("Role of that person"),
    "conversations": gettext_lazy("Reading conversations"),
    "inboxes": gettext_lazy("Inboxes"),
    "bot_address": gettext_lazy("Address in the agent bot"),
    "attached": gettext_lazy("Bot of the inboxes"),
    "webhook": gettext_lazy("Webhook"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """`ok` is None where nothing is wrong but not everything is known or set either."""

    name: str
    ok: bool | None
    sentence: str


def check(connection: Connection) -> list[Check]:
    """What was found, which is also noted on the connection. Only reads in Chatwoot."""
    _forget_pause(connection)
    text, door = "", connections.door_to(connection.pk)
    try:
        text = door.client().version()
        checks = list(_checks(connection, door, _numbers_in(text)))
    except RemoteError as error:
        checks = [Check("address", False, str(error))]
    noted = {"checks": [asdict(row) for row in checks], "checked_at": timezone.now()}
    Connection.objects.filter(pk=connection.pk).note(**noted, version=text[:40])
    return checks


def failed(checks: Iterable[Check]) -> list[Check]:
    return [row for row in checks if row.ok is False]


def _forget_pause(connection: Connection) -> None:
    """Whoever tests by hand wants to know how it is now."""
    paused = Breaker.objects.about(
        connection.tenant, service=SERVICE, connection=connection.key
    ).first()
    if paused is not None:
        circuit_breaker.try_again(paused)


def _numbers_in(text: str) -> Version:
    version = numbers_of(text)
    if version is None:
        raise UnreadableReplyError("$.version")
    return version


def _checks(connection: Connection, door: Door, version: Version) -> Iterator[Check]:
    client = door.client()
    person, found = _person(door, client)
    yield Check("address", can(version, Feature.AGENT_BOTS), sentence_about(version))
    yield _signature(door, version)
    yield from _bot(door, version, is_account_known=found is not None)
    yield from person
    if found is not None:
        names = {row.account_id: row.name for row in found.accounts}
        _learn(connection, name=names.get(door.account_id, "")[:120])
        yield _conversations(client)
        yield from _inboxes(connection, client)
    yield _webhook(connection)


def _learn(connection: Connection, **values: Any) -> None:
    """What nobody entered; without its number our own bot could not be told from others."""
    new = {name: value for name, value in values.items() if value and not getattr(connection, name)}
    for name, value in new.items():
        setattr(connection, name, value)
    if new:
        connection.save(update_fields=list(new))


def _signature(door: Door, version: Version) -> Check:
    can_sign = can(version, Feature.SIGNED_BOT_WEBHOOKS)
    if not door.is_signed:
        return Check("signature", None, _without_signature(can_sign=can_sign))
    if not can_sign:
        sentence = _(
            "This Chatwoot does not sign what bots get, so everything would be refused. Update it"
            " to 4.13.0 or newer, or say in the connection that deliveries are not signed."
        )
        return Check("signature", False, sentence)
    if not door.secrets:
        sentence = _(
            "No secret is stored, so everything that arrives is refused. Let the bot be created"
            " here, or copy its secret from Settings → Bots and store it."
        )
        return Check("signature", False, sentence)
    sentence = _("What arrives must be signed. Secrets that are known: %(count)d.")
    return Check("signature", True, sentence % {"count": len(door.secrets)})


def _without_signature(*, can_sign: bool) -> str:
    plain = _("Only the secret address of the webhook protects this connection.")
    if can_sign:
        more = _(
            "This Chatwoot can sign: store the secret of the bot, and say that deliveries are"
            " signed."
        )
    else:
        more = _("Show the address to nobody, and update Chatwoot to 4.13.0 or newer.")
    return f"{plain} {more}"


def _bot(door: Door, version: Version, *, is_account_known: bool) -> Iterator[Check]:
    if door.bot_token is None:
        sentence = _(
            "There is none, so nothing can be sent. Let the bot be created here, or copy the token"
            " of yours from Settings → Bots and store it."
        )
        yield Check("bot_token", False, sentence)
        return
    # In the place of a person's, to see what Chatwoot says about it.
    client = replace(door, user_token=door.bot_token).client()
    trouble = _no_bots_token(client)
    if trouble:
        yield Check("bot_token", False, trouble)
        return
    yield Check("bot_token", True, _("Chatwoot knows it."))
    yield _account_of_bot(client, version, is_account_known=is_account_known)


def _no_bots_token(client: ChatwootClient) -> str:
    """Chatwoot shows no bot a profile, whatever its version: a refusal says that it is one."""
    try:
        profile = client.profile()
    except ChatwootStatusError as error:
        return "" if error.refusal == Refusal.NOT_FOR_BOTS else str(error)
    except RemoteError as error:
        return str(error)
    sentence = _(
        "This is the token of a person, %(name)s. What is sent with it counts as written by that"
        " person. Store the token of an agent bot: Settings → Bots."
    )
    return sentence % {"name": profile.name}


def _account_of_bot(client: ChatwootClient, version: Version, *, is_account_known: bool) -> Check:
    name = "bot_account"
    later = _("Whether the bot belongs to the account shows when it first answers.")
    if not can(version, Feature.BOT_READS_CONVERSATIONS):
        return Check(name, None, later)
    try:
        client.conversation(NO_CONVERSATION)
    except ChatwootStatusError as error:
        if error.refusal != Refusal.UNKNOWN:
            return Check(name, False, str(error))
    except RemoteError as error:
        return Check(name, False, str(error))
    if not is_account_known:
        return Check(name, None, later)
    return Check(name, True, _("The bot may speak in this account."))


def _person(door: Door, client: ChatwootClient) -> tuple[list[Check], Profile | None]:
    """The checks, and who it is if that person belongs to the account."""
    if door.user_token is None:
        sentence = _(
            "There is none. Without it nothing that was missed can be read, and the bot has to be"
            " set up by hand. Copy it from the profile page of a person in Chatwoot and store it."
        )
        return [Check("user_token", None, sentence)], None
    try:
        profile = client.profile()
    except ChatwootStatusError as error:
        sentence = _(
            "This is the token of a bot. Store the one from the profile page of a person here."
        )
        is_bot = error.refusal == Refusal.NOT_FOR_BOTS
        return [Check("user_token", False, sentence if is_bot else str(error))], None
    except RemoteError as error:
        return [Check("user_token", False, str(error))], None
    known = Check("user_token", True, _("It belongs to %(name)s.") % {"name": profile.name})
    role = _role(door.account_id, profile)
    return [known, role], None if role.ok is False else profile


def _role(account_id: int, profile: Profile) -> Check:
    if profile.is_administrator(account_id):
        return Check("role", True, _("An administrator, who may set up bots and inboxes."))
    if any(row.account_id == account_id for row in profile.accounts):
        sentence = _(
            "A member, no administrator: the bot has to be set up by hand, and only inboxes of"
            " which that person is a member can be read."
        )
        return Check("role", None, sentence)
    numbers = ", ".join(str(row.account_id) for row in profile.accounts[:MOST_INBOXES])
    sentence = _(
        "%(name)s does not belong to the account %(number)s, but to: %(numbers)s. Correct the"
        " number of the account, or store the token of somebody who belongs to it."
    )
    words = {"name": profile.name, "number": account_id, "numbers": numbers or "–"}
    return Check("role", False, sentence % words)


def _conversations(client: ChatwootClient) -> Check:
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


def _inboxes(connection: Connection, client: ChatwootClient) -> Iterator[Check]:
    try:
        seen = survey(connection, client)
    except RemoteError as error:
        yield Check("inboxes", False, str(error))
        return
    if seen.bot is not None:
        _learn(connection, bot_id=seen.bot.id)
    mapped = resolution.channels_of(connection.installation, account_id=connection.account_id)
    numbers = {row.inbox_id for row in mapped if row.inbox_id}
    yield _reachable(seen, numbers, has_channels=bool(mapped))
    yield _address_of_bot(seen)
    yield _attached(seen, numbers)


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


def _webhook(connection: Connection) -> Check:
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
    return ", ".join(rows[:MOST_INBOXES]) or "–"


def _moment(when: Any) -> str:
    return formats.date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
