"""Import configuration files: a file, or all files below a folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.config import config_files, transfer
from tenants.management.lookup import tenant_named

MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Import configuration files. One mistake in any of them, and nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH")
        parser.add_argument("--dry-run", action="store_true", help="show what would change")
        parser.add_argument("--tenant", metavar="SLUG", help="only this company may be changed")
        parser.add_argument("--note", default="", help="stands beside the new versions")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(_("There is no file or folder %(path)s.") % {"path": path})
        tenant = tenant_named(options["tenant"]) if options["tenant"] else None
        plan = transfer.plan(config_files.sources_in(path), tenant=tenant, is_platform=True)
        for remark in plan.unknown:
            self.stderr.write(str(remark))
        if plan.troubles:
            self.refuse(plan.troubles)
        if options["dry_run"]:
            self.show(plan)
            return
        done = transfer.carry_out(plan, note=options["note"] or str(path.name))
        self.stdout.write(
            _("%(created)d new, %(changed)d changed, %(unchanged)d unchanged.")
            % {"created": done.created, "changed": done.changed, "unchanged": done.unchanged}
        )

    def refuse(self, troubles: list[transfer.Remark]) -> None:
        for trouble in troubles[:MOST_SHOWN]:
            self.stderr.write(str(trouble))
        raise CommandError(
            _("Nothing was imported: %(count)d mistakes. Correct them and try again.")
            % {"count": len(troubles)}
        )

    def show(self, plan: transfer.Plan) -> None:
        for slug in sorted(plan.new_domains):
            self.stdout.write(_("New domain: %(slug)s") % {"slug": slug})
        for item in plan.items:
            difference = transfer.difference(item)
            self.stdout.write(f"== {item.slug}")
            self.stdout.write(difference or _("No change."))
