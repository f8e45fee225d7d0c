"""Kinds as collections: counted, filled, and emptied on purpose only."""

import pytest

from knowledge import emptying, tasks
from knowledge.models import Faq, Index, Kind, Passage, PassageState, Product
from tenants.models import AuditEntry
from tests.factories import FaqFactory, IndexFactory

pytestmark = pytest.mark.django_db

both = pytest.mark.parametrize("address", ["collections", "/collections"])


@both
def test_kinds_are_counted(address, call, known, moveis):
    FaqFactory(tenant=moveis, state="draft")
    FaqFactory(tenant=moveis)

    status, body = call("get", address)

    counts = {row["kind"]: row for row in body["collections"]}
    assert status == 200
    assert list(counts) == ["rule", "faq", "article", "document", "product", "page"]
    assert counts["faq"] == {
        "kind": "faq",
        "entries": 4,
        "published": 3,
        "passages": {"ready": 2, "total": 3},
    }
    assert counts["article"]["passages"] == {"ready": 0, "total": 0}
    assert body["index"]["exists"] is True
    assert body["index"]["passages"] == {"ready": 4, "total": 5}


def test_the_state_of_the_index_is_told(call, known, moveis):
    Index.objects.filter(tenant=moveis).update(last_error="down")

    status, body = call("get", "index")

    assert (status, body["last_error"], body["is_being_indexed"]) == (200, "down", False)
    assert body["indexed_at"]


def test_others_see_their_own_counts(stranger, known, cosmeticos):
    IndexFactory(tenant=cosmeticos)
    _status, body = stranger("get", "collections")

    assert {row["kind"]: row["entries"] for row in body["collections"]}["faq"] == 1
    assert stranger("get", "index")[1]["passages"] == {"ready": 1, "total": 1}


@both
def test_posting_makes_sure_of_the_index_and_fills_it(address, call, moveis, engine, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.sync_index, "delay", lambda **options: asked.append(options))

    status, body = call("post", address)

    assert (status, body["progress"]) == (202, "/api/v1/knowledge/collections")
    assert Index.objects.filter(tenant=moveis).exists()
    assert asked == [{"tenant_id": moveis.pk}]


@both
@pytest.mark.parametrize(
    "query", ["", "?confirm=", "?confirm=site", "?confirm=all", "?kind=faq", "?confirm=FAQ"]
)
def test_nothing_is_deleted_without_naming_the_kind(address, query, call, known):
    status, refusal = call("delete", f"{address}{query}")

    assert status == 400
    assert "rule, faq, article, document, product, page" in str(refusal["fields"]["confirm"])


@both
def test_a_kind_is_emptied(
    address, call, known, moveis, cosmeticos, django_capture_on_commit_callbacks, monkeypatch
):
    begun = []
    monkeypatch.setattr(tasks.empty_kind, "delay", lambda **options: begun.append(options))

    status, body = call("delete", f"{address}?confirm=faq")
    later = FaqFactory(tenant=moveis)
    tasks.empty_kind(**begun[0])

    assert status == 202
    assert "2 entries" in body["message"]
    assert list(Faq.objects.filter(tenant=moveis)) == [later]
    assert Faq.objects.filter(tenant=cosmeticos).count() == 1
    assert Product.objects.filter(tenant=moveis).exists()
    gone = Passage.objects.filter(tenant=moveis, state=PassageState.GONE)
    assert gone.count() == 2


def test_deletions_name_the_token(call, known, moveis, monkeypatch):
    monkeypatch.setattr(tasks.empty_kind, "delay", lambda **options: tasks.empty_kind(**options))
    call("delete", "collections?confirm=faq")

    entries = AuditEntry.objects.filter(object_type="knowledge.faq", action="deleted")
    assert {(entry.via, "machine" in entry.actor_label) for entry in entries} == {("api", True)}


def test_emptying_goes_in_batches_and_may_begin_again(moveis, monkeypatch):
    monkeypatch.setattr(emptying, "AT_ONCE", 2)
    FaqFactory.create_batch(5, tenant=moveis)
    count, last_id = emptying.extent(moveis, Kind.FAQ)

    for _time in range(2):
        emptying.empty(moveis, Kind.FAQ, last_id=last_id)

    assert count == 5
    assert not Faq.objects.exists()
    assert not Passage.objects.for_tenant(moveis).there().exists()


def test_an_empty_kind_is_emptied_at_once(moveis):
    assert emptying.extent(moveis, Kind.ARTICLE) == (0, 0)
    emptying.empty(moveis, Kind.ARTICLE, last_id=0)


@both
def test_scopes_are_apart(address, reader, writer):
    assert reader("get", address)[0] == 200
    assert writer("get", address)[0] == 403
    assert reader("post", address)[0] == reader("delete", f"{address}?confirm=faq")[0] == 403


@both
def test_counting_takes_few_queries(address, call, known, django_assert_max_num_queries):
    call("get", address)

    with django_assert_max_num_queries(10):
        call("get", address)
