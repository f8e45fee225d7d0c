"""What an account of Chatwoot has: our bot, its inboxes, and whom each of them belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from integrations.chatwoot import connections
from integrations.chatwoot.client import ChatwootClient
from integrations.chatwoot.values import AgentBot, Inbox
from integrations.models import Connection
from integrations.models.connection import digest_of
from tenants import resolution
from tenants.models import ChannelMapping

MOST_INBOXES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """An inbox as Chatwoot has it. `channel` is what leads from it to a company here."""

    inbox: Inbox
    bot: AgentBot | None
    is_ours: bool
    channel: ChannelMapping | None


@dataclass(frozen=True, slots=True)
class Survey:
    """An account before anything is changed in it. `bot` is ours, if the account has it.

    `is_told`: that bot sends to us what happens.
    """

    is_administrator: bool
    bot: AgentBot | None
    is_told: bool
    places: tuple[Place, ...]


def survey(connection: Connection, client: ChatwootClient | None = None) -> Survey:
    """RemoteError when Chatwoot does not answer, or not to this token."""
    client = client or connections.client_of(connection)
    is_administrator = client.profile().is_administrator(connection.account_id)
    bot = _own_bot(connection, client.agent_bots())
    channels = resolution.channels_of(connection.installation, account_id=connection.account_id)
    channel_of = {row.inbox_id: row for row in channels}
    places = []
    for inbox in client.inboxes()[:MOST_INBOXES]:
        present = client.agent_bot_of_inbox(inbox.id)
        is_ours = present is not None and bot is not None and present.id == bot.id
        places.append(Place(inbox, present, is_ours, channel_of.get(inbox.id)))
    is_told = bot is not None and leads_here(connection, bot.outgoing_url)
    return Survey(is_administrator, bot, is_told, tuple(places))


def leads_here(connection: Connection, url: str) -> bool:
    """By its secret part: the host may be another one, for example within a private network."""
    token = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return digest_of(token) == connection.address_digest


def _own_bot(connection: Connection, bots: Iterable[AgentBot]) -> AgentBot | None:
    """The one with the token or the number we know, else the one that already sends to us."""
    token = connections.door_to(connection.pk).bot_token
    rows = tuple(bots)
    by_token = (bot for bot in rows if token and bot.access_token == token)
    by_number = (bot for bot in rows if bot.id == connection.bot_id)
    by_address = (bot for bot in rows if leads_here(connection, bot.outgoing_url))
    for found in (by_token, by_number, by_address):
        bot = next(found, None)
        if bot is not None:
            return bot
    return None
