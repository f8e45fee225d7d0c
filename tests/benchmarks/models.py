"""What the gate for calls of models costs beyond the call itself."""

from django.conf import settings

from integrations import llm
from integrations.llm import clients
from tests import factories
from tests.benchmarks.measure import compare
from tests.fakes.models import fake_models, say

QUESTION = [{"role": "user", "content": "Tem mesa de jantar para seis pessoas?"}]


def call_through_the_gate():
    """With profile, budget, price, breaker and row, against the bare library's call."""
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True
    tenant = factories.TenantFactory(slug="bench-models")
    factories.BudgetFactory(tenant=tenant, token_limit=10**12)
    with fake_models() as models:
        models.always(say("Sim, temos."))
        provider = factories.ProviderFactory(tenant=tenant, base_url=models.url)
        factories.ModelProfileFactory(tenant=tenant, provider=provider)
        bare = clients.client_for(tenant, provider).client
        return compare(
            "a call of a model through the gate",
            lambda: llm.complete(tenant, QUESTION),
            "the same call with the bare library",
            lambda: bare.chat.completions.create(
                model="gpt-4o-mini", messages=QUESTION, max_tokens=1000, timeout=60
            ),
            calls=40,
        )


BENCHMARKS = [call_through_the_gate]
