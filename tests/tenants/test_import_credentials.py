"""A file of secrets is stored whole or not at all; what is wrong is told with line and key."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tenants.account_names import find_tenant
from tenants.config.documents import MOST_BYTES
from tenants.credentials import reveal, store
from tenants.models import AuditEntry, Credential
from tenants.models.credential import Kind
from tests.factories import TenantFactory

TEXT = "canary-77aa-secret"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def file(tmp_path):
    """`file("a: b")` writes credentials.yaml and gives its path."""

    def write(text):
        path = tmp_path / "credentials.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def run(path, **options):
    output = io.StringIO()
    call_command("import_credentials", path, stdout=output, **options)
    return output.getvalue()


def test_secrets_go_to_their_companies(file, moveis, cosmeticos):
    output = run(
        file(f'moveis:\n  odoo-main: "{TEXT}"\ncosmeticos:\n  odoo-main: "of cosmeticos"\n')
    )

    assert reveal(moveis, "odoo-main", purpose="x").text == TEXT
    assert reveal(cosmeticos, "odoo-main", purpose="x").text == "of cosmeticos"
    assert output.splitlines() == [
        "moveis → moveis  odoo-main  new",
        "cosmeticos → cosmeticos  odoo-main  new",
    ]


def test_known_ones_are_replaced_and_keep_kind_and_label(file, moveis):
    store(moveis, "odoo-main", "former", kind=Kind.ODOO, label="Main")
    store(moveis, "same", "as before", kind=Kind.GENERIC)
    output = run(file(f'moveis:\n  odoo-main: "{TEXT}"\n  same: "as before"\n'))

    row = Credential.objects.get(ref="odoo-main")
    assert (row.kind, row.label) == (Kind.ODOO, "Main")
    assert reveal(moveis, "odoo-main", purpose="x").text == TEXT
    assert "odoo-main  changed" in output
    assert "same  unchanged" in output


def test_dry_run_stores_nothing(file, moveis):
    output = run(file(f'moveis:\n  odoo-main: "{TEXT}"\n'), dry_run=True)

    assert "odoo-main  new" in output
    assert "Nothing was stored" in output
    assert not Credential.objects.exists()
    assert not AuditEntry.objects.filter(object_type="tenants.credential").exists()


@pytest.mark.django_db
def test_the_example_can_be_imported(project_root):
    tenant = TenantFactory(slug="account-1")
    run(project_root / "templates" / "tenants" / "credentials.yaml.example")

    assert Credential.objects.for_tenant(tenant).count() == 3


@pytest.mark.parametrize(
    ("account", "slug", "is_meant"),
    [
        ("account_1", "account-1", True),
        ("account-1", "account-1", True),
        ("Account_1", "account-1", True),
        ("1", "account-1", True),
        ("account_moveis", "moveis", True),
        ("moveis", "moveis", True),
        ("moveis_silva", "moveis-silva", True),
        ("account_2", "account-1", False),
        ("account-11", "account-1", False),
        ("", "account-1", False),
        ("account_", "account-1", False),
    ],
)
def test_other_programs_write_companies_in_their_own_way(account, slug, is_meant, db):
    tenant = TenantFactory(slug=slug)

    assert (find_tenant(account) == tenant) is is_meant


WRONG = {
    "company": (f'nobody:\n  a: "{TEXT}"\n', "line 2, nobody.a: There is no company “nobody”"),
    "reference": (f'moveis:\n  "a b": "{TEXT}"\n', "line 2, moveis: Write letters"),
    "number": ("moveis:\n  a: 123456\n", "line 2, moveis.a: write the secret as a text in quotes"),
    "nothing": ("moveis:\n  a:\n", "line 2, moveis.a: write the secret as a text in quotes"),
    "empty": ('moveis:\n  a: ""\n', "line 2, moveis.a: Write the secret; it is empty."),
    "list": (f'moveis:\n  a: ["{TEXT}"]\n', "line 2, moveis.a: write the secret as a text"),
    "list of companies": (f'- "{TEXT}"\n', "line 1: write companies"),
    "text for a company": (f'moveis: "{TEXT}"\n', "line 1, moveis: write references"),
    "nothing at all": ("", "line 1: write companies"),
    "twice": (
        f'moveis:\n  a: "{TEXT}"\n  a: "{TEXT}2"\n',
        "line 3: this is no plain YAML",
    ),
    "alias": (f'moveis:\n  a: &x "{TEXT}"\n  b: *x\n', "line 2: this is no plain YAML"),
    "broken": (f'moveis:\n  a: "{TEXT}\n', "this is no plain YAML"),
    "tag": (f'moveis:\n  a: !!python/name:os.system "{TEXT}"\n', "line 2: this is no plain YAML"),
    "latin-1": (b'moveis:\n  a: "\xe7"\n', "line 2: this is no plain YAML"),
    "huge": (f'moveis:\n  a: "{TEXT}"\n' + "#" * MOST_BYTES, "larger than 1000 kB"),
    "deep": ("[" * 5000, "line 1: "),
    "two documents": (f'moveis:\n  a: "{TEXT}"\n---\nb: c\n', "this is no plain YAML"),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_and_nothing_is_stored(file, moveis, text, problem):
    path = file(text)
    with pytest.raises(CommandError) as refusal:
        run(path)

    assert problem in str(refusal.value)
    assert str(refusal.value).startswith(str(path))
    assert TEXT not in str(refusal.value)
    assert not Credential.objects.exists()


def test_one_mistake_imports_nothing_and_all_are_told(file, moveis):
    text = f'moveis:\n  good: "{TEXT}"\n  "bad one": "{TEXT}"\n  number: 5\n'
    with pytest.raises(CommandError) as refusal:
        run(file(text))

    assert len(str(refusal.value).splitlines()) == 2
    assert not Credential.objects.exists()


def test_unknown_companies_are_all_told(file, moveis):
    with pytest.raises(CommandError) as refusal:
        run(file(f'moveis:\n  good: "{TEXT}"\nx:\n  a: "{TEXT}"\ny:\n  a: "{TEXT}"\n'))

    assert len(str(refusal.value).splitlines()) == 2
    assert not Credential.objects.exists()


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"nothing\.yaml: No such file"):
        run(tmp_path / "nothing.yaml")
