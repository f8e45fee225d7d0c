"""Rows that commands are given by name or number."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from tenants.models import ChannelMapping, Tenant

MOST_NAMED = 20


def tenant_named(slug: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is not None:
        return tenant
    known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:MOST_NAMED])
    message = _("There is no company “%(slug)s”. Known: %(known)s")
    raise CommandError(message % {"slug": slug, "known": known or "–"})


def add_account_arguments(parser: ArgumentParser) -> None:
    """Needed only where numbers of Chatwoot repeat."""
    parser.add_argument("--account", type=int, metavar="N", help="where a number repeats")
    parser.add_argument("--installation", default="", metavar="NAME", help="where that repeats too")


def channel_named(tenant: Tenant, options: dict[str, Any]) -> ChannelMapping | None:
    """The channel of --inbox, if one was given."""
    inbox = options["inbox"]
    if inbox is None:
        return None
    own = ChannelMapping.objects.for_tenant(tenant).select_related("installation")
    own = own.exclude(inbox_id=None).order_by("installation__name", "account_id", "inbox_id")
    rows = own.filter(inbox_id=inbox)
    if options["account"] is not None:
        rows = rows.filter(account_id=options["account"])
    if options["installation"]:
        rows = rows.filter(installation__name=options["installation"])
    found: list[ChannelMapping] = list(rows[:MOST_NAMED])
    if len(found) == 1:
        return found[0]
    if found:
        message = _("Several accounts have an inbox %(inbox)s: %(accounts)s. Name one: --account N")
        accounts = ", ".join(f"{row.account_id} ({row.installation})" for row in found)
        raise CommandError(message % {"inbox": inbox, "accounts": accounts})
    known = ", ".join(str(row.inbox_id) for row in own[:MOST_NAMED])
    message = _("%(company)s has no inbox %(inbox)s. Known: %(known)s")
    words = {"company": tenant.slug, "inbox": inbox, "known": known or "–"}
    raise CommandError(message % words)
