"""Connect an account of a Chatwoot to a company, and map its inboxes."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.chatwoot import accounts, connecting, connections, rights
from integrations.chatwoot.connections import ForeignConnectionError
from integrations.chatwoot.rights import Check
from integrations.chatwoot.values import Inbox
from integrations.models import Connection
from tenants import resolution
from tenants.credentials import CredentialError
from tenants.management.lookup import tenant_named
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Connect an account of a Chatwoot; run again, it changes the connection. Prints the address"
        " for the webhook, which is secret, and what the tokens may do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--url", required=True, metavar="U", help="address of Chatwoot")
        parser.add_argument("--account", required=True, type=int, metavar="N")
        parser.add_argument("--bot-token", required=True, metavar="T", help="of the agent bot")
        parser.add_argument("--user-token", metavar="T", help="of a person, best an administrator")
        parser.add_argument("--bot-id", type=int, metavar="N", help="number of the agent bot")
        signed = parser.add_mutually_exclusive_group(required=True)
        signed.add_argument(
            "--secret", action="extend", nargs="+", metavar="S", help="with which Chatwoot signs"
        )
        signed.add_argument(
            "--unsigned", action="store_true", help="for a Chatwoot before 4.13.0, which cannot"
        )
        parser.add_argument(
            "--inbox",
            required=True,
            action="extend",
            nargs="+",
            type=int,
            metavar="N",
            help="whose messages go to this company",
        )
        parser.add_argument("--no-check", action="store_true", help="do not ask Chatwoot now")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        try:
            address, _account = accounts.address_in(options["url"])
            accounts.check_address(address)
            connection = _connect(tenant, address, options)
            address = connections.webhook_address(connection)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except (ForeignConnectionError, CredentialError) as error:
            raise CommandError(str(error)) from None
        checks = [] if options["no_check"] else rights.check(connection)
        if options["json"]:
            found = [asdict(row) for row in checks]
            result = {"connection": connection.pk, "webhook_url": address, "checks": found}
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write("\n".join([address, *map(in_words, checks)]))


def in_words(check: Check) -> str:
    sign = {True: "✓", False: "✗", None: "–"}[check.ok]
    return f"{sign} {rights.TITLES[check.name]}: {check.sentence}"


@transaction.atomic
def _connect(tenant: Tenant, address: str, options: dict[str, Any]) -> Connection:
    connection = accounts.connect_account(
        tenant,
        address=address,
        account_id=options["account"],
        is_platform=True,
        bot_token=options["bot_token"],
        user_token=options["user_token"],
        secrets=options["secret"] or [],
        bot_id=options["bot_id"],
        is_signed=not options["unsigned"],
    )
    report = connecting.Report()
    inboxes = [Inbox(number, "") for number in dict.fromkeys(options["inbox"])]
    connecting.map_inboxes(connection, inboxes, report, is_platform=True)
    if report.steps:
        raise CommandError(" ".join(report.steps))
    _refuse_foreign_inboxes(connection, set(options["inbox"]))
    return connection


def _refuse_foreign_inboxes(connection: Connection, numbers: set[int]) -> None:
    rows = resolution.channels_of(connection.installation, account_id=connection.account_id)
    for row in rows:
        if row.inbox_id in numbers and row.tenant_id != connection.tenant_id:
            sentence = _("The inbox %(number)d belongs to the company %(company)s.")
            words = {"number": row.inbox_id, "company": row.tenant.slug}
            raise CommandError(sentence % words)
