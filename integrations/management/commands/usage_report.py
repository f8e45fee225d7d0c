"""What a company's calls of language models came to in a month."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import reports
from integrations.reports import Line
from tenants.budgets import budget_words
from tenants.management.lookup import tenant_named


class Command(BaseCommand):
    help = "Print calls, tokens and cost of a company per day, model and use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--month", metavar="2026-11", help="default: the present one")
        parser.add_argument("--csv", action="store_true", help="for a spreadsheet")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        month = options["month"] or reports.present_month(tenant, now=timezone.now())
        if not reports.is_month(month):
            message = _("“%(month)s” is no month. Write one such as 2026-11.")
            raise CommandError(message % {"month": month})
        lines = reports.lines_of(tenant, month)
        if options["csv"]:
            self.stdout.write(reports.as_csv(lines), ending="")
            return
        for line in lines:
            self.stdout.write(_row(line))
        self.stdout.write(_sum(lines))


def _row(line: Line) -> str:
    return (
        f"{line.day}  {line.model:<28} {line.use_label:<22} {line.calls:>7}"
        f" {line.tokens_in:>12} {line.tokens_out:>10}  {_cost(line.cost)}"
    )


def _sum(lines: list[Line]) -> str:
    sentence = _("%(calls)s calls, %(tokens)s tokens, cost: %(cost)s")
    return sentence % {
        "calls": sum(line.calls for line in lines),
        "tokens": sum(line.tokens_in + line.tokens_out for line in lines),
        "cost": _cost(reports.total_cost(lines)),
    }


def _cost(cost: Any) -> str:
    return _("unknown") if cost is None else budget_words.money(cost)
