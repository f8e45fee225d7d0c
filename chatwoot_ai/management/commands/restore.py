"""Put a backup in place of the present data."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatwoot_ai import backup


class Command(BaseCommand):
    help = "Put a backup in place of the present data, which is kept beside it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kept = backup.restore(options["file"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Restored. The data of before is in %(folder)s") % {"folder": kept})
        missing = backup.missing_master_keys()
        if missing:
            message = _(
                "The secrets in it need the master key %(ids)s, which is not here. Put the"
                " master-key file of the former installation into %(folder)s, or set MASTER_KEYS."
            )
            words = {"ids": ", ".join(missing), "folder": settings.DATA_DIR}
            self.stdout.write(message % words)
