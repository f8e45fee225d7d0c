"""The import page gives nobody more rights than the other pages do."""

import pytest

from tenants.access import Role
from tenants.models import Tenant
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/tenants/configuration/import-files/"


@pytest.mark.parametrize(
    ("role", "name"), [(Role.OWNER, "Outra"), (Role.EDITOR, "Móveis Jacarandá")]
)
def test_company_is_renamed_by_its_owners_only(role, name, moveis, signed_in):
    page = signed_in(factories.member(moveis, role))

    page.post(ADDRESS, {"name": "m.yaml", "text": "name: Outra\n", "apply": "1"})

    assert Tenant.objects.get(pk=moveis.pk).name == name


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_who_only_reads_cannot_import(role, moveis, signed_in):
    page = signed_in(factories.member(moveis, role))

    answer = page.post(ADDRESS, {"name": "m.yaml", "text": "tables: {a: b}\n", "apply": "1"})

    assert answer.status_code == 403
