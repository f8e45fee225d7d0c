"""Bring the search index of companies to what their rows say."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from knowledge.management import asking


class Command(BaseCommand):
    help = "Index what is due, now. Workers do the same within seconds after each change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        asking.add_arguments(parser)
        parser.add_argument("--full", action="store_true", help="also what is indexed already")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        for tenant in asking.companies(options["tenant"]):
            report = asking.do(tenant, "sync", everything=options["full"])
            failed += [tenant.slug] if report["error"] else []
            if options["json"]:
                self.stdout.write(json.dumps({"tenant": tenant.slug, **report}))
            else:
                self.stdout.write(f"{tenant.slug}: {_sentence(report)}")
        if failed:
            raise CommandError(_("Not finished: %(names)s.") % {"names": ", ".join(failed)})


def _sentence(report: dict[str, Any]) -> str:
    if report["was_busy"]:
        return _("is being indexed right now.")
    if report["error"]:
        return _("stopped: %(error)s") % {"error": report["error"]}
    return _("%(indexed)d passages indexed, %(gone)d taken out.") % {
        "indexed": report["indexed"],
        "gone": report["taken_out"],
    }
