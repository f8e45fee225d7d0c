"""Let messages that were ignored have their effect once more, for example after a correction."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from crews import inbox, records
from crews.chunks import in_chunks
from crews.management import listing
from crews.models import InboundEvent, Outcome, Reason
from integrations.chatwoot.payloads import Author, Kind
from tenants.management.lookup import tenant_named
from tenants.models import Tenant
from tenants.showing import visible

OUTCOMES = [Outcome.IGNORED.value, Outcome.EXPIRED.value]


class Command(BaseCommand):
    help = (
        "Take messages of customers that were ignored or expired once more, as things stand now."
        " Those that were answered or handed to a person stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        listing.add_since(parser)
        parser.add_argument("--reason", metavar="REASON", choices=Reason.values)
        parser.add_argument("--outcome", choices=OUTCOMES)
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        counts: Counter[str] = Counter()
        for chunk in in_chunks(_rows(tenant, options), at="received_at"):
            for row in chunk:
                result = _("It would be taken again.") if options["dry_run"] else inbox.replay(row)
                counts[result] += 1
                line = listing.event_line(tenant, records.record_of(row))
                self.stdout.write(visible(f"{line} → {result}"))
        for result, count in counts.most_common():
            self.stdout.write(f"{count:>8}  {result}")
        if not counts:
            self.stdout.write(_("There is no such message."))


def _rows(tenant: Tenant, options: dict[str, Any]) -> Any:
    """Only messages of customers: an old change of status would undo what happened since.

    What is taken again is a new row, received now, and so none of those that are looked for.
    """
    rows = InboundEvent.objects.for_tenant(tenant).filter(
        event=Kind.MESSAGE_CREATED,
        author=Author.CUSTOMER,
        outcome__in=[options["outcome"]] if options["outcome"] else OUTCOMES,
        received_at__lt=timezone.now(),
    )
    since = listing.since_of(tenant, options)
    rows = rows if since is None else rows.filter(received_at__gte=since)
    rows = rows.filter(reason=options["reason"]) if options["reason"] else rows
    return rows.select_related("conversation")
