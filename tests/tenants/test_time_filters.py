"""Lists are filtered by time as people write it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.factories import ApiTokenFactory, ModelPriceFactory, TurnFactory

TURNS = "/admin/crews/turn/"
TOKENS = "/admin/tenants/apitoken/"
PRICES = "/admin/integrations/modelprice/"


def at(*moment):
    return datetime(*moment, tzinfo=ZoneInfo("America/Sao_Paulo"))


def found(page, address, **query):
    return list(page.get(address, query).context_data["cl"].queryset)


@pytest.fixture
def turns(moveis):
    moments = (at(2026, 3, 4, 23, 30), at(2026, 3, 5, 9, 0), at(2026, 3, 5, 23, 59, 59, 500_000))
    return [TurnFactory(tenant=moveis, started_at=moment) for moment in moments]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"from_0": "05/03/2026", "from_1": "08:00:00"}, [1, 2]),
        ({"from_0": "05/03/2026"}, [1, 2]),
        ({"from_0": "2026-03-05", "from_1": "10:00"}, [2]),
        ({"to_0": "05/03/2026"}, [0, 1, 2]),
        ({"to_0": "04/03/2026", "to_1": ""}, [0]),
        ({"from_0": "05/03/2026", "to_0": "05/03/2026", "to_1": "12:00:00"}, [1]),
        ({"from_0": "", "from_1": ""}, [0, 1, 2]),
        ({"from_0": "03/31/2026"}, []),
        ({"from_0": "yesterday"}, []),
        ({"from_1": "10:00"}, []),
    ],
    ids=str,
)
def test_moments_are_read_in_portuguese_and_on_the_clock_here(
    query, numbers, turns, platform_admin, signed_in
):
    query = {f"started_at_{end}": text for end, text in query.items()}
    rows = found(signed_in(platform_admin), TURNS, **query)

    assert [number for number, turn in enumerate(turns) if turn in rows] == numbers


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"from": "05/03/2026"}, True),
        ({"to": "05/03/2026"}, True),
        ({"from": "06/03/2026"}, False),
        ({"to": "04/03/2026"}, False),
        ({"from": "soon"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [TOKENS, PRICES])
def test_both_days_belong_to_a_range(address, query, is_found, moveis, platform_admin, signed_in):
    token = ApiTokenFactory(tenant=moveis, last_used_at=at(2026, 3, 5, 23, 30))
    price = ModelPriceFactory(valid_from=date(2026, 3, 5))
    row, column = (token, "last_used_at") if address == TOKENS else (price, "valid_from")
    query = {f"{column}_{end}": text for end, text in query.items()}

    assert (row in found(signed_in(platform_admin), address, **query)) == is_found
