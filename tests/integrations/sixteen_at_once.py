"""A program: sixteen threads ask a model four times each, within a budget for some of the calls.

It has a database of its own, for threads need one that is committed; prints what came of it.
"""

import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "chatwoot_ai.settings",
    "OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8",
    "OUTBOUND_ALLOW_HTTP": "true",
    "LOG_LEVEL": "error",
}

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from integrations import llm  # noqa: E402
from integrations.llm import clients  # noqa: E402
from integrations.models import LlmCall, ModelProfile, Provider  # noqa: E402
from tenants.models import Budget, Spending, Tenant  # noqa: E402
from tests.fakes.models import fake_models, say  # noqa: E402

THREADS = 16
CALLS = 64
QUESTION = [{"role": "user", "content": "Tem mesa de jantar?"}]


def set_up(url):
    tenant = Tenant.objects.create(slug="moveis", name="Móveis")
    Budget.objects.create(tenant=tenant, period="day", token_limit=2000, on_exceed="stop")
    provider = Provider.objects.create(
        tenant=tenant, name="stand-in", kind="compatible", base_url=url
    )
    ModelProfile.objects.create(tenant=tenant, provider=provider, max_tokens=100)
    return tenant


def ask(tenant):
    try:
        llm.complete(tenant, QUESTION, seconds=60)
    except llm.BudgetStoppedError:
        return "refused"
    except Exception as error:  # noqa: BLE001  is told below
        return repr(error)
    finally:
        connections.close_all()
    return "ok"


def main():
    call_command("migrate", verbosity=0)
    with fake_models() as models:
        usage = {"prompt_tokens": 10, "completion_tokens": 20}
        models.always(say("Sim.", usage=usage, wait=0.02))
        tenant = set_up(models.url)
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = Counter(pool.map(ask, [tenant] * CALLS))
    row = Spending.objects.get()
    found = {
        "ok": outcomes.pop("ok", 0),
        "refused": outcomes.pop("refused", 0),
        "other": sorted(outcomes),
        "used": row.used_tokens,
        "reserved": row.reserved_tokens,
        "running": LlmCall.objects.filter(state="running").count(),
        "rows": LlmCall.objects.count(),
        "clients": len(clients._clients),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
