"""Sets an account of Chatwoot up: its agent bot, the inboxes that have it, and whose they are.

What cannot be done from here, or must not be done without being asked, becomes a step for a person.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.chatwoot import connections
from integrations.chatwoot.client import ChatwootClient
from integrations.chatwoot.surveying import Place, Survey, survey
from integrations.chatwoot.values import AgentBot, Inbox
from integrations.failures import RemoteError
from integrations.models import Connection
from tenants import resolution
from tenants.models import ChannelMapping

NAME_OF_BOT = "ChatwootAI"


@dataclass(slots=True)
class Report:
    """What was done, and what is left for a person to do, as sentences."""

    done: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def attach_bot(
    connection: Connection,
    inbox_ids: Collection[int],
    *,
    may_replace: Collection[int] = (),
    may_redirect: bool = False,
    is_platform: bool = False,
) -> Report:
    """Let our bot have these inboxes, and map them to the company; safe to do twice.

    `may_replace`: inboxes whose present bot may be taken away. `may_redirect`: the bot whose token
    we have may be told our address in the place of another one.
    """
    client = connections.client_of(connection)
    seen = survey(connection, client)
    report = Report()
    chosen = [place for place in seen.places if place.inbox.id in inbox_ids]
    mapped = map_inboxes(
        connection, [place.inbox for place in chosen], report, is_platform=is_platform
    )
    places = [place for place in chosen if place.inbox.id in mapped]
    if not seen.is_administrator:
        report.steps += steps_by_hand(seen, places)
        return report
    bot = _ready_bot(connection, client, seen, report, may_redirect=may_redirect)
    if bot is not None:
        for place in places:
            _attach(client, bot, place, report, may_replace=place.inbox.id in may_replace)
    return report


def map_inboxes(
    connection: Connection, inboxes: Iterable[Inbox], report: Report, *, is_platform: bool
) -> set[int]:
    """The numbers of those whose messages reach a company for which this person may speak."""
    installation, account_id = connection.installation, connection.account_id
    rows = resolution.channels_of(installation, account_id=account_id)
    owners = {row.inbox_id: row.tenant_id for row in rows}
    mapped = set()
    for inbox in inboxes:
        owner = owners.get(inbox.id)
        trouble = ""
        if owner is None:
            trouble = _map(connection, inbox, is_platform=is_platform)
        elif owner != connection.tenant_id and not is_platform:
            trouble = _("It belongs to another company. Ask the platform admin.")
        if trouble:
            report.steps.append(f"{_name_of(inbox)}: {trouble}")
        else:
            mapped.add(inbox.id)
    resolution.forget_unmapped(connection.tenant)
    return mapped


def _map(connection: Connection, inbox: Inbox, *, is_platform: bool) -> str:
    """Why not, as a sentence."""
    key: dict[str, Any] = {
        "installation": connection.installation,
        "account_id": connection.account_id,
        "inbox_id": inbox.id,
    }
    if not resolution.may_map(connection.tenant, is_platform=is_platform, **key):
        return _("Only the platform admin may give this inbox to your company. Ask for it.")
    row = ChannelMapping(tenant=connection.tenant, name=inbox.name[:120], **key)
    try:
        row.full_clean()
    except ValidationError as error:
        return " ".join(error.messages)
    row.save()
    return ""


def _ready_bot(
    connection: Connection,
    client: ChatwootClient,
    seen: Survey,
    report: Report,
    *,
    may_redirect: bool,
) -> AgentBot | None:
    """Our bot, sending to us, its token and secret stored; None when that takes a person."""
    bot = seen.bot
    if bot is None:
        bot = client.create_agent_bot(
            name=NAME_OF_BOT,
            description=_("Answers customers"),
            outgoing_url=connections.webhook_address(connection),
        )
        report.done.append(_("The bot “%(name)s” was created.") % {"name": bot.name})
    elif not seen.is_told:
        if not _may_be_told(bot, may_redirect=may_redirect):
            report.steps.append(_how_to_tell(bot))
            return None
        address = connections.webhook_address(connection)
        bot = client.update_agent_bot(bot.id, outgoing_url=address)
        report.done.append(_("“%(name)s” now tells us what happens.") % {"name": bot.name})
    _keep(connection, bot)
    if not connection.bot_token_ref:
        report.steps.append(_how_to_copy(bot.name))
    return bot


def _may_be_told(bot: AgentBot, *, may_redirect: bool) -> bool:
    """A bot of the whole Chatwoot is not the account's to change."""
    return bot.account_id is not None and (may_redirect or not bot.outgoing_url)


def _keep(connection: Connection, bot: AgentBot) -> None:
    """Secrets that are known stay valid: other webhooks of the account have their own."""
    known = [secret.text for secret in connections.secrets_of(connection)]
    new = [bot.secret.text] if bot.secret is not None and bot.secret.text not in known else []
    connection.bot_id = bot.id
    connections.keep_tokens(
        connection,
        bot_token=bot.access_token.text if bot.access_token else None,
        secrets=[*new, *known] if new else None,
    )
    connection.save()


def _attach(
    client: ChatwootClient, bot: AgentBot, place: Place, report: Report, *, may_replace: bool
) -> None:
    words = {"inbox": _name_of(place.inbox), "bot": bot.name}
    if place.is_ours:
        report.done.append(_("%(inbox)s already has “%(bot)s”.") % words)
    elif place.bot is not None and not may_replace:
        sentence = _(
            "%(inbox)s has the bot “%(other)s”, which was left there. Choose “replace” to have"
            " “%(bot)s” in its place."
        )
        report.steps.append(sentence % {**words, "other": place.bot.name})
    else:
        client.attach_agent_bot(place.inbox.id, bot.id)
        report.done.append(_("%(inbox)s has “%(bot)s” now.") % words)


def steps_by_hand(seen: Survey, places: Iterable[Place]) -> list[str]:
    """For a person who is an administrator in Chatwoot, where the token is of none."""
    name = seen.bot.name if seen.bot else NAME_OF_BOT
    steps = []
    if seen.bot is None:
        steps += [_how_to_add(name), _how_to_copy(name)]
    elif not seen.is_told:
        steps.append(_how_to_tell(seen.bot))
    steps += [_how_to_choose(place, name) for place in places if not place.is_ours]
    return [*steps, _("Then test again.")] if steps else []


def steps_unseen(connection: Connection) -> list[str]:
    """The same where no token lets us ask what there is."""
    steps = [_how_to_add(NAME_OF_BOT)]
    if not connection.bot_token_ref:
        steps.append(_how_to_copy(NAME_OF_BOT))
    steps += [
        _("Choose the bot under Settings → Inboxes → the inbox → Bot configuration."),
        _("Add each of these inboxes here under Channels, with the number in its address."),
    ]
    return steps


def _how_to_add(name: str) -> str:
    sentence = _(
        "In Chatwoot, open Settings → Bots and add a bot with the name “%(name)s” and the address"
        " of the webhook, which stands below."
    )
    return sentence % {"name": name}


def _how_to_choose(place: Place, name: str) -> str:
    words = {"inbox": _name_of(place.inbox), "bot": name}
    step = _("Open Settings → Inboxes → %(inbox)s → Bot configuration: “%(bot)s”.") % words
    if place.bot is None:
        return step
    other = _("“%(other)s”, which it has now, then answers no more there.")
    return f"{step} {other % {'other': place.bot.name}}"


def _how_to_copy(name: str) -> str:
    sentence = _(
        "Copy the access token and the secret of “%(name)s” from Settings → Bots in Chatwoot, and"
        " store both under “Tokens and secrets”."
    )
    return sentence % {"name": name}


def _how_to_tell(bot: AgentBot) -> str:
    if bot.account_id is None:
        sentence = _(
            "“%(name)s” is a bot of the whole Chatwoot. Whoever operates Chatwoot must enter the"
            " address of the webhook there; better use a bot of the account."
        )
    else:
        sentence = _(
            "“%(name)s” sends to another address. Allow that it sends here, or enter the address of"
            " the webhook in Chatwoot under Settings → Bots."
        )
    return sentence % {"name": bot.name}


def renew_address(connection: Connection) -> Report:
    """A new address, which the bot is told where the token allows it."""
    seen, client = _survey_if_possible(connection), connections.client_of(connection)
    connections.renew_address(connection)
    report = Report()
    bot = seen.bot if seen is not None and seen.is_administrator and seen.is_told else None
    if bot is not None and bot.account_id is not None:
        try:
            address = connections.webhook_address(connection)
            client.update_agent_bot(bot.id, outgoing_url=address)
        except RemoteError as error:
            report.steps.append(str(error))
        else:
            report.done.append(_("“%(name)s” was told the new address.") % {"name": bot.name})
            return report
    report.steps.append(
        _(
            "Enter the new address in Chatwoot wherever the old one stands: Settings → Bots, and"
            " Settings → Integrations → Webhooks. Until then nothing arrives."
        )
    )
    return report


def _survey_if_possible(connection: Connection) -> Survey | None:
    try:
        return survey(connection)
    except RemoteError:
        return None


def _name_of(inbox: Inbox) -> str:
    return f"{inbox.name} ({inbox.id})" if inbox.name else str(inbox.id)
