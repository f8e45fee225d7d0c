"""What the demo companies know, and that it is added once."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chatwoot_ai import demo, local_queue
from chatwoot_ai.demo import knowledge
from chatwoot_ai.demo.knowledge import FILES
from knowledge import indexing, passages, search
from knowledge.engines import choosing
from knowledge.engines.server import in_memory
from knowledge.models import PIECES, Article, BusinessRule, Faq, Passage, Product
from tenants import configuration
from tenants.models import AuditEntry, Tenant
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db

RULE_TYPES = {"delivery", "payment", "exchange", "warranty", "promotion"}


@pytest.fixture(params=demo.COMPANIES)
def company(request):
    tenant = TenantFactory(slug=request.param)
    knowledge.add(tenant)
    return tenant


def of(company, model):
    return model.objects.for_tenant(company)


def test_each_company_has_knowledge_of_its_own(company):
    counts = {model: of(company, model).count() for model in FILES.values()}

    assert counts == {Faq: 20, BusinessRule: 10, Article: 3, Product: 20}


def test_the_companies_share_their_opening_hours_and_nothing_else():
    demo.seed()

    texts = [
        set(Passage.objects.for_tenant(tenant).values_list("text", flat=True))
        for tenant in Tenant.objects.filter(slug__in=demo.COMPANIES)
    ]
    [shared] = set.intersection(*texts)
    assert shared.startswith("De segunda a sexta das 8h às 18h")


def test_every_entry_holds_to_its_own_rules(company):
    for model in FILES.values():
        for row in of(company, model):
            row.full_clean()


def test_rules_are_of_every_type(company):
    assert set(of(company, BusinessRule).values_list("rule_type", flat=True)) == RULE_TYPES


def test_one_promotion_is_over(company):
    over = of(company, BusinessRule).get(valid_until__lt=timezone.now())

    assert over.rule_type == "promotion"
    assert over.valid_from < over.valid_until < timezone.now() - timedelta(days=1)


def test_products_can_be_told_apart(company):
    products = list(of(company, Product))

    assert all(row.price and row.brand and row.category for row in products)
    assert all(row.external_id and len(row.attributes) >= 3 for row in products)
    assert len({row.name for row in products}) == len(products)


def test_articles_have_headings(company):
    for article in of(company, Article):
        assert article.body.startswith("## ")
        assert article.body.count("\n## ") >= 2


@pytest.mark.parametrize("slug", demo.COMPANIES)
def test_opening_hours_in_the_texts_are_those_of_the_configuration(slug):
    demo.seed()
    company = Tenant.objects.get(slug=slug)

    hours = configuration.effective(company.pk).get("business_hours")
    answer = of(company, Faq).get(question="Qual é o horário de atendimento?").answer

    told = re.findall(r"(\d+)h às (\d+)h", answer)
    told = [(f"{int(opens):02}:00-{int(closes):02}:00",) for opens, closes in told]
    weekdays = [hours[day] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")]
    assert weekdays == [told[0]] * 5
    assert (hours["saturday"], hours["sunday"]) == (told[1], ())


def test_passages_are_those_that_saving_would_make(company):
    for model in PIECES.values():
        rows = list(of(company, model))

        assert not passages.renew(company, rows)


def test_a_second_time_changes_nothing():
    demo.seed()
    before = AuditEntry.objects.count(), Passage.objects.count()

    demo.seed()

    assert (AuditEntry.objects.count(), Passage.objects.count()) == before


def test_what_staff_deleted_does_not_come_back():
    demo.seed()
    Faq.objects.all().delete()

    demo.seed()

    assert not Faq.objects.exists()


def test_a_company_that_has_the_name_of_the_demo_keeps_its_knowledge():
    company = TenantFactory(slug="moveis")

    demo.seed()

    assert not of(company, Product).exists()


def test_the_index_is_asked_once_for_each_company(django_capture_on_commit_callbacks, monkeypatch):
    asked = []
    workers = type("Workers", (), {"put": lambda self, task, *_: asked.append(task.name)})()
    monkeypatch.setattr(local_queue, "_workers", workers)

    with django_capture_on_commit_callbacks(execute=True):
        demo.seed()

    assert asked.count("knowledge.tasks.sync_index") == len(demo.COMPANIES)


def test_customers_find_what_holds_and_not_what_is_over(moveis):
    knowledge.add(moveis)

    with choosing.another(in_memory()):
        indexing.sync(moveis)
        free = search.search(moveis, search.Wanted(text="frete gratis p/ campinas?"))
        over = search.search(moveis, search.Wanted(text="promoção da black friday"))

    assert any("região de Campinas" in one.passage.title for one in free.found)
    assert not any("Black Friday" in one.passage.title for one in over.found)
