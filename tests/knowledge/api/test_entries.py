"""Entries over the API: own ones, whole life, refusals that name the field, few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge.models import (
    Article,
    BusinessRule,
    Faq,
    Passage,
    PassageState,
    Product,
)
from tenants.models import AuditEntry, Domain
from tests.factories import (
    ArticleFactory,
    BusinessRuleFactory,
    FaqFactory,
    ProductFactory,
)

pytestmark = pytest.mark.django_db

GROUPS = {
    "business_rules": (
        BusinessRuleFactory,
        {"title": "Troca", "description": "Em 7 dias."},
        "title",
    ),
    "faqs": (FaqFactory, {"question": "Entregam?", "answer": "Sim."}, "question"),
    "articles": (ArticleFactory, {"title": "Garantia", "body": "# Prazo\n\nUm ano."}, "title"),
    "products": (ProductFactory, {"name": "Sofá"}, "name"),
}
every_group = pytest.mark.parametrize("group", GROUPS)


@every_group
def test_an_entry_is_made_read_changed_and_deleted(group, call, moveis):
    _factory, body, name = GROUPS[group]

    status, made = call("post", group, {**body, "external_id": "7"})
    assert (status, made["external_id"], made["origin"]) == (201, "7", "api")
    assert made["passages"] == {"ready": 0, "total": 1}

    address = f"{group}/{made['id']}"
    status, changed = call("patch", address, {name: "Outra coisa"})
    assert (status, changed[name], changed["external_id"]) == (200, "Outra coisa", "7")
    assert call("get", address)[1][name] == "Outra coisa"
    assert call("put", address, body)[1][name] == body[name]

    assert call("delete", address)[0] == 204
    assert call("get", address)[0] == 404
    assert not Passage.objects.for_tenant(moveis).there().exists()


@every_group
def test_entries_are_listed_and_narrowed(group, call, moveis):
    factory, _body, _name = GROUPS[group]
    first = factory(tenant=moveis, external_id="a")
    second = factory(tenant=moveis, state="draft")

    status, body = call("get", group)

    assert status == 200
    assert [row["id"] for row in body["results"]] == [second.pk, first.pk]
    assert [row["passages"]["total"] for row in body["results"]] == [0, 1]
    assert [r["id"] for r in call("get", f"{group}?external_id=a")[1]["results"]] == [first.pk]
    assert [r["id"] for r in call("get", f"{group}?state=draft")[1]["results"]] == [second.pk]
    status, refusal = call("get", f"{group}?state=lost")
    assert (status, refusal["fields"]) == (
        400,
        {"state": ["Write one of: draft, published, archived."]},
    )


@every_group
def test_entries_of_others_do_not_exist(group, call, cosmeticos):
    factory, body, _name = GROUPS[group]
    theirs = factory(tenant=cosmeticos, external_id="7")
    address = f"{group}/{theirs.pk}"

    assert call("get", group)[1]["results"] == []
    assert call("get", f"{group}?external_id=7")[1]["results"] == []
    assert call("get", address)[0] == 404
    assert call("put", address, body)[0] == 404
    assert call("patch", address, body)[0] == 404
    assert call("delete", address)[0] == 404
    theirs.refresh_from_db()
    assert call("post", group, {**body, "external_id": "7"})[0] == 201


@every_group
def test_scopes_are_apart(group, reader, writer, moveis):
    factory, body, _name = GROUPS[group]
    address = f"{group}/{factory(tenant=moveis).pk}"

    assert reader("get", group)[0] == reader("get", address)[0] == 200
    assert reader("post", group, body)[0] == 403
    assert {reader(m, address, body)[0] for m in ("put", "patch", "delete")} == {403}
    assert writer("get", group)[0] == writer("get", address)[0] == 403


@every_group
def test_a_number_names_one_entry(group, call, moveis):
    factory, body, _name = GROUPS[group]
    factory(tenant=moveis, external_id="7")

    status, refusal = call("post", group, {**body, "external_id": "7"})

    assert status == 400
    assert "Another entry has this number already." in str(refusal["fields"])


@every_group
@pytest.mark.parametrize(
    "change",
    [
        {"nonsense": 1},
        {"\ud800": 1},
        {"state": "lost"},
        {"state": ["draft"]},
        {"language": "xx"},
        {"external_id": "a" * 201},
        {"external_id": {"a": 1}},
        {"external_id": "a\0"},
        {"external_id": "\ud800"},
        {"category": ["x"], "rule_type": ["x"]},
        {"tenant": 1},
    ],
    ids=str,
)
def test_hostile_values_are_refused_with_the_field(group, change, call, moveis):
    _factory, body, _name = GROUPS[group]

    status, refusal = call("post", group, {**body, **change})

    assert status == 400
    assert refusal["fields"]


@every_group
def test_what_is_required_is_named(group, call):
    _factory, body, _name = GROUPS[group]
    status, refusal = call("post", group, {})

    assert status == 400
    assert set(refusal["fields"]) == set(body)


@pytest.mark.parametrize(
    ("group", "change", "name"),
    [
        ("products", {"price": "NaN"}, "price"),
        ("products", {"price": -1}, "price"),
        ("products", {"price": "1e400"}, "price"),
        ("products", {"price": {}}, "price"),
        ("products", {"image_url": "javascript:alert(1)"}, "image_url"),
        ("products", {"attributes": []}, "attributes"),
        ("products", {"attributes": {"Cor": None}}, "attributes"),
        ("products", {"attributes": {"Cor": {"a": 1}}}, "attributes"),
        ("products", {"attributes": {"Cor": [[1]]}}, "attributes"),
        ("products", {"attributes": {"a" * 121: 1}}, "attributes"),
        ("products", {"attributes": {"Cor": "a\0"}}, "attributes"),
        ("products", {"attributes": {"\ud800": 1}}, "attributes"),
        ("products", {"attributes": {"Cor": "\ud800"}}, "attributes"),
        ("products", {"attributes": {"": 1}}, "attributes"),
        ("business_rules", {"priority": 101}, "priority"),
        ("business_rules", {"priority": 10**30}, "priority"),
        ("business_rules", {"domain": "nowhere"}, "domain"),
        ("business_rules", {"domain": 7}, "domain"),
        ("business_rules", {"domain": {}}, "domain"),
        ("business_rules", {"valid_from": "tomorrow"}, "valid_from"),
        (
            "business_rules",
            {"valid_from": "2026-02-01T00:00Z", "valid_until": "2026-01-01T00:00Z"},
            "valid_until",
        ),
        ("articles", {"article_type": "novel"}, "article_type"),
        ("articles", {"body": ""}, "body"),
        ("faqs", {"question": "a" * 501}, "question"),
        ("faqs", {"answer": "a" * 200_001}, "answer"),
    ],
)
def test_each_kind_has_its_limits(group, change, name, call):
    _factory, body, _name = GROUPS[group]
    status, refusal = call("post", group, {**body, **change})

    assert (status, list(refusal["fields"])) == (400, [name])


def test_a_rule_stands_on_a_domain_that_is_offered(call, moveis):
    Domain.objects.create(slug="atacado", name="Atacado")
    Domain.objects.create(slug="secret", name="Secret", is_offered=False)
    body = GROUPS["business_rules"][1]

    status, made = call("post", "business_rules", {**body, "domain": "atacado"})
    assert (status, made["domain"]) == (201, "atacado")
    assert Passage.objects.get(piece_id=made["id"], kind="rule").domain == "atacado"

    status, refusal = call("post", "business_rules", {**body, "domain": "secret"})
    assert refusal["fields"] == {"domain": ["Write one of: atacado."]}
    assert call("patch", f"business_rules/{made['id']}", {"domain": None})[1]["domain"] is None


def test_a_list_of_articles_leaves_their_texts_out(call, moveis):
    article = ArticleFactory(tenant=moveis)

    assert "body" not in call("get", "articles")[1]["results"][0]
    assert call("get", f"articles/{article.pk}")[1]["body"] == article.body


@every_group
def test_a_long_list_takes_as_many_queries_as_a_short_one(group, call, moveis):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert call("get", group)[0] == 200
        return len(queries)

    GROUPS[group][0].create_batch(2, tenant=moveis)
    count()
    few = count()
    GROUPS[group][0].create_batch(10, tenant=moveis)

    assert count() == few <= 6


def test_new_entries_are_in_the_language_of_the_company(call, moveis):
    moveis.language = "en"
    moveis.save()

    assert call("post", "faqs", GROUPS["faqs"][1])[1]["language"] == "en"


def test_changes_stand_in_the_audit_log_with_the_token(call, moveis):
    _status, made = call("post", "faqs", GROUPS["faqs"][1])

    entry = AuditEntry.objects.filter(object_type="knowledge.faq").latest("pk")
    assert (entry.object_id, entry.via) == (str(made["id"]), "api")
    assert "machine" in entry.actor_label


def test_a_deleted_entry_is_taken_out(call, moveis):
    faq = FaqFactory(tenant=moveis)
    call("delete", f"faqs/{faq.pk}")

    assert set(Passage.objects.values_list("state", flat=True)) == {PassageState.GONE}


@pytest.mark.parametrize(
    ("second", "first"),
    [
        ("/api/v1/business_rules", "business_rules"),
        ("/api/v1/product_management", "products"),
    ],
)
def test_second_addresses_lead_to_the_same_entries(second, first, call, moveis):
    factory, body, name = GROUPS[first]
    row = factory(tenant=moveis)

    assert call("get", second) == call("get", first)
    assert call("get", f"{second}/{row.pk}")[1] == call("get", f"{first}/{row.pk}")[1]
    assert call("post", second, body)[1][name] == body[name]


def test_nothing_is_reached_without_a_token(client, moveis):
    FaqFactory(tenant=moveis)
    for group in GROUPS:
        assert client.get(f"/api/v1/knowledge/{group}").status_code == 401
    assert not any(
        model.objects.filter(origin="api").exists()
        for model in (Article, BusinessRule, Faq, Product)
    )
