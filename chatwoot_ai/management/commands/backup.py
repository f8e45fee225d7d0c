"""Write a backup of an embedded installation; it may be in use meanwhile."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatwoot_ai import backup
from chatwoot_ai.settings.master_keys import master_key_file


class Command(BaseCommand):
    help = (
        "Write database, signing key and media into one file. The server may run meanwhile. The"
        " master key is kept apart from it, or the file alone would open every secret."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--with-master-key", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path = backup.make(options["file"], with_master_key=options["with_master_key"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Written: %(path)s") % {"path": path})
        if not options["with_master_key"]:
            message = _("The secrets in it open only with %(key)s. Keep a copy of that elsewhere.")
            self.stdout.write(message % {"key": _name_of_master_key()})


def _name_of_master_key() -> str:
    file = master_key_file(settings.DATA_DIR)
    return "MASTER_KEYS" if os.environ.get("MASTER_KEYS") else str(file)
