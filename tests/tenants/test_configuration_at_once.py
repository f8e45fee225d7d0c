"""Two who change configuration at the same time: neither undoes what the other did."""

import threading

import pytest
from django.db import connection, transaction

from tenants import configuration
from tenants.config import config_sync, layers, transfer
from tenants.config.config_files import Source
from tenants.models import Domain, DomainParent, DomainsVersion, Tenant

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30
READS_OF_A_PLAN = 2


@pytest.fixture(autouse=True)
def _several_writers():
    if connection.vendor == "sqlite":
        pytest.skip("The embedded database has one writer at a time; the walk on PostgreSQL asks.")


def at_once(act):
    """Begin in another thread; it may have to wait until we are done."""
    errors = []

    def run():
        try:
            act()
        except Exception as error:  # noqa: BLE001  the test looks at it
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(1)
    return thread, errors


def ended(thread, errors):
    thread.join(PATIENCE_SECONDS)
    return not thread.is_alive() and errors == []


def import_while(tenant, text, act):
    """Import a file; `act` happens while it is read for being written."""
    others, reads = [], []

    def read():
        reads.append(1)
        if len(reads) > READS_OF_A_PLAN and not others:
            others.append(at_once(act))
        return text.encode()

    transfer.carry_out(transfer.plan([Source("m.yaml", read)], tenant=tenant))
    return others[0]


def test_import_keeps_what_an_erp_sends_meanwhile(moveis):
    other = import_while(
        moveis,
        "tables: {a: b}\n",
        lambda: config_sync.merge(moveis, {"integrations": {"mcp": {"enabled": True}}}, note=""),
    )

    assert ended(*other)
    document = layers.document_of_tenant(moveis)
    assert document["tables"] == {"a": "b"}
    assert document["integrations"] == {"mcp": {"enabled": True}}


def test_import_does_not_undo_a_suspension(moveis):
    def suspend():
        row = Tenant.objects.get(pk=moveis.pk)
        row.is_active = False
        row.save()

    other = import_while(moveis, "tables: {a: b}\n", suspend)

    assert ended(*other)
    assert Tenant.objects.get(pk=moveis.pk).is_active is False


def test_first_two_domains_of_an_installation_may_come_at_once():
    DomainsVersion.objects.all().delete()

    with transaction.atomic():
        Domain.objects.create(slug="a", name="a")
        other = at_once(lambda: Domain.objects.create(slug="b", name="b"))

    assert ended(*other)
    assert DomainsVersion.objects.get().number == 2


def test_two_halves_of_a_circle_do_not_both_come_in():
    a, b = (Domain.objects.create(slug=slug, name=slug) for slug in "ab")

    with transaction.atomic():
        DomainParent.objects.create(domain=a, parent=b)
        thread, errors = at_once(lambda: DomainParent.objects.create(domain=b, parent=a))

    thread.join(PATIENCE_SECONDS)
    assert [type(error) for error in errors] == [configuration.CircleError]
    assert DomainParent.objects.count() == 1
