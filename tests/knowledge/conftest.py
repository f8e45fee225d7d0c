"""A search engine of the test's own, and knowledge of two companies."""

import pytest

from knowledge import indexing
from knowledge.engines import choosing
from knowledge.engines.server import in_memory
from knowledge.models import BusinessRule, Faq, Product


@pytest.fixture
def engine():
    with choosing.another(in_memory()) as engine:
        yield engine


@pytest.fixture
def indexed(engine):
    """Brings the index of a company to what its rows say."""

    def index(tenant):
        report = indexing.sync(tenant)
        assert not report.error
        return report

    return index


@pytest.fixture
def known(moveis, cosmeticos, indexed):
    """What the furniture shop and the cosmetics shop know."""
    Faq.objects.create(
        tenant=moveis,
        question="Vocês entregam em Salvador?",
        answer="Sim, em até 20 dias úteis, com frete de R$ 189,00.",
    )
    Faq.objects.create(
        tenant=moveis,
        question="Como lavo a capa do sofá?",
        answer="À mão, com sabão neutro, e sem alvejante.",
    )
    BusinessRule.objects.create(
        tenant=moveis,
        title="Troca por defeito",
        rule_type="exchange",
        description="Móveis com defeito são trocados em até 90 dias.",
    )
    Product.objects.create(
        tenant=moveis,
        name="Sofá Serrano",
        brand="Jatobá",
        description="Três lugares, veludo azul.",
        price="2499.90",
    )
    Faq.objects.create(
        tenant=cosmeticos,
        question="Vocês entregam em Salvador?",
        answer="Sim, o perfume chega em 5 dias.",
    )
    for tenant in (moveis, cosmeticos):
        indexed(tenant)
