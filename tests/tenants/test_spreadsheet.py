"""A downloaded spreadsheet runs nothing on the machine it is opened on."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenants.spreadsheet import safe_cell
from tests.factories import ApiTokenFactory, RoomFactory, UserFactory


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1+1",
        "\u00a0=1+1",
        "\u3000\t =1+1",
        "\ufeff=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
    ],
)
def test_text_that_begins_like_a_formula_is_quoted(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Móveis", "a=b", "10 - 3", "'quoted'", "R$ 3,00"])
def test_plain_text_stays(text):
    assert safe_cell(text) == text


def test_numbers_stay_numbers():
    values = [0, -3, 2.5, True]

    assert [safe_cell(value) for value in values] == values


def test_negative_amount_is_no_formula():
    assert safe_cell(Decimal("-12.50")) in (Decimal("-12.50"), -12.5, "-12.50")


def test_nothing_is_an_empty_cell():
    assert safe_cell(None) == ""


def test_time_is_written_in_local_time():
    assert safe_cell(datetime(2026, 7, 1, 15, 30, tzinfo=UTC)) == "2026-07-01 12:30:00"


@pytest.mark.django_db
def test_row_named_like_a_formula_is_quoted_in_a_download(signed_in, helena, moveis):
    RoomFactory(tenant=moveis, name="=cmd()")

    page = signed_in(helena).post(
        "/admin/sample/room/",
        {"action": "export_as_csv", "select_across": "1", "_selected_action": "0"},
    )

    rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1] == ["'=cmd()"]


def test_download_without_a_time_leaves_the_cell_empty(signed_in, helena, moveis):
    ApiTokenFactory(tenant=moveis, name="Odoo", expires_at=None)

    page = signed_in(helena).post(
        "/admin/tenants/apitoken/",
        {"action": "export_as_csv", "select_across": "1", "_selected_action": "0"},
    )

    rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][0] == "Odoo"
    assert rows[1][2:4] == ["", ""]


def test_name_with_a_line_break_stays_one_cell(signed_in, platform_admin):
    UserFactory(email="zoe@example.com", name="Zoe\n=1+1")

    page = signed_in(platform_admin).post(
        "/admin/tenants/user/",
        {"action": "export_as_csv", "select_across": "1", "_selected_action": "0"},
    )

    rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig")), delimiter=";"))
    assert ["zoe@example.com", "Zoe\n=1+1"] in [row[:2] for row in rows]
