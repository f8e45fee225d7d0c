"""Make every process read configuration anew at its next message."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from tenants import configuration
from tenants.management.lookup import tenant_named


class Command(BaseCommand):
    help = (
        "Make every process read configuration anew, as after a change. Needed only when rows were "
        "changed around the platform, for example by SQL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="this company alone, not everything")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"]) if options["tenant"] else None
        configuration.note_change(tenant_id=tenant.pk if tenant else None)
        self.stdout.write(_("Every process reads it anew at its next message."))
