"""A conversation by the number that people see in Chatwoot, which repeats between accounts."""

from django.utils.translation import gettext as _

from crews.models import Conversation
from tenants.models import Tenant

MOST_NAMED = 20


class NoConversationError(LookupError):
    """The company has none of this number; whether another one has is not told."""


class SeveralConversationsError(LookupError):
    """The number alone does not say which one is meant; the message names the accounts."""


def conversation_of(
    tenant: Tenant, number: int, *, account: int | None = None, installation: str = ""
) -> Conversation:
    rows = Conversation.objects.for_tenant(tenant).filter(number=number)
    if account is not None:
        rows = rows.filter(connection__account_id=account)
    if installation:
        rows = rows.filter(connection__installation__name=installation)
    rows = rows.select_related("tenant", "connection__installation", "channel", "domain")
    found: list[Conversation] = list(rows.order_by("pk")[:MOST_NAMED])
    if not found:
        raise NoConversationError(_("There is no conversation %(number)s.") % {"number": number})
    if len(found) > 1:
        message = _("Several accounts have a conversation %(number)s: %(accounts)s. Name one.")
        connections = [row.connection for row in found]
        accounts = ", ".join(f"{one.account_id} ({one.installation})" for one in connections)
        raise SeveralConversationsError(message % {"number": number, "accounts": accounts})
    return found[0]
