"""What a person has to do in Chatwoot where we may not, as sentences in the order of doing."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from integrations.chatwoot.surveying import Place, Survey
from integrations.chatwoot.values import AgentBot, Inbox
from integrations.models import Connection

NAME_OF_BOT = "ChatwootAI"


def steps(seen: Survey, places: Iterable[Place]) -> list[str]:
    """For a person who is an administrator in Chatwoot, where the token is of none."""
    name = seen.bot.name if seen.bot else NAME_OF_BOT
    found = []
    if seen.bot is None:
        found += [_how_to_add(name), how_to_copy(name)]
    elif not seen.is_told:
        found.append(how_to_tell(seen.bot))
    found += [_how_to_choose(place, name) for place in places if not place.is_ours]
    return [*found, _("Then test again.")] if found else []


def steps_unseen(connection: Connection) -> list[str]:
    """The same where no token lets us ask what there is."""
    found = [_how_to_add(NAME_OF_BOT)]
    if not connection.bot_token_ref:
        found.append(how_to_copy(NAME_OF_BOT))
    found += [
        _("Choose the bot under Settings → Inboxes → the inbox → Bot configuration."),
        _("Add each of these inboxes here under Channels, with the number in its address."),
    ]
    return found


def _how_to_add(name: str) -> str:
    sentence = _(
        "In Chatwoot, open Settings → Bots and add a bot with the name “%(name)s” and the address"
        " of the webhook, which stands below."
    )
    return sentence % {"name": name}


def _how_to_choose(place: Place, name: str) -> str:
    words = {"inbox": name_of(place.inbox), "bot": name}
    step = _("Open Settings → Inboxes → %(inbox)s → Bot configuration: “%(bot)s”.") % words
    if place.bot is None:
        return step
    other = _("“%(other)s”, which it has now, then answers no more there.")
    return f"{step} {other % {'other': place.bot.name}}"


def how_to_copy(name: str) -> str:
    sentence = _(
        "Copy the access token and the secret of “%(name)s” from Settings → Bots in Chatwoot, and"
        " store both under “Tokens and secrets”."
    )
    return sentence % {"name": name}


def how_to_tell(bot: AgentBot) -> str:
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


def name_of(inbox: Inbox) -> str:
    return f"{inbox.name} ({inbox.id})" if inbox.name else str(inbox.id)
