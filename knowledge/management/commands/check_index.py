"""Compare the search index of companies with their rows, both ways."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from knowledge.management import asking


class Command(BaseCommand):
    help = "Say what the index lacks, what it has too much, and what it has in an old version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        asking.add_arguments(parser)
        parser.add_argument("--repair", action="store_true", help="index or take out what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        differing = []
        for tenant in asking.companies(options["tenant"]):
            found = asking.do(tenant, "check", repair=options["repair"])
            differing += [tenant.slug] if found["counts"] else []
            if options["json"]:
                self.stdout.write(json.dumps({"tenant": tenant.slug, **found}))
            else:
                self.stdout.write(f"{tenant.slug}: {_sentence(found)}")
        if differing and not options["repair"]:
            message = _("The index differs: %(names)s. Put it right with --repair.")
            raise CommandError(message % {"names": ", ".join(differing)})


def _sentence(found: dict[str, Any]) -> str:
    if not found["counts"]:
        return _("all %(count)d passages are in the index.") % {"count": found["passages"]}
    words = {
        "lacking": _("not in the index"),
        "foreign": _("only in the index"),
        "stale": _("in an old version"),
    }
    parts = (
        f"{words[what]}: {count} ({', '.join(found['named'][what])})"
        for what, count in found["counts"].items()
    )
    return "; ".join(parts)
