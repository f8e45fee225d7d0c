"""Asks a Chatwoot for its version before anybody depends on it."""

from django.utils.translation import gettext as _

from integrations import http
from integrations.chatwoot.failures import UnreadableReplyError, explained
from integrations.chatwoot.reading import Node, PayloadError
from integrations.chatwoot.versions import Feature, Version, can, numbers_of
from integrations.failures import RemoteError, StatusError
from tenants.models import ChatwootInstallation
from tenants.onboarding import TestFailedError


def try_installation(installation: ChatwootInstallation) -> str:
    """What it can do, as a sentence; TestFailedError with one when it cannot be asked."""
    if not installation.base_url:
        raise TestFailedError(_("Enter the address first."))
    try:
        version = _version_at(installation.base_url)
    except RemoteError as error:
        raise TestFailedError(str(error)) from None
    return sentence_about(version)


def sentence_about(version: Version) -> str:
    """What a Chatwoot of this version can do, and whether to update it."""
    written = ".".join(str(number) for number in version)
    return f"{_('Chatwoot %(version)s answers.') % {'version': written}} {_advice(version)}"


def _version_at(base_url: str) -> Version:
    try:
        reply = http.fetch_once(f"{base_url}/api")
        version = numbers_of(Node(reply.json())["version"].text())
    except StatusError as error:
        raise explained(error, is_message=False) from None
    except PayloadError as error:
        raise UnreadableReplyError(error.path) from None
    if version is None:
        raise UnreadableReplyError("$.version")
    return version


def _advice(version: Version) -> str:
    if not can(version, Feature.AGENT_BOTS):
        return _(
            "Administrators cannot manage agent bots in it and nothing it sends is signed. Update"
            " Chatwoot to 4.13.0 or newer."
        )
    if not can(version, Feature.SIGNED_ACCOUNT_WEBHOOKS):
        return _(
            "Agent bots are supported, but nothing it sends is signed. Update Chatwoot to 4.13.0 or"
            " newer; until then only the secret address of the webhook protects it."
        )
    if not can(version, Feature.SIGNED_BOT_WEBHOOKS):
        return _(
            "Agent bots are supported. It signs what account webhooks send, but not what bots get."
            " Update Chatwoot to 4.13.0 or newer to have both signed."
        )
    if not can(version, Feature.BOT_READS_CONVERSATIONS):
        return _(
            "Agent bots and signatures are supported. Bots read conversations from 4.14.2 on; until"
            " then a connection also needs the token of a person."
        )
    return _("Agent bots and signatures are supported.")
