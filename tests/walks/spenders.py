"""Sixteen threads that spend from one company's budgets; prints what came of it as JSON."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import django

THREADS = 16
TRIES = 128
TOKENS = 10
DOLLARS = Decimal("0.1")
FITTING = 40
CONVERSATION = 7


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatwoot_ai.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(spend_all()) + "\n")


def spend_all():
    from tenants import tasks
    from tenants.models import Budget, Spending, Tenant

    tenant = Tenant.objects.create(slug="moveis", name="Móveis")
    for period, limits in (
        ("day", {"token_limit": FITTING * TOKENS, "on_exceed": "cheaper"}),
        ("month", {"money_limit": 2 * FITTING * DOLLARS, "on_exceed": "stop"}),
        ("conversation", {"token_limit": 2 * FITTING * TOKENS}),
    ):
        Budget.objects.create(tenant=tenant, period=period, **limits)
    told = []
    tasks.send_budget_alert.delay = lambda **which: told.append(which["spending_id"])
    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(lambda number: spend(tenant, number), range(TRIES)))
    names = ("budget__period", "used_tokens", "reserved_tokens", "used_money", "refused", "calls")
    counted = Spending.objects.values_list(*names)
    rows = {period: [str(value) for value in values] for period, *values in counted}
    return {"outcomes": outcomes, "rows": rows, "alerts": len(told)}


def spend(tenant, number):
    """Some calls are never made, some take less than was reserved."""
    from django.db import connection
    from django.utils import timezone

    from tenants import usage

    now = timezone.now()
    amounts = {"tokens": TOKENS, "money": DOLLARS}
    try:
        reservation = usage.reserve(tenant, **amounts, conversation=CONVERSATION, now=now)
        if number % 8 == 0:
            usage.release(reservation)
            return "released"
        usage.settle(reservation, **amounts, now=now)
    except usage.BudgetExceededError as refusal:
        return str(refusal.reaction)
    else:
        return "spent"
    finally:
        connection.close()


if __name__ == "__main__":
    main()
