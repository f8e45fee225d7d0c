"""The page where staff try the search: own company, every right, hostile input, few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from knowledge import support
from knowledge.engines.failures import UnavailableError
from knowledge.models import Faq, Index, SearchCase
from tenants.access import Role
from tenants.models import AuditEntry, Domain
from tests.factories import FaqFactory, SearchCaseFactory, member

PAGE = "/admin/knowledge/searchcase/try/"
LIST = "/admin/knowledge/searchcase/"
RUN = "/admin/knowledge/searchcase/run/"
QUESTION = "vcs entregam em salvador?"
HOSTILE = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(known, moveis):
    return Faq.objects.get(tenant=moveis, question__startswith="Vocês entregam")


@pytest.fixture
def page(helena, signed_in):
    helena.language = "en"
    helena.save()
    return signed_in(helena)


def shown(page, **query):
    answer = page.get(PAGE, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_waits_for_a_question(page, known):
    text = shown(page)

    assert "A question, as a customer types it" in text
    assert "What would happen" not in text


def test_results_tell_support_ranks_and_what_would_happen(page, delivery):
    text = shown(page, question=QUESTION)

    assert "It would be answered from this." in text
    assert f'href="/admin/knowledge/faq/{delivery.pk}/change/"' in text
    assert "com frete de R$ 189,00" in text
    for words in (
        "Words",
        "Spelling",
        "Coverage",
        "Searched in",
        f"an answer needs {support.USUAL}%",
    ):
        assert words in text
    assert "Meaning" not in text


def test_words_that_are_not_covered_are_named(page, known):
    text = shown(page, question="consertam geladeira em salvador?")

    assert "Covered by no passage:" in text
    assert "It would be handed to a person." in text


def test_filters_narrow(page, known):
    assert "Sofá Serrano" in shown(page, question="sofá", kind="product")
    assert "Como lavo" not in shown(page, question="sofá", kind="product")
    assert "Nothing was found" in shown(page, question="sofá", kind="product", price_to="100")
    assert "Troca por defeito" in shown(page, question="defeito", rule_type="exchange")


def test_prices_are_read_as_people_here_write_them(page, helena, known):
    helena.language = "pt-br"
    helena.save()

    assert "Sofá Serrano" in shown(page, question="sofá", kind="product", price_to="2.499,90")


def test_a_domain_brings_its_rules(page, known, moveis, indexed):
    from tests.factories import BusinessRuleFactory

    domain = Domain.objects.create(slug="atacado", name="Atacado")
    BusinessRuleFactory(tenant=moveis, title="Pedido mínimo", description="Dez.", domain=domain)
    indexed(moveis)

    assert "Pedido mínimo" not in shown(page, question="pedido mínimo", kind="rule")
    assert "Pedido mínimo" in shown(page, question="pedido mínimo", domain="atacado")


def test_other_companies_are_neither_found_nor_offered(page, known, cosmeticos, indexed):
    FaqFactory(tenant=cosmeticos, question="Zqfora?", category="zqcategory")
    indexed(cosmeticos)

    text = shown(page, question="Zqfora", q="zqfora", company="cosmeticos")

    assert "perfume" not in shown(page, question=QUESTION, company="cosmeticos")
    assert "zqcategory" not in text
    assert "Zqfora?" not in text


def test_a_platform_admin_chooses_the_company(platform_admin, signed_in, known, moveis):
    page = signed_in(platform_admin)

    assert "Cosméticos Flor do Campo" in shown(page)
    assert "perfume" in shown(page, company="cosmeticos", question=QUESTION)
    assert "189,00" in shown(page, company="moveis", question=QUESTION)
    assert "189,00" not in shown(page, company="nobody", question=QUESTION)


def test_outsiders_see_nothing(outsider, signed_in, known):
    answer = signed_in(outsider).get(PAGE, {"question": QUESTION, "company": "moveis"})

    assert "189,00" not in answer.content.decode()
    assert answer.status_code in (302, 403)


def test_a_company_without_an_index_is_told_the_next_step(page, engine):
    assert "Nothing of this company is indexed yet" in shown(page, question=QUESTION)


def test_troubles_of_the_engine_are_told(page, known, engine, monkeypatch):
    def down(*_args, **_options):
        raise UnavailableError("http://secret:6333")

    monkeypatch.setattr(engine, "legs", down)
    text = shown(page, question="frete?")

    assert "The search engine does not answer." in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "query",
    [
        {"question": HOSTILE},
        {"question": "a" * 3_000},
        {"question": ""},
        {"question": "😀 \u202e ñ"},
        {"question": QUESTION, "kind": "nonsense", "among": "xx", "domain": "nowhere"},
        {"question": QUESTION, "price_from": "NaN", "price_to": "1e999"},
        {"question": QUESTION, "price_from": "10", "price_to": "5"},
        {"question": QUESTION, "language": HOSTILE},
        {"question": QUESTION, "q": "%_" + HOSTILE},
    ],
)
def test_hostile_questions_break_nothing(page, known, query):
    text = shown(page, **query)

    assert HOSTILE not in text


def test_hostile_texts_of_rows_are_shown_as_texts(page, moveis, indexed, engine):
    FaqFactory(tenant=moveis, question=f"Entrega {HOSTILE}", answer=f"Sim \u202e {HOSTILE}")
    indexed(moveis)

    text = shown(page, question="entrega", q="entrega")

    assert HOSTILE not in text
    assert "[U+202E]" in text


def test_nul_is_refused(page, known):
    assert page.get(PAGE, {"question": "a\0b"}).status_code == 400
    assert page.post(PAGE, {"question": "a\0b"}).status_code == 400


def test_a_result_is_recorded_as_what_should_have_been_found(page, delivery, moveis):
    sent = {"question": QUESTION, "language": "pt", "kind": "faq", "expected": delivery.key}
    answer = page.post(PAGE, sent, follow=True)

    case = SearchCase.objects.get()
    assert (case.tenant, case.question, case.piece) == (moveis, QUESTION, delivery.key)
    assert case.filters == {"language": "pt", "kinds": ["faq"]}
    assert case.made_by == "Helena <helena@moveis.example>"
    assert "Recorded:" in answer.content.decode()
    assert "expected" not in answer.redirect_chain[-1][0]


def test_an_entry_that_was_not_found_can_be_looked_for(page, known, moveis):
    text = shown(page, question="quanto custa?", q="serrano")

    assert "Sofá Serrano" in text
    assert 'value="product:' in text


@pytest.mark.parametrize("expected", ["", "faq:0", "x", "faq:99999999999999999999", HOSTILE])
def test_a_wrong_entry_is_refused_in_words(page, known, expected):
    answer = page.post(PAGE, {"question": QUESTION, "expected": expected}, follow=True)

    assert "There is no such entry." in answer.content.decode()
    assert not SearchCase.objects.exists()


def test_nothing_is_recorded_without_a_question(page, delivery):
    answer = page.post(PAGE, {"expected": delivery.key}, follow=True)

    assert "Nothing was recorded." in answer.content.decode()


def test_an_entry_of_another_company_is_not_recorded(page, delivery, cosmeticos, known):
    theirs = Faq.objects.get(tenant=cosmeticos)
    page.post(PAGE, {"question": QUESTION, "expected": theirs.key, "company": "cosmeticos"})

    assert not SearchCase.objects.exists()


def test_who_only_looks_records_and_runs_nothing(moveis, signed_in, delivery):
    page = signed_in(member(moveis, Role.VIEWER, language="en"))
    sent = {"question": QUESTION, "expected": delivery.key}

    assert "This should have been found" not in shown(page, question=QUESTION)
    assert page.post(PAGE, sent).status_code == 403
    assert page.post(RUN).status_code == 403
    assert "Run all cases" not in page.get(LIST).content.decode()
    assert not SearchCase.objects.exists()


def test_trying_takes_few_queries_however_much_is_found(page, known, moveis, indexed):
    def count(question):
        shown(page, question=question)
        with CaptureQueriesContext(connection) as queries:
            shown(page, question=question)
        return len(queries)

    few = count("defeito")
    FaqFactory.create_batch(8, tenant=moveis, question="Qual o prazo?", answer="prazo de entrega")
    indexed(moveis)

    assert count("prazo de entrega") == few


class TestList:
    def test_places_and_totals_are_shown(self, page, moveis, delivery):
        now = timezone.now()
        SearchCaseFactory(
            tenant=moveis,
            name="Entrega",
            piece_id=delivery.pk,
            place=1,
            run_at=now,
            place_before=3,
            run_before_at=now,
        )
        text = page.get(LIST).content.decode()

        assert "1 case" in text
        assert "100%" in text
        assert "The run before" in text

    def test_an_entry_that_is_gone_or_not_published_says_so(self, page, moveis):
        SearchCaseFactory(tenant=moveis, name="Gone")
        SearchCaseFactory(tenant=moveis, piece_id=FaqFactory(tenant=moveis, state="draft").pk)
        text = page.get(LIST).content.decode()

        assert "The entry is gone" in text
        assert "The entry is not published" in text

    def test_a_long_list_takes_as_many_queries_as_a_short_one(self, page, moveis):
        def count():
            with CaptureQueriesContext(connection) as queries:
                assert page.get(LIST).status_code == 200
            return len(queries)

        SearchCaseFactory.create_batch(2, tenant=moveis)
        count()
        few = count()
        SearchCaseFactory.create_batch(8, tenant=moveis)

        assert count() == few

    def test_all_own_cases_are_run(self, page, delivery, moveis, cosmeticos):
        other = SearchCaseFactory(tenant=cosmeticos)
        case = SearchCaseFactory(
            tenant=moveis, question=QUESTION, piece_id=delivery.pk, filters={"language": "pt"}
        )
        answer = page.post(RUN, follow=True)

        assert "being run" in answer.content.decode()
        for row in (case, other):
            row.refresh_from_db()
        assert (case.is_due, other.is_due) == (True, False)

    def test_a_link_runs_nothing(self, page, moveis):
        case = SearchCaseFactory(tenant=moveis)
        page.get(RUN)

        case.refresh_from_db()
        assert not case.is_due

    def test_a_case_can_be_looked_at_tried_again_and_deleted(self, page, moveis):
        case = SearchCaseFactory(
            tenant=moveis, question=QUESTION, filters={"kinds": ["faq"], "language": "pt"}
        )
        text = page.get(f"{LIST}{case.pk}/change/").content.decode()

        assert "kind=faq" in text
        assert page.post(f"{LIST}{case.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not SearchCase.objects.exists()
        assert AuditEntry.objects.filter(
            object_type="knowledge.searchcase", action="deleted"
        ).exists()

    def test_the_sidebar_leads_to_the_page(self, page, moveis):
        assert f'href="{PAGE}"' in page.get("/admin/").content.decode()


def test_a_leg_that_could_not_be_asked_is_told(page, known, monkeypatch):
    from integrations import llm
    from integrations.llm.failures import ProviderFailedError
    from knowledge.models import Space

    Space.objects.update(dimension=3)

    def down(*_args, **_options):
        raise ProviderFailedError

    monkeypatch.setattr(llm, "embed", down)

    text = shown(page, question=QUESTION)

    assert "“Meaning” could not be asked" in text
    assert Index.objects.exists()
