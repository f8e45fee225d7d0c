"""The events of a company: what came in, and what became of it."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from crews import records
from crews.management import listing
from tenants.management.lookup import tenant_named


class Command(BaseCommand):
    help = "List events of a company, the oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        listing.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        since = listing.since_of(tenant, options)
        found = records.events(tenant, number=options["conversation"], since=since)
        line = None if options["json"] else partial(listing.event_line, tenant)
        listing.write(self.stdout, found, line)
