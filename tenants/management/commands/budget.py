"""Set what a company may spend on language models in a day, a month or a conversation."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.budgets import budget_alerts, budget_words
from tenants.management.lookup import tenant_named
from tenants.models import Budget, Tenant
from tenants.models.budget import OnExceed, Period


class Command(BaseCommand):
    help = "Set a company's budget for a day, a month or a conversation, or remove it (--remove)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--period", required=True, choices=Period.values)
        parser.add_argument("--tokens", type=int, metavar="N", help="limit in tokens")
        parser.add_argument("--money", metavar="X", help="limit in US dollars, such as 12.50")
        parser.add_argument(
            "--on-exceed", choices=OnExceed.values, help="what happens at the limit"
        )
        parser.add_argument("--remove", action="store_true", help="remove the budget")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        period = Period(options["period"])
        if options["remove"]:
            self.stdout.write(_remove(tenant, period, options))
            return
        budget = _set(tenant, period, options)
        words = {
            "company": tenant.slug,
            "period": period.label,
            "limit": budget_words.limits(budget),
            "reaction": OnExceed(budget.on_exceed).label,
        }
        sentence = _("%(company)s may spend %(limit)s per %(period)s. At the limit: %(reaction)s.")
        self.stdout.write(sentence % words)


def _set(tenant: Tenant, period: Period, options: dict[str, Any]) -> Budget:
    if options["tokens"] is None and options["money"] is None:
        raise CommandError(_("Give a limit: --tokens N, --money X, or both."))
    if options["on_exceed"] is None:
        choices = ", ".join(OnExceed.values)
        message = _("Say what happens at the limit: --on-exceed with one of %(choices)s.")
        raise CommandError(message % {"choices": choices})
    budget = _found(tenant, period) or Budget(tenant=tenant, period=period)
    budget.token_limit = options["tokens"]
    budget.money_limit = _dollars(options["money"])
    budget.on_exceed = options["on_exceed"]
    budget.is_active = True
    try:
        budget.full_clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    budget.save()
    budget_alerts.rearm(budget, now=timezone.now())
    return budget


def _remove(tenant: Tenant, period: Period, options: dict[str, Any]) -> str:
    if any(options[name] is not None for name in ("tokens", "money", "on_exceed")):
        raise CommandError(_("Either set limits or remove the budget, not both."))
    budget = _found(tenant, period)
    words = {"company": tenant.slug, "period": period.label}
    if budget is None:
        return _("%(company)s has no budget per %(period)s.") % words
    budget.delete()
    return _("The budget per %(period)s of %(company)s was removed.") % words


def _found(tenant: Tenant, period: Period) -> Budget | None:
    budget: Budget | None = Budget.objects.for_tenant(tenant).filter(period=period).first()
    return budget


def _dollars(text: str | None) -> Decimal | None:
    if text is None:
        return None
    message = _("“%(text)s” is no amount of dollars. Write one such as 12.50.")
    try:
        dollars = Decimal(text)
    except InvalidOperation as error:
        raise CommandError(message % {"text": text}) from error
    if not dollars.is_finite():
        raise CommandError(message % {"text": text})
    return dollars
