"""Many rows in one call: by number, row by row, never twice, and only one's own."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from knowledge import bulk
from knowledge.models import BusinessRule, Faq, Passage, Product
from tenants.models import AuditEntry, Domain
from tests.factories import FaqFactory

pytestmark = pytest.mark.django_db

ADDRESSES = ("/api/v1/knowledge/vectorize", "/vectorize")


def faq(number, **values):
    return {"external_id": number, "question": f"Pergunta {number}?", "answer": "Sim.", **values}


def send(call, *rows, kind="faq", address=ADDRESSES[0]):
    return call("post", address, {"kind": kind, "rows": list(rows)})


@pytest.mark.parametrize("address", ADDRESSES)
def test_rows_are_made_and_found_after_the_index_was_filled(address, call, moveis, indexed):
    status, body = send(call, faq("1"), faq("2"), address=address)

    assert status == 202
    assert (body["created"], body["refused"]) == (2, 0)
    assert [row["result"] for row in body["results"]] == ["created", "created"]
    assert call("get", body["progress"])[1] == {
        "ready": 0,
        "total": 2,
        "is_complete": False,
        "last_error": "",
    }
    indexed(moveis)
    assert call("get", body["progress"])[1]["is_complete"] is True
    assert set(Faq.objects.values_list("origin", flat=True)) == {"api"}


def test_sending_again_changes_nothing(call, moveis):
    send(call, faq("1"), faq("2"))
    before = AuditEntry.objects.count(), Passage.objects.count()

    _status, body = send(call, faq("1"), faq("2"))

    assert body["unchanged"] == 2
    assert (AuditEntry.objects.count(), Passage.objects.count()) == before


def test_a_known_row_is_changed_and_keeps_what_is_left_out(call, moveis):
    send(call, faq("1", category="Frete"))

    _status, body = send(call, {"external_id": "1", "answer": "Não."})

    row = Faq.objects.get()
    assert (body["changed"], row.answer, row.category) == (1, "Não.", "Frete")
    assert row.question == "Pergunta 1?"
    assert Passage.objects.get(piece_id=row.pk).text == "Não."


def test_a_bad_row_stops_no_other_and_names_its_field(call, moveis):
    status, body = send(
        call, faq("1"), faq("2", state="lost"), faq("3", nonsense=1), faq("4", answer=""), 5
    )

    assert status == 202
    assert [row["result"] for row in body["results"]] == ["created", *["refused"] * 4]
    assert body["results"][1]["fields"] == {"state": ["Write one of: draft, published, archived."]}
    assert body["results"][2]["fields"] == {"nonsense": ["There is no such field."]}
    assert list(body["results"][3]["fields"]) == ["answer"]
    assert body["results"][4] == {
        "index": 4,
        "external_id": "",
        "id": None,
        "result": "refused",
        "fields": {"row": ["Send an object here."]},
    }
    assert Faq.objects.count() == 1


def test_a_new_row_needs_what_its_kind_needs(call, moveis):
    _status, body = send(call, {"external_id": "1"})

    assert set(body["results"][0]["fields"]) == {"question", "answer"}
    assert body["progress"] == ""


def test_a_number_that_comes_twice_is_refused_the_second_time(call, moveis):
    _status, body = send(call, faq("1"), faq(" 1 ", answer="Não."))

    assert [row["result"] for row in body["results"]] == ["created", "refused"]
    assert list(body["results"][1]["fields"]) == ["external_id"]


def test_the_same_number_of_another_company_is_another_row(call, stranger, cosmeticos):
    theirs = FaqFactory(tenant=cosmeticos, external_id="1", answer="perfume")

    _status, body = send(call, faq("1"))

    assert body["created"] == 1
    theirs.refresh_from_db()
    assert theirs.answer == "perfume"


def test_progress_of_others_is_not_told(stranger, call, moveis):
    _status, body = send(call, faq("1"))

    assert stranger("get", body["progress"])[1]["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kind=faq",
        "kind=x&ids=1",
        "kind=faq&ids=a",
        "kind=faq&ids=1,,2",
        "kind=faq&ids=" + "9" * 30,
    ],
)
def test_progress_needs_kind_and_ids(query, call):
    assert call("get", f"progress?{query}")[0] == 400


def test_more_than_a_hundred_rows_are_refused_with_the_next_step(call, moveis):
    status, body = send(call, *(faq(str(n)) for n in range(101)))

    assert status == 413
    assert "Send them in several calls" in body["error"]
    assert not Faq.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "faq"},
        {"kind": "faq", "rows": []},
        {"kind": "faq", "rows": {}},
        {"kind": "faq", "rows": "x"},
        {"kind": "document", "rows": [faq("1")]},
        {"kind": ["faq"], "rows": [faq("1")]},
        {"kind": "faq\0", "rows": [faq("1")]},
        {"kind": "faq", "rows": [faq("1")], "tenant": "cosmeticos"},
    ],
    ids=str,
)
def test_a_call_that_makes_no_sense_is_refused(body, call):
    status, refusal = call("post", "vectorize", body)

    assert (status, bool(refusal["fields"])) == (400, True)


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "x",
        {},
        {"external_id": ""},
        {"external_id": None},
        {"external_id": "\ud800"},
        {"external_id": "a\0"},
        {"external_id": {"a": 1}},
        {"external_id": "a" * 300},
        {"external_id": "1", "question": ["a"], "answer": 1e308},
        {"external_id": "1", "tenant": 1},
        {"external_id": "1", "\ud800": 1},
    ],
    ids=str,
)
def test_hostile_rows_are_refused_one_by_one(row, call):
    status, body = send(call, row, faq("good"))

    assert status == 202
    assert [one["result"] for one in body["results"]] == ["refused", "created"]


def test_hostile_ids_are_stored_as_texts(call, moveis):
    _status, body = send(call, faq(7), faq("'; DROP TABLE knowledge_faq; --"))

    assert body["created"] == 2
    assert Faq.objects.filter(external_id="7").exists()


def test_every_kind_can_be_sent(call, moveis):
    Domain.objects.create(slug="atacado", name="Atacado")
    rule = {"external_id": "1", "title": "Troca", "description": "Em 7 dias.", "domain": "atacado"}
    product = {"external_id": "1", "name": "Sofá", "price": "10.00", "attributes": {"Cor": "azul"}}

    assert send(call, rule, kind="rule")[1]["created"] == 1
    assert send(call, product, kind="product")[1]["created"] == 1
    assert send(call, {"external_id": "1", "title": "a", "body": "b"}, kind="article")[0] == 202
    assert BusinessRule.objects.get().domain.slug == "atacado"
    assert Product.objects.get().attributes == {"Cor": "azul"}
    assert send(call, rule, kind="rule")[1]["unchanged"] == 1
    assert send(call, product, kind="product")[1]["unchanged"] == 1


def test_dates_of_a_rule_are_compared_with_those_that_stay(call, moveis):
    rule = {"external_id": "1", "title": "a", "description": "b", "valid_until": "2026-01-01"}
    send(call, {**rule, "valid_until": "2026-01-01T00:00Z"}, kind="rule")

    _status, body = send(call, {"external_id": "1", "valid_from": "2026-02-01T00:00Z"}, kind="rule")

    assert list(body["results"][0]["fields"]) == ["valid_until"]


def test_who_only_reads_stores_nothing(reader):
    assert send(reader, faq("1"))[0] == 403
    assert reader("post", "/vectorize", {"kind": "faq", "rows": [faq("1")]})[0] == 403


def test_many_rows_take_few_statements_beside_the_audit_log(call, moveis):
    Domain.objects.create(slug="atacado", name="Atacado")

    def count(first, last, **values):
        rows = [
            {
                "external_id": str(n),
                "title": str(n),
                "description": "b",
                "domain": "atacado",
                **values,
            }
            for n in range(first, last)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert send(call, *rows, kind="rule")[1]["refused"] == 0
        left_out = ("tenants_auditentry", "SAVEPOINT")
        return sum(not any(word in query["sql"] for word in left_out) for query in queries)

    count(0, 2)
    few = count(10, 12)
    assert count(20, 60) == few

    few = count(10, 12, details="c")
    assert count(20, 60, details="c") == few


def test_a_row_that_somebody_stores_at_the_same_moment_is_changed(call, moveis, monkeypatch):
    create, write = bulk._write, []

    def collide(tenant, model, stored, fields):
        if not write:
            write.append(1)
            raise IntegrityError
        create(tenant, model, stored, fields)

    monkeypatch.setattr(bulk, "_write", collide)

    assert send(call, faq("1"))[1]["created"] == 1
