"""Try what the connections of a company to Chatwoot may do."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from integrations.chatwoot import rights
from integrations.management.commands.chatwoot_connect import in_words
from integrations.models import Connection
from tenants.management.lookup import tenant_named


class Command(BaseCommand):
    help = (
        "Ask Chatwoot what the tokens of a company's connections may do. Changes nothing there, and"
        " ends with an error when something fails."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--account", type=int, metavar="N", help="only of this account")
        parser.add_argument("--json", action="store_true", help="one line for each connection")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        rows = Connection.objects.for_tenant(tenant).select_related("installation", "tenant")
        if options["account"] is not None:
            rows = rows.filter(account_id=options["account"])
        if not rows:
            raise CommandError(_("No such connection. Make it with chatwoot_connect."))
        failed = sum([self._check(row, as_json=options["json"]) for row in rows.order_by("pk")])
        if failed:
            raise CommandError(_("%(count)d tests fail.") % {"count": failed})

    def _check(self, connection: Connection, *, as_json: bool) -> int:
        checks = rights.check(connection)
        if as_json:
            found = [asdict(row) for row in checks]
            result = {
                "connection": connection.pk,
                "account": connection.account_id,
                "checks": found,
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write("\n".join([str(connection), *map(in_words, checks)]))
        return len(rights.failed(checks))
