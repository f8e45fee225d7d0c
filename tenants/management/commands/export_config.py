"""Write configuration files: everything as a tree, or one company as a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.config import transfer
from tenants.management.lookup import tenant_named
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Write configuration files that import_config reads. Secrets are only named in them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
        parser.add_argument("--tenant", metavar="SLUG", help="print this company's file instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tenant"]:
            self.stdout.write(transfer.export_tenant(tenant_named(options["tenant"])), ending="")
            return
        folder: Path | None = options["folder"]
        if folder is None:
            raise CommandError(_("Name a folder, or a company with --tenant."))
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(_("%(path)s is not empty. Name a new folder.") % {"path": folder})
        count = 0
        for name, text in transfer.export_tree(Tenant.objects.order_by("slug").iterator()):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            count += 1
        self.stdout.write(_("%(count)d files written.") % {"count": count})
