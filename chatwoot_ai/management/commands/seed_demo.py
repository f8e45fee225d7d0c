"""Add the demo companies."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from chatwoot_ai import demo


class Command(BaseCommand):
    help = "Add the demo companies (moveis and cosmeticos). Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        demo.seed()
        names = ", ".join(demo.COMPANIES)
        self.stdout.write(_("The demo companies are there: %(names)s") % {"names": names})
