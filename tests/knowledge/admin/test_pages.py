"""What staff see of what the company knows, and the buttons with which they change it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge.models import Faq, Index, Passage, PassageState, PieceState, Product
from tenants.access import Role
from tenants.models import AuditEntry, Domain
from tests.factories import (
    ArticleFactory,
    BusinessRuleFactory,
    DocumentFactory,
    FaqFactory,
    ProductFactory,
    SpaceFactory,
    member,
)

KINDS = {
    "businessrule": BusinessRuleFactory,
    "faq": FaqFactory,
    "article": ArticleFactory,
    "document": DocumentFactory,
    "product": ProductFactory,
}
HOSTILE = "<script>alert(1)</script>"


def list_of(kind):
    return f"/admin/knowledge/{kind}/"


def change(row):
    return f"/admin/knowledge/{row._meta.model_name}/{row.pk}/change/"


def text_of(page, address, query=None):
    answer = page.get(address, query)
    assert answer.status_code == 200, address
    return answer.content.decode()


def queries_of(page, address):
    with CaptureQueriesContext(connection) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


def chosen(action, *rows):
    return {"action": action, "_selected_action": [row.pk for row in rows], "index": 0}


def form_of(row, **changed):
    meta = row._meta
    values = {
        field.name: getattr(row, field.attname)
        for field in meta.concrete_fields
        if field.editable and not field.primary_key and field.name not in {"tenant", "attributes"}
    }
    values |= changed
    return {name: "" if value is None else value for name, value in values.items()}


class TestLists:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_long_list_takes_as_many_queries_as_a_short_one(
        self, kind, helena, moveis, signed_in
    ):
        page = signed_in(helena)
        KINDS[kind].create_batch(2, tenant=moveis)
        page.get(list_of(kind))
        few = queries_of(page, list_of(kind))
        KINDS[kind].create_batch(8, tenant=moveis)

        assert queries_of(page, list_of(kind)) == few

    @pytest.mark.parametrize("kind", KINDS)
    def test_only_own_rows_and_own_names_are_shown(
        self, kind, helena, moveis, cosmeticos, signed_in
    ):
        word = "rule_type" if kind == "businessrule" else "category"
        KINDS[kind](tenant=moveis, **{word: "Sofás"})
        KINDS[kind](tenant=cosmeticos, **{word: "Perfumes"})
        shown = text_of(signed_in(helena), list_of(kind))

        assert "Sofás" in shown
        assert "Perfumes" not in shown

    def test_rows_are_found_by_category_and_by_word(self, helena, moveis, signed_in):
        ProductFactory(tenant=moveis, name="Poltrona Vera", category="Sala")
        ProductFactory(tenant=moveis, name="Cama Lia", category="Quarto")
        page = signed_in(helena)

        for query in ({"category": "Sala"}, {"q": "poltrona"}):
            shown = text_of(page, list_of("product"), query)
            assert "Poltrona Vera" in shown
            assert "Cama Lia" not in shown

    def test_a_list_of_books_is_read_without_the_books(self, helena, moveis, signed_in):
        DocumentFactory(tenant=moveis, body="word " * 1_000)
        page = signed_in(helena)
        with CaptureQueriesContext(connection) as queries:
            page.get(list_of("document"))

        assert not any('"knowledge_document"."body"' in query["sql"] for query in queries)

    @pytest.mark.parametrize("kind", KINDS)
    def test_texts_are_shown_as_text(self, kind, helena, moveis, signed_in):
        name = {"faq": "question", "product": "name"}.get(kind, "title")
        row = KINDS[kind](tenant=moveis, **{name: HOSTILE}, source=HOSTILE)
        page = signed_in(helena)

        for address in (list_of(kind), change(row)):
            assert HOSTILE not in text_of(page, address)


class TestFoundByNow:
    def test_an_entry_says_that_it_is_being_indexed_and_then_that_it_is_found(
        self, helena, moveis, signed_in, indexed
    ):
        faq = FaqFactory(tenant=moveis)
        helena.language = "en"
        helena.save()
        page = signed_in(helena)

        assert "Being indexed" in text_of(page, change(faq))
        assert "0 of 1 passages" in text_of(page, change(faq))

        indexed(moveis)

        assert "1 passage" in text_of(page, change(faq))
        assert "Being indexed" not in text_of(page, change(faq))

    def test_the_last_error_of_the_index_is_told(self, helena, moveis, signed_in):
        faq = FaqFactory(tenant=moveis)
        Index.objects.filter(tenant=moveis).update(last_error="no answer <b>")

        shown = text_of(signed_in(helena), change(faq))

        assert "no answer &lt;b&gt;" in shown

    def test_a_draft_is_not_searched(self, helena, moveis, signed_in):
        helena.language = "en"
        helena.save()
        faq = FaqFactory(tenant=moveis, state=PieceState.DRAFT)

        assert "Only what is published is found." in text_of(signed_in(helena), change(faq))

    def test_a_new_entry_has_nothing_to_tell_yet(self, helena, signed_in):
        shown = text_of(signed_in(helena), "/admin/knowledge/faq/add/")

        assert "found" not in shown.split("<form")[-1]


class TestPublishing:
    def test_chosen_drafts_are_published_and_counted(
        self, helena, moveis, signed_in, django_capture_on_commit_callbacks
    ):
        drafts = FaqFactory.create_batch(3, tenant=moveis, state=PieceState.DRAFT)
        there = FaqFactory(tenant=moveis)
        answer = signed_in(helena).post(
            list_of("faq"), chosen("publish_chosen", *drafts, there), follow=True
        )

        assert "3" in next(str(m) for m in answer.context["messages"])
        assert Faq.objects.filter(state=PieceState.PUBLISHED).count() == 4
        assert Passage.objects.for_tenant(moveis).there().count() == 4
        assert AuditEntry.objects.about(drafts[0]).count() == 2

    def test_what_is_archived_is_no_longer_there_for_a_search(self, helena, moveis, signed_in):
        faq = FaqFactory(tenant=moveis)
        signed_in(helena).post(list_of("faq"), chosen("archive_chosen", faq))

        faq.refresh_from_db()
        assert faq.state == PieceState.ARCHIVED
        assert Passage.objects.get(piece_id=faq.pk).state == PassageState.GONE

    def test_rows_of_another_company_stay_as_they_are(self, beatriz, moveis, signed_in):
        faq = FaqFactory(tenant=moveis)
        signed_in(beatriz).post(list_of("faq"), chosen("archive_chosen", faq))

        faq.refresh_from_db()
        assert faq.state == PieceState.PUBLISHED

    def test_rows_of_several_companies_are_moved_each_in_its_own(
        self, platform_admin, moveis, cosmeticos, signed_in
    ):
        rows = [FaqFactory(tenant=moveis), FaqFactory(tenant=cosmeticos)]
        signed_in(platform_admin).post(list_of("faq"), chosen("archive_chosen", *rows))

        assert Passage.objects.filter(state=PassageState.GONE).count() == 2

    def test_too_many_at_once_are_refused(self, helena, moveis, signed_in, monkeypatch):
        monkeypatch.setattr("knowledge.admin.pages.MOST_MOVED", 1)
        rows = FaqFactory.create_batch(2, tenant=moveis)
        signed_in(helena).post(list_of("faq"), chosen("archive_chosen", *rows))

        assert not Faq.objects.filter(state=PieceState.ARCHIVED).exists()


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "allowed"),
        [(Role.OWNER, "vacd"), (Role.EDITOR, "vacd"), (Role.AGENT, "vc"), (Role.VIEWER, "v")],
        ids=str,
    )
    def test_each_role_sees_and_changes_what_it_may(self, role, allowed, moveis, signed_in):
        faq = FaqFactory(tenant=moveis, answer="before")
        page = signed_in(member(moveis, role))
        page.get(list_of("faq"))
        page.post(change(faq), form_of(faq, answer="after"))
        page.post("/admin/knowledge/faq/add/", form_of(faq, question="New?"))
        is_added = Faq.objects.filter(question="New?").exists()
        faq.refresh_from_db()
        page.post(f"/admin/knowledge/faq/{faq.pk}/delete/", {"post": "yes"})

        assert page.get(list_of("faq")).status_code == 200
        assert (faq.answer == "after") is ("c" in allowed)
        assert is_added is ("a" in allowed)
        assert Faq.objects.filter(pk=faq.pk).exists() is ("d" not in allowed)

    def test_viewers_are_offered_no_action(self, moveis, signed_in):
        faq = FaqFactory(tenant=moveis)
        page = signed_in(member(moveis, Role.VIEWER))
        page.post(list_of("faq"), chosen("archive_chosen", faq))

        faq.refresh_from_db()
        assert faq.state == PieceState.PUBLISHED


class TestForms:
    def test_attributes_are_names_and_values(self, helena, moveis, signed_in):
        product = ProductFactory(tenant=moveis)
        written = 'Cor: azul\nVoltagem: 220\nTons:\n- claro\n- escuro\nCódigo: "#ff0"'
        signed_in(helena).post(change(product), form_of(product, attributes=written))

        product.refresh_from_db()
        assert product.attributes == {
            "Cor": "azul",
            "Voltagem": 220,
            "Tons": ["claro", "escuro"],
            "Código": "#ff0",
        }
        assert "Tons: claro, escuro" in Passage.objects.get(piece_id=product.pk).text

    @pytest.mark.parametrize(
        ("language", "written", "shown"),
        [
            ("pt-br", "1.299,90", "1.299,90"),
            ("pt-br", "1299,90", "1.299,90"),
            ("en", "1299.90", "1,299.90"),
        ],
    )
    def test_a_price_is_written_as_people_write_it(
        self, language, written, shown, helena, moveis, signed_in
    ):
        helena.language = language
        helena.save()
        product = ProductFactory(tenant=moveis)
        page = signed_in(helena)
        page.post(change(product), form_of(product, price=written))

        product.refresh_from_db()
        assert product.price == Decimal("1299.90")
        assert f'value="{shown}"' in text_of(page, change(product))

    @pytest.mark.parametrize(
        "written",
        ["Cor: #ff0", "Cor:\n  Dentro: azul", "azul", "- azul", f"{'x' * 200}: y", "Cor: a: b"],
        ids=["comment", "nested", "no name", "list", "long name", "colon"],
    )
    def test_attributes_that_are_none_are_refused_with_a_reason(
        self, written, helena, moveis, signed_in
    ):
        product = ProductFactory(tenant=moveis, attributes={"Cor": "verde"})
        answer = signed_in(helena).post(change(product), form_of(product, attributes=written))

        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["attributes"]
        assert Product.objects.get(pk=product.pk).attributes == {"Cor": "verde"}

    def test_a_text_that_no_form_can_hold_is_only_shown(
        self, helena, moveis, signed_in, monkeypatch
    ):
        monkeypatch.setattr("knowledge.admin.texts.LONGEST_EDITED", 20)
        document = DocumentFactory(tenant=moveis, body=f"{HOSTILE} more than twenty letters")
        page = signed_in(helena)
        shown = text_of(page, change(document))
        page.post(change(document), {"title": "New title", "state": "published", "language": "pt"})

        document.refresh_from_db()
        assert 'name="body"' not in shown
        assert HOSTILE not in shown
        assert document.title == "New title"
        assert document.body.startswith(HOSTILE)

    def test_a_new_entry_is_in_the_language_of_the_company(self, helena, moveis, signed_in):
        moveis.language = "en"
        moveis.save()
        answer = signed_in(helena).get("/admin/knowledge/faq/add/")

        assert answer.context["adminform"].form.initial["language"] == "en"

    def test_a_rule_may_only_be_for_a_domain_that_is_offered(self, helena, moveis, signed_in):
        hidden = Domain.objects.create(slug="hidden", name="Hidden", is_offered=False)
        rule = BusinessRuleFactory(tenant=moveis)
        body = form_of(rule, domain=hidden.pk)
        signed_in(helena).post(change(rule), body)

        rule.refresh_from_db()
        assert rule.domain is None


class TestIndex:
    def test_staff_see_how_far_their_index_is(self, helena, moveis, cosmeticos, signed_in, indexed):
        FaqFactory(tenant=moveis)
        indexed(moveis)
        FaqFactory(tenant=moveis)
        FaqFactory(tenant=cosmeticos)
        answer = signed_in(helena).get("/admin/knowledge/index/")
        (row,) = answer.context["cl"].result_list

        assert (row.tenant, row.ready_count, row.due_count) == (moveis, 1, 1)

    def test_the_button_indexes_now(
        self, helena, moveis, signed_in, engine, monkeypatch, django_capture_on_commit_callbacks
    ):
        from knowledge import indexing, tasks

        FaqFactory(tenant=moveis)
        row = Index.objects.get(tenant=moveis)
        monkeypatch.setattr(
            tasks.sync_index, "delay", lambda *, tenant_id: indexing.sync(moveis) and None
        )
        page = signed_in(helena)
        asked = page.get(f"/admin/knowledge/index/{row.pk}/index/")
        page.post(f"/admin/knowledge/index/{row.pk}/index/")

        assert asked.status_code == 200
        assert Passage.objects.get(tenant=moveis).state == PassageState.READY

    @pytest.mark.parametrize("role", [Role.VIEWER], ids=str)
    def test_who_only_looks_has_no_such_button(self, role, moveis, signed_in):
        FaqFactory(tenant=moveis)
        row = Index.objects.get(tenant=moveis)
        page = signed_in(member(moveis, role))

        assert page.post(f"/admin/knowledge/index/{row.pk}/index/").status_code == 403

    def test_a_list_of_many_companies_takes_as_many_queries(
        self, platform_admin, moveis, cosmeticos, signed_in
    ):
        page = signed_in(platform_admin)
        FaqFactory(tenant=moveis)
        page.get("/admin/knowledge/index/")
        few = queries_of(page, "/admin/knowledge/index/")
        FaqFactory(tenant=cosmeticos)
        for faq in FaqFactory.create_batch(3):
            assert faq.tenant_id

        assert queries_of(page, "/admin/knowledge/index/") == few

    def test_search_spaces_are_for_the_platform_only(
        self, helena, platform_admin, signed_in, moveis
    ):
        SpaceFactory(key="words")

        assert signed_in(helena).get("/admin/knowledge/space/").status_code == 403
        assert "words" in text_of(signed_in(platform_admin), "/admin/knowledge/space/")
