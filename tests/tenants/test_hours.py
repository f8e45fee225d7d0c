"""Open or closed, and when the doors open next, as Brazilian shops write it."""

import datetime
import zoneinfo

import pytest

from tenants import configuration, hours

pytestmark = pytest.mark.django_db
SAO_PAULO = zoneinfo.ZoneInfo("America/Sao_Paulo")
WEEK = {
    "monday": ["08:00-12:00", "13:00-18:00"],
    "friday": ["18:00-02:00"],
    "saturday": ["20:00-24:00"],
    "sunday": [],
}


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO)


@pytest.fixture
def config(moveis):
    holidays = {
        "12-25": "Natal",
        "2026-11-23": {"name": "Balanço", "hours": "10:00-11:00"},
    }
    configuration.write(moveis, {"business_hours": WEEK, "holidays": holidays})
    return configuration.effective(moveis.pk)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-16 07:59", False),
        ("2026-11-16 08:00", True),
        ("2026-11-16 12:00", False),
        ("2026-11-16 13:00", True),
        ("2026-11-17 10:00", False),
        ("2026-11-20 23:59", True),
        ("2026-11-21 01:59", True),
        ("2026-11-21 02:00", False),
        ("2026-11-21 23:59", True),
        ("2026-11-22 00:00", False),
        ("2026-11-23 09:00", False),
        ("2026-11-23 10:30", True),
        ("2028-12-25 09:00", False),
    ],
)
def test_open_or_closed(moment, is_open, config):
    assert hours.is_open(config, at(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-16 06:00", "2026-11-16 08:00"),
        ("2026-11-16 12:30", "2026-11-16 13:00"),
        ("2026-11-16 18:30", "2026-11-20 18:00"),
        ("2026-11-22 12:00", "2026-11-23 10:00"),
    ],
)
def test_next_opening(moment, opening, config):
    assert hours.next_opening(config, at(moment)) == at(opening)


def test_company_without_hours_is_always_open(moveis):
    config = configuration.effective(moveis.pk)

    assert hours.is_open(config, at("2026-11-22 03:00"))


def test_company_that_never_opens_has_no_next_opening(moveis):
    configuration.write(moveis, {"business_hours": {"monday": []}})

    assert hours.next_opening(configuration.effective(moveis.pk), at("2026-11-16 06:00")) is None


def test_hours_are_those_of_the_companys_clock(moveis):
    configuration.write(moveis, {"time_zone": "America/Manaus", "business_hours": WEEK})
    config = configuration.effective(moveis.pk)

    assert not hours.is_open(config, at("2026-11-16 08:30"))
    assert hours.is_open(config, at("2026-11-16 09:00"))
