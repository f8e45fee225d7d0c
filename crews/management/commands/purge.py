"""Take away texts that are older than companies keep them. The timetable does so every night."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from crews import purging
from crews.purging import Purged
from tenants.management.lookup import tenant_named
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Take away texts of messages, events and hand-overs that are older than each company keeps"
        " them (retention_days, summary_days). Outcomes, reasons and numbers stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="this company alone")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"]) if options["tenant"] else None
        tenants = [tenant] if tenant else Tenant.objects.order_by("slug")
        now, is_dry_run = timezone.now(), options["dry_run"]
        done = {row.slug: purging.purge(row, now=now, is_dry_run=is_dry_run) for row in tenants}
        if options["json"]:
            counts = [{"tenant": slug, **asdict(purged)} for slug, purged in done.items()]
            self.stdout.write(json.dumps({"dry_run": is_dry_run, "tenants": counts}))
            return
        for slug, purged in done.items():
            self.stdout.write(f"{slug:<24} {_in_words(purged)}")
        if is_dry_run:
            self.stdout.write(_("Nothing was changed (--dry-run)."))


def _in_words(purged: Purged) -> str:
    sentence = _(
        "events: %(events)d, messages: %(messages)d, hand-overs: %(handoffs)d, names: %(contacts)d"
    )
    return sentence % asdict(purged)
