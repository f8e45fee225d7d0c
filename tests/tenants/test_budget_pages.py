"""Pages about budgets: set, seen with bars, and a banner where staff come in."""

import csv
import io
import re
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from tenants import usage
from tenants.access import Role
from tenants.models import AuditEntry, Budget, Spending
from tenants.models.budget import OnExceed, Period
from tenants.usage import BudgetExceededError
from tests.factories import BudgetFactory, SpendingFactory, member

FORM = {
    "period": "day",
    "token_limit": "5000",
    "money_limit": "",
    "on_exceed": "person",
    "is_active": "on",
    "alert_emails": "",
    "alert_webhook_url": "",
}


@pytest.fixture
def page(helena, signed_in):
    helena.language = "en"
    helena.save()
    return signed_in(helena)


def spend(tenant, tokens, **options):
    now = timezone.now()
    reservation = usage.reserve(tenant, tokens=tokens, **options, now=now)
    usage.settle(reservation, tokens=tokens, money=Decimal(0), now=now)


def add(page, **values):
    return page.post("/admin/tenants/budget/add/", {**FORM, **values})


def change(page, budget, **values):
    return page.post(f"/admin/tenants/budget/{budget.pk}/change/", {**FORM, **values})


def text_of(answer):
    return " ".join(answer.content.decode().split())


class TestSetting:
    def test_viewer_reads_who_is_told(self, moveis, signed_in):
        viewer = member(moveis, Role.VIEWER)
        viewer.language = "en"
        viewer.save()
        named = BudgetFactory(tenant=moveis, period=Period.DAY, alert_emails=["a@x.example"])
        unnamed = BudgetFactory(tenant=moveis, period=Period.MONTH)
        page = signed_in(viewer)

        texts = [
            text_of(page.get(f"/admin/tenants/budget/{budget.pk}/change/"))
            for budget in (named, unnamed)
        ]

        assert "a@x.example" in texts[0]
        assert "[" not in texts[0].split("a@x.example")[0][-20:]
        assert "the owners of the company" in texts[1]

    def test_owner_sets_a_budget(self, page, moveis):
        answer = add(
            page, money_limit="12.50", alert_emails="a@x.example, b@x.example\na@x.example"
        )

        assert answer.status_code == 302
        budget = Budget.objects.get()
        assert (budget.tenant, budget.token_limit, budget.money_limit) == (
            moveis,
            5_000,
            Decimal("12.5"),
        )
        assert budget.alert_emails == ["a@x.example", "b@x.example"]

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"token_limit": ""}, "Set a limit in tokens, in money, or both."),
            ({"token_limit": "0"}, "Write at least 1, or leave it empty."),
            ({"money_limit": "-1"}, "Write an amount above zero, or leave it empty."),
            ({"alert_emails": "nobody"}, "Enter a valid email address."),
            ({"alert_webhook_url": "ftp://x.example/"}, "Enter a valid URL."),
            ({"alert_emails": " ".join(f"p{n}@x.example" for n in range(21))}, "at most 20"),
        ],
        ids=str,
    )
    def test_mistakes_are_explained(self, page, values, sentence):
        answer = add(page, **values)

        assert sentence in text_of(answer)
        assert not Budget.objects.exists()

    def test_second_budget_for_a_period_is_explained(self, page, moveis):
        BudgetFactory(tenant=moveis)

        answer = add(page)

        assert "There is already a budget for this period. Change it." in text_of(answer)

    def test_period_of_a_budget_stays(self, page, moveis):
        budget = BudgetFactory(tenant=moveis)

        change(page, budget, period="month", token_limit="7000")

        budget.refresh_from_db()
        assert (budget.period, budget.token_limit) == (Period.DAY, 7_000)

    def test_raising_the_limit_lifts_the_marks(self, page, moveis):
        budget = BudgetFactory(tenant=moveis)
        spend(moveis, 1_000)

        change(page, budget, token_limit="9000")

        assert Spending.objects.get().exceeded_at is None

    def test_address_for_alerts_is_in_no_log_and_not_for_readers(
        self, page, moveis, signed_in, client
    ):
        add(page, alert_webhook_url="https://chat.example/hook/s3cret")
        budget = Budget.objects.get()
        address = f"/admin/tenants/budget/{budget.pk}/change/"

        logged = str(list(AuditEntry.objects.values_list("changes", flat=True)))
        assert "s3cret" in page.get(address).content.decode()
        assert "s3cret" not in logged
        for role in (Role.AGENT, Role.VIEWER):
            assert "s3cret" not in signed_in(member(moveis, role)).get(address).content.decode()

    @pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
    def test_readers_change_nothing(self, role, moveis, signed_in):
        budget = BudgetFactory(tenant=moveis)
        reader = signed_in(member(moveis, role))

        answer = change(reader, budget, token_limit="9000")

        budget.refresh_from_db()
        assert (answer.status_code, budget.token_limit) == (403, 1_000)


class TestSeeing:
    def test_present_period_stands_on_the_budget_and_in_the_list(self, page, moveis):
        budget = BudgetFactory(tenant=moveis, money_limit=2)
        spend(moveis, 400)
        usage.reserve(moveis, tokens=100, money=Decimal("0.5"), now=timezone.now())

        listed = text_of(page.get("/admin/tenants/budget/"))
        shown = text_of(page.get(f"/admin/tenants/budget/{budget.pk}/change/"))

        assert "400 of 1,000 tokens, US$ 0.00 of US$ 2.00" in listed
        assert "40%" in listed
        assert "100 tokens, US$ 0.50" in shown
        assert "500 tokens, US$ 1.50" in shown
        assert f"/admin/tenants/spending/?budget__id__exact={budget.pk}" in shown

    def test_budget_per_conversation_has_no_present_period(self, page, moveis):
        budget = BudgetFactory(tenant=moveis, period=Period.CONVERSATION)

        assert page.get(f"/admin/tenants/budget/{budget.pk}/change/").status_code == 200

    def test_spending_is_listed_and_exported_and_cannot_be_changed(self, page, moveis):
        row = SpendingFactory(
            tenant=moveis, used_tokens=250, used_money=Decimal("1.5"), window="2026-11"
        )
        export = {"action": "export_as_csv", "_selected_action": [row.pk], "index": 0}

        listed = text_of(page.get("/admin/tenants/spending/"))
        exported = page.post("/admin/tenants/spending/", export).content.decode("utf-8-sig")
        refused = page.post(f"/admin/tenants/spending/{row.pk}/change/", {"used_tokens": 1})

        assert "250 of 1,000 tokens" in listed
        (line,) = list(csv.DictReader(io.StringIO(exported), delimiter=";"))
        assert line["tokens used"] == "250"
        assert line["money used (USD)"].startswith("1.5")
        assert refused.status_code == 403


class TestBanner:
    def banner(self, page):
        return page.get("/admin/").context["budget_warnings"]

    def test_below_eighty_percent_there_is_none(self, page, moveis):
        BudgetFactory(tenant=moveis)
        spend(moveis, 799)

        assert self.banner(page) == []

    def test_warning_says_how_far_and_where_to_raise_it(self, page, moveis):
        budget = BudgetFactory(tenant=moveis)
        spend(moveis, 850)

        text = text_of(page.get("/admin/"))

        assert "85% of the budget per day is used." in text
        assert "What happens at the limit: hand over to a person." in text
        assert f'<a href="/admin/tenants/budget/{budget.pk}/change/">Raise the limit</a>' in text

    def test_counting_begins_anew_in_the_companys_time(self, page, moveis):
        moveis.time_zone = "America/Manaus"
        moveis.save()
        budget = BudgetFactory(tenant=moveis)
        spend(moveis, 850)

        text = text_of(page.get("/admin/"))

        assert re.search(r"Counting begins anew on \d+ \w+ \d{4}, 00:00\.", text)
        shown = text_of(page.get(f"/admin/tenants/budget/{budget.pk}/change/"))
        assert re.search(r"\d+ \w+ \d{4}, 00:00\b", shown)

    def test_used_up_budget_says_what_happens_now(self, page, moveis):
        BudgetFactory(tenant=moveis, period=Period.MONTH, on_exceed=OnExceed.STOP)
        spend(moveis, 1_000)

        text = text_of(page.get("/admin/"))

        assert "The budget per month is used up." in text
        assert "What happens now: stop answering." in text

    def test_budget_too_small_for_the_next_call_is_not_said_to_be_used_up(self, page, moveis):
        BudgetFactory(tenant=moveis)
        spend(moveis, 700)
        with pytest.raises(BudgetExceededError):
            spend(moveis, 400)

        text = text_of(page.get("/admin/"))

        assert "What is left of the budget per day is too little for another call." in text
        assert "What happens now: hand over to a person. Used: 700 of 1,000 tokens." in text

    def test_reader_is_told_whom_to_ask(self, moveis, signed_in):
        BudgetFactory(tenant=moveis)
        spend(moveis, 1_000)
        reader = signed_in(member(moveis, Role.VIEWER, language="en"))

        assert "An owner or editor can raise the limit." in text_of(reader.get("/admin/"))

    def test_others_are_not_told(self, moveis, beatriz, platform_admin, signed_in):
        BudgetFactory(tenant=moveis)
        spend(moveis, 1_000)

        assert self.banner(signed_in(beatriz)) == []
        assert self.banner(signed_in(platform_admin)) == []

    def test_conversation_at_its_limit_is_no_banner(self, page, moveis):
        BudgetFactory(tenant=moveis, period=Period.CONVERSATION)
        spend(moveis, 1_000, conversation=7)

        assert self.banner(page) == []


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        ("0", "US$ 0.00"),
        ("0.5", "US$ 0.50"),
        ("0.000123", "US$ 0.000123"),
        ("1.239", "US$ 1.24"),
        ("1234.5", "US$ 1,234.50"),
    ],
)
def test_dollars_are_written_with_as_many_places_as_they_need(dollars, words):
    from tenants.budgets import budget_words

    with translation.override("en"):
        assert budget_words.money(Decimal(dollars)).replace("\N{NO-BREAK SPACE}", " ") == words


def test_history_names_choices_in_the_readers_words(page, moveis):
    budget = BudgetFactory(tenant=moveis, on_exceed=OnExceed.STOP)
    change(page, budget)

    text = text_of(page.get(f"/admin/tenants/budget/{budget.pk}/history/"))

    assert "<td>stop answering</td> <td>hand over to a person</td>" in text
