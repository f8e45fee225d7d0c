"""What staff see of calls to remote systems, and the button that ends a pause."""

import pytest

from integrations.circuit_breaker import CircuitBreaker
from integrations.failures import CircuitOpenError, NoAnswerError
from integrations.models import Breaker
from tenants.access import Role
from tests.factories import RemoteCallFactory, member

CALLS = "/admin/integrations/remotecall/"
BREAKERS = "/admin/integrations/breaker/"


def left_alone(tenant):
    for _ in range(5):
        with (
            pytest.raises(NoAnswerError),
            CircuitBreaker(tenant, service="odoo", connection="odoo:5"),
        ):
            raise NoAnswerError
    return Breaker.objects.for_tenant(tenant).get()


def is_held_back(tenant):
    try:
        with CircuitBreaker(tenant, service="odoo", connection="odoo:5"):
            return False
    except CircuitOpenError:
        return True


@pytest.mark.parametrize(
    "query",
    [
        {"outcome__exact": "failed"},
        {"status": "503"},
        {"service": "odoo"},
        {"q": "orders"},
    ],
    ids=str,
)
def test_calls_are_found_by_what_staff_know(query, helena, moveis, signed_in):
    RemoteCallFactory(
        tenant=moveis, outcome="failed", status=503, address="https://erp.example.com/orders"
    )

    answer = signed_in(helena).get(CALLS, query)

    assert answer.status_code == 200
    assert "erp.example.com/orders" in answer.content.decode()


def test_calls_cannot_be_changed_or_deleted(helena, moveis, signed_in):
    call = RemoteCallFactory(tenant=moveis)
    page = signed_in(helena)

    assert page.get(f"{CALLS}add/").status_code == 403
    assert page.post(f"{CALLS}{call.pk}/delete/", {"post": "yes"}).status_code == 403
    assert page.post(f"{CALLS}{call.pk}/change/", {"service": "x"}).status_code == 403


def test_pages_of_one_row_speak_in_words(helena, moveis, signed_in):
    call = RemoteCallFactory(tenant=moveis)
    breaker = left_alone(moveis)
    page = signed_in(helena)
    for address in (f"{CALLS}{call.pk}/change/", f"{BREAKERS}{breaker.pk}/change/"):
        answer = page.get(address)

        assert answer.status_code == 200
        assert "(&#x27;" not in answer.content.decode(), address


def test_a_pause_is_ended_by_a_button_that_asks_first(helena, moveis, signed_in):
    breaker = left_alone(moveis)
    page = signed_in(helena)

    assert page.get(f"{BREAKERS}{breaker.pk}/try-again/").status_code == 200
    assert is_held_back(moveis)

    assert page.post(f"{BREAKERS}{breaker.pk}/try-again/").status_code == 302
    assert not is_held_back(moveis)


def test_who_only_reads_cannot_end_a_pause(moveis, signed_in):
    breaker = left_alone(moveis)
    page = signed_in(member(moveis, Role.VIEWER))

    assert page.get(f"{BREAKERS}{breaker.pk}/change/").status_code == 200
    assert page.post(f"{BREAKERS}{breaker.pk}/try-again/").status_code == 403
    assert is_held_back(moveis)


def test_another_company_cannot_end_a_pause(moveis, beatriz, signed_in):
    breaker = left_alone(moveis)

    assert signed_in(beatriz).post(f"{BREAKERS}{breaker.pk}/try-again/").status_code == 403
    assert is_held_back(moveis)
