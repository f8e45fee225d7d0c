"""Tries each right that a connection needs, and says in sentences what works and what to do."""

from collections.abc import Iterator
from dataclasses import asdict, replace

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import circuit_breaker
from integrations.chatwoot import connections, reach
from integrations.chatwoot.checks import Check
from integrations.chatwoot.client import SERVICE, ChatwootClient
from integrations.chatwoot.connections import Door
from integrations.chatwoot.failures import ChatwootStatusError, Refusal, UnreadableReplyError
from integrations.chatwoot.trying import sentence_about
from integrations.chatwoot.values import Profile
from integrations.chatwoot.versions import Feature, Version, can, numbers_of
from integrations.failures import RemoteError
from integrations.models import Breaker, Connection

# No conversation has this number, so asking for it tells rights and nothing else.
NO_CONVERSATION = 0
MOST_ACCOUNTS = 20


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
        reach.learn(connection, name=names.get(door.account_id, "")[:120])
        yield reach.conversations(client)
        yield from reach.inboxes(connection, client)
    yield reach.webhook(connection)


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
    numbers = ", ".join(str(row.account_id) for row in profile.accounts[:MOST_ACCOUNTS])
    sentence = _(
        "%(name)s does not belong to the account %(number)s, but to: %(numbers)s. Correct the"
        " number of the account, or store the token of somebody who belongs to it."
    )
    words = {"name": profile.name, "number": account_id, "numbers": numbers or "–"}
    return Check("role", False, sentence % words)
