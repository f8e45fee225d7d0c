"""Ask a company's crew something, as a customer would. Nothing is sent."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crews.management import listing
from crews.models import Outcome
from knowledge import errands
from knowledge.engines.failures import EngineError
from tenants.management.lookup import add_account_arguments, channel_named, tenant_named
from tenants.showing import visible


class Command(BaseCommand):
    help = "Answer a question as a customer's message would be answered. Nothing is sent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("text", metavar="TEXT")
        parser.add_argument("--inbox", type=int, metavar="N", help="its number in Chatwoot")
        add_account_arguments(parser)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        if not options["text"].strip():
            raise CommandError(_("Write a question."))
        channel = channel_named(tenant, options)
        try:
            tried = errands.do(
                tenant, "ask", text=options["text"], channel=channel.pk if channel else None
            )
        except (errands.ErrandError, EngineError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(tried, ensure_ascii=False))
        else:
            self._show(tried)

    def _show(self, tried: dict[str, Any]) -> None:
        if tried["answer"]:
            self.stdout.write(visible(tried["answer"]))
        if tried["outcome"] == Outcome.HANDED_OFF:
            self.stdout.write(listing.ending_of(tried["outcome"], tried["reason"]))
        for source in tried["sources"]:
            line = f"{source['piece']} {source['title']} ({source['support']:.0%})"
            self.stdout.write(visible(line))
        self.stdout.write(_("Model calls: %(count)s") % {"count": tried["model_calls"]})
