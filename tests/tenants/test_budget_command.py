"""`manage.py budget`: set, changed by running again, removed; errors say what to write."""

import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from tenants import usage
from tenants.models import AuditEntry, Budget, Spending
from tests.factories import BudgetFactory


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def budget(*words, period="day", tenant="moveis"):
    output = io.StringIO()
    call_command("budget", tenant, "--period", period, *words, stdout=output)
    return output.getvalue().strip()


@pytest.mark.parametrize("period", ["day", "month", "conversation"])
@pytest.mark.parametrize("reaction", ["cheaper", "offline", "person", "stop"])
def test_budget_is_set(moveis, period, reaction):
    output = budget("--tokens", "5000", "--on-exceed", reaction, period=period)

    row = Budget.objects.get()
    assert (row.tenant, row.period, row.token_limit) == (moveis, period, 5_000)
    assert (row.money_limit, row.on_exceed, row.is_active) == (None, reaction, True)
    assert output.startswith(f"moveis may spend 5,000 tokens per {period}. At the limit: ")


def test_both_limits_may_be_given(moveis):
    budget("--tokens", "5000", "--money", "12.50", "--on-exceed", "stop")

    row = Budget.objects.get()
    assert (row.token_limit, row.money_limit) == (5_000, Decimal("12.50"))


def test_running_again_states_the_whole_budget_anew(moveis):
    BudgetFactory(tenant=moveis, alert_emails=["cfo@moveis.example"], is_active=False)

    budget("--money", "3", "--on-exceed", "stop")

    row = Budget.objects.get()
    assert (row.token_limit, row.money_limit, row.on_exceed) == (None, 3, "stop")
    assert (row.is_active, row.alert_emails) == (True, ["cfo@moveis.example"])


def test_running_the_same_again_changes_nothing(moveis):
    budget("--tokens", "5000", "--on-exceed", "stop")
    before = AuditEntry.objects.count()

    budget("--tokens", "5000", "--on-exceed", "stop")

    assert AuditEntry.objects.count() == before


def test_raised_limit_lets_calls_through_at_once(moveis):
    budget("--tokens", "100", "--on-exceed", "stop")
    now = timezone.now()
    reservation = usage.reserve(moveis, tokens=100, now=now)
    usage.settle(reservation, tokens=100, money=Decimal(0), now=now)

    budget("--tokens", "1000", "--on-exceed", "stop")

    assert usage.reserve(moveis, tokens=100, now=now).spendings
    assert Spending.objects.get().exceeded_at is None


def test_budget_of_another_company_stays(moveis, cosmeticos):
    theirs = BudgetFactory(tenant=cosmeticos)

    budget("--tokens", "5", "--on-exceed", "stop")
    budget("--remove")

    assert list(Budget.objects.all()) == [theirs]


def test_removing_names_what_was_removed(moveis):
    BudgetFactory(tenant=moveis)

    assert budget("--remove") == "The budget per day of moveis was removed."
    assert budget("--remove") == "moveis has no budget per day."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--on-exceed", "stop"], "Give a limit: --tokens N, --money X, or both."),
        (["--tokens", "5"], "--on-exceed with one of cheaper, offline, person, stop"),
        (["--tokens", "0", "--on-exceed", "stop"], "at least 1"),
        (["--tokens", "-5", "--on-exceed", "stop"], "at least 1"),
        (["--tokens", "5", "--on-exceed", "panic"], "invalid choice"),
        (["--tokens", "many", "--on-exceed", "stop"], "invalid int"),
        (["--tokens", str(10**30), "--on-exceed", "stop"], "less than or equal"),
        (["--money", "0", "--on-exceed", "stop"], "above zero"),
        (["--money", "-1", "--on-exceed", "stop"], "above zero"),
        (["--money", "lots", "--on-exceed", "stop"], "“lots” is no amount of dollars"),
        (["--money", "NaN", "--on-exceed", "stop"], "“NaN” is no amount of dollars"),
        (["--money", "1e300", "--on-exceed", "stop"], "no more than"),
        (["--money", "0.0000001", "--on-exceed", "stop"], "no more than 6 decimal places"),
        (["--remove", "--tokens", "5"], "not both"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_explained_and_change_nothing(moveis, words, sentence):
    BudgetFactory(tenant=moveis)
    before = list(Budget.objects.values())

    with pytest.raises(CommandError) as refusal:
        budget(*words)

    assert sentence in str(refusal.value)
    assert list(Budget.objects.values()) == before


def test_unknown_company_names_the_known_ones(moveis):
    with pytest.raises(CommandError, match=r"“movei”.*moveis"):
        budget("--tokens", "5", "--on-exceed", "stop", tenant="movei")


def test_words_are_translated_where_a_portuguese_reader_runs_it(moveis):
    with translation.override("pt-br"):
        output = budget("--tokens", "5000", "--on-exceed", "stop")

    assert "5.000" in output
