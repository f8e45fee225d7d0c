"""Files to import, and a way to carry an import out as a worker does."""

import io

import pytest

from knowledge import tasks
from knowledge.imports import control
from knowledge.imports.drafts import RefusedError
from knowledge.models import Import, Kind
from knowledge.reading.files import File

PRODUCTS = (
    "código;nome;preço;marca;categoria;cor;estoque\n"
    "C1;Cadeira Lia;R$ 1.299,90;Vera;Sala;azul;3\n"
    "C2;Mesa Rio;899,00;Vera;Sala;;5\n"
)


@pytest.fixture
def prepare(moveis):
    """`prepare("produtos.csv", text)` gives an import that was not started."""

    def prepare(name, content, kind=Kind.PRODUCT, *, tenant=None, user=None, **options):
        content = content.encode() if isinstance(content, str) else content
        file = File(name, io.BytesIO(content))
        return control.prepare(tenant or moveis, kind, file, options=options, user=user)

    return prepare


@pytest.fixture
def carry_out(prepare, engine, monkeypatch):
    """The same, started and read to its end by one worker."""
    monkeypatch.setattr(tasks.sync_index, "delay", lambda **_names: None)
    monkeypatch.setattr(tasks.run_import, "delay", lambda **_names: None)

    def carry_out(*args, **options):
        row = prepare(*args, **options)
        control.start(row)
        tasks.run_import.run(import_id=row.pk)
        return Import.objects.get(pk=row.pk)

    return carry_out


def counts_of(row):
    return row.created, row.changed, row.unchanged, row.failed


__all__ = ["PRODUCTS", "RefusedError", "counts_of"]
