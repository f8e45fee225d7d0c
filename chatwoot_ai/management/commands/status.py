"""How the installation does, for a terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from chatwoot_ai import health, worker_lock
from chatwoot_ai.status_page import NAMES, REMEDIES


class Command(BaseCommand):
    help = "Show how each dependency does. Ends with 1 when nothing can be answered."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = health.examine()
        status = health.overall(findings)
        if options["json"]:
            self._print_json(status, findings)
        else:
            self._print_table(status, findings)
        if status == "down":
            raise SystemExit(1)

    def _print_json(self, status: str, findings: dict[str, health.Finding]) -> None:
        checks = {
            name: {"ok": found.ok, "ms": found.ms, "problem": found.problem}
            for name, found in findings.items()
        }
        self.stdout.write(json.dumps({"status": status, "checks": checks}))

    def _print_table(self, status: str, findings: dict[str, health.Finding]) -> None:
        for name, found in findings.items():
            word = self.style.SUCCESS(_("works")) if found.ok else self.style.ERROR(_("fails"))
            self.stdout.write(f"{NAMES[name]:<22} {word:<18} {found.ms:>8.1f} ms")
            if not found.ok:
                self.stdout.write(f"    {found.problem}\n    {REMEDIES[name]}")
        holder = worker_lock.holder(settings.DATA_DIR / "worker.lock")
        if holder:
            self.stdout.write(_("Running: process %(pid)s at %(address)s") % holder)
