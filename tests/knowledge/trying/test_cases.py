"""Cases are recorded once, run again, and counted; a row that is gone is no miss."""

import pytest
from django.core.exceptions import ValidationError

from knowledge import cases, tasks
from knowledge.engines.failures import UnavailableError
from knowledge.models import BusinessRule, Faq, SearchCase
from knowledge.search import Wanted
from tenants.models import AuditEntry
from tests.factories import SearchCaseFactory

pytestmark = pytest.mark.django_db

QUESTION = "entrega em salvador?"


@pytest.fixture
def delivery(known, moveis):
    return Faq.objects.get(tenant=moveis, question__startswith="Vocês entregam")


def recorded(tenant, piece, text=QUESTION, **narrower):
    return cases.record(tenant, Wanted(text=text, **narrower), expected=piece.key, by="Helena")


def ran(tenant):
    tenants = cases.ask_for_run(SearchCase.objects.for_tenant(tenant))
    for pk in tenants:
        tasks.run_search_cases(tenant_id=pk)
    return SearchCase.objects.for_tenant(tenant)


def test_a_case_knows_its_place_at_once(delivery, moveis):
    case = recorded(moveis, delivery)
    case.refresh_from_db()

    assert (case.name, case.made_by, case.place) == (delivery.question, "Helena", 1)
    assert case.run_at is not None


def test_the_same_case_is_recorded_once(delivery, moveis):
    assert recorded(moveis, delivery) == recorded(moveis, delivery)
    assert recorded(moveis, delivery, kinds=("faq",)) != recorded(moveis, delivery)


@pytest.mark.parametrize(
    "expected",
    ["", "faq", "faq:", "faq:0", "faq:-1", "faq:x", "faq:9" + "9" * 30, "page:1", "x:1", "faq:²"],
)
def test_a_case_needs_an_entry_that_is_there(known, moveis, expected):
    with pytest.raises(ValidationError):
        cases.record(moveis, Wanted(text=QUESTION), expected=expected, by="x")


def test_an_entry_of_another_company_does_not_exist(delivery, cosmeticos):
    with pytest.raises(ValidationError):
        recorded(cosmeticos, delivery)
    assert not SearchCase.objects.exists()


def test_a_company_has_a_limited_number_of_cases(delivery, moveis, monkeypatch):
    monkeypatch.setattr(cases, "MOST", 1)
    recorded(moveis, delivery)

    with pytest.raises(ValidationError, match="1"):
        recorded(moveis, delivery, text="frete")


def test_filters_come_back_as_they_were(known, moveis):
    wanted = Wanted(
        text=QUESTION,
        language="en",
        kinds=("faq", "rule"),
        categories=("Frete",),
        price_from=0,
        price_to=12,
        domain="atacado",
    )
    case = SearchCaseFactory(
        tenant=moveis, question=QUESTION, filters=cases.filters_of(moveis, wanted)
    )
    case.refresh_from_db()

    assert cases.wanted_of(case) == wanted


def test_a_run_keeps_the_place_before(delivery, moveis, indexed):
    case = recorded(moveis, delivery)
    delivery.answer, delivery.question = "Não.", "Abrem no domingo?"
    delivery.save()
    indexed(moveis)

    row = ran(moveis).get(pk=case.pk)

    assert (row.place_before, row.place) == (1, None)
    assert not row.is_due


def test_a_run_is_of_one_company(delivery, moveis, cosmeticos):
    other = SearchCaseFactory(tenant=cosmeticos)
    recorded(moveis, delivery)

    ran(moveis)

    other.refresh_from_db()
    assert (other.run_at, other.is_due) == (None, False)


def test_a_run_writes_nothing_into_the_audit_log(delivery, moveis):
    recorded(moveis, delivery)
    before = AuditEntry.objects.count()

    ran(moveis)

    assert AuditEntry.objects.count() == before


def test_a_run_stops_where_the_index_cannot_be_asked(delivery, moveis, engine, monkeypatch):
    SearchCaseFactory.create_batch(3, tenant=moveis)
    asked = []

    def down(*_args, **_options):
        asked.append(1)
        raise UnavailableError("down")

    monkeypatch.setattr(engine, "legs", down)
    rows = ran(moveis)

    assert len(asked) == 1
    assert all(row.error and not row.is_due and row.run_at is None for row in rows)


def test_totals_count_places(moveis):
    from django.utils import timezone

    faqs = [Faq.objects.create(tenant=moveis, question=str(n), answer="a") for n in range(4)]
    for faq, place in zip(faqs, (1, 4, 7, None), strict=True):
        SearchCaseFactory(tenant=moveis, piece_id=faq.pk, place=place, run_at=timezone.now())
    SearchCaseFactory(tenant=moveis, run_at=timezone.now())  # its entry is gone
    SearchCaseFactory(tenant=moveis, piece_id=faqs[0].pk)  # was never run

    found = cases.totals(cases.with_entries(SearchCase.objects.for_tenant(moveis)))

    assert (found.run, found.first, found.among_five, found.found) == (4, 1, 2, 3)
    assert (found.hit_at_1, found.recall_at_5) == (0.25, 0.5)


def test_the_state_of_each_entry_is_known(moveis, cosmeticos):
    draft = BusinessRule.objects.create(tenant=moveis, title="a", description="b", state="draft")
    theirs = Faq.objects.create(tenant=cosmeticos, question="a", answer="b")
    SearchCaseFactory(tenant=moveis, kind="rule", piece_id=draft.pk)
    SearchCaseFactory(tenant=moveis, kind="faq", piece_id=theirs.pk)
    SearchCaseFactory(tenant=moveis, kind="page", piece_id=draft.pk)

    rows = cases.with_entries(SearchCase.objects.for_tenant(moveis)).order_by("pk")

    assert [row.entry_state for row in rows] == ["draft", None, None]
