"""Imports from the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from knowledge.models import BusinessRule, Document, Faq, Product
from tests.knowledge.imports.conftest import PRODUCTS


@pytest.fixture
def folder(tmp_path, moveis, cosmeticos):
    return tmp_path


def written(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def test_a_table_is_imported_into_the_named_company(folder, moveis, capsys):
    call_command("import_products", written(folder, "p.csv", PRODUCTS), tenant="moveis")

    assert set(Product.objects.values_list("tenant", "source")) == {(moveis.pk, "p.csv")}
    assert "2" in capsys.readouterr().out


def test_a_trial_stores_nothing_and_says_what_would_be(folder, capsys):
    path = written(folder, "p.csv", PRODUCTS)
    call_command("import_products", path, "--dry-run", "--json", tenant="moveis")

    (said,) = json.loads(capsys.readouterr().out)
    assert (said["created"], said["changed"], said["failed"]) == (2, 0, 0)
    assert not Product.objects.exists()


def test_running_it_again_changes_nothing(folder, capsys):
    path = written(folder, "p.csv", PRODUCTS)
    call_command("import_products", path, tenant="moveis")
    capsys.readouterr()
    call_command("import_products", path, "--json", tenant="moveis")

    (said,) = json.loads(capsys.readouterr().out)
    assert (said["created"], said["changed"], said["unchanged"]) == (0, 0, 2)


def test_a_bad_row_is_told_with_its_place_and_fails_the_command(folder, capsys):
    path = written(folder, "p.csv", "nome;preço\nCadeira;caro\nMesa;10\n")
    with pytest.raises(CommandError):
        call_command("import_products", path, tenant="moveis")

    told = capsys.readouterr().err
    assert "p.csv:2: preço: 'caro': " in told
    assert "1.299,90" in told
    assert Product.objects.get().name == "Mesa"


def test_problems_are_told_in_json_too(folder, capsys):
    path = written(folder, "p.csv", "nome;preço\nCadeira;caro\n")
    with pytest.raises(CommandError):
        call_command("import_products", path, "--json", tenant="moveis")

    (said,) = json.loads(capsys.readouterr().out)
    (problem,) = said["problems"]
    assert (problem["line"], problem["column"], problem["given"]) == (2, "preço", "caro")


def test_faqs_and_rules_have_commands_of_their_own(folder):
    faqs = written(folder, "faq.csv", "pergunta;resposta\nEntregam?;Sim.\n")
    call_command("import_faqs", faqs, "--language", "es", tenant="moveis")
    rules = written(folder, "rules.csv", "título;regra\nTroca;7 dias.\n")
    call_command("import_rules", rules, "--category", "troca", tenant="moveis")

    assert Faq.objects.get().language == "es"
    assert BusinessRule.objects.get().rule_type == "troca"


def test_a_folder_of_documents_is_imported_file_by_file(folder, capsys):
    written(folder, "docs/a.md", "# A\n\nText of A.")
    written(folder, "docs/b.txt", "Text of B.")
    written(folder, "docs/photo.jpg", "no text")
    (folder / "docs" / "link.md").symlink_to("/etc/passwd")
    call_command("import_documents", str(folder / "docs"), tenant="moveis")
    call_command("import_documents", str(folder / "docs"), "--json", tenant="moveis")

    assert sorted(Document.objects.values_list("source", flat=True)) == ["a.md", "b.txt"]
    said = capsys.readouterr().out
    assert json.loads(said[said.index("[") :])[0]["unchanged"] == 1


def test_a_table_among_documents_is_refused_and_the_others_are_taken(folder, capsys):
    written(folder, "docs/a.md", "# A\n\nText of A.")
    written(folder, "docs/t.csv", "a;b\n1;2\n")
    with pytest.raises(CommandError):
        call_command("import_documents", str(folder / "docs"), tenant="moveis")

    assert "t.csv: " in capsys.readouterr().err
    assert Document.objects.count() == 1


@pytest.mark.parametrize("name", ["missing.csv", "empty"])
def test_nothing_to_import_is_an_error(name, folder):
    (folder / "empty").mkdir()
    with pytest.raises(CommandError):
        call_command("import_documents", str(folder / name), tenant="moveis")


def test_an_unknown_company_is_named(folder):
    with pytest.raises(CommandError, match="moveis"):
        call_command("import_faqs", "x.csv", tenant="nobody")
