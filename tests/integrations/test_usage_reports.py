"""What a month came to: per day, model and use, in the company's own time; mailed once."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from integrations import reports, usage_mails
from integrations.models import LlmCall, UsageMail
from tests.factories import LlmCallFactory, TenantFactory

FIRST_OF_DECEMBER = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def a_call(tenant, when=NOON, **values):
    return LlmCallFactory(
        tenant=tenant, created_at=when, finished_at=when, **{"cost": Decimal("0.5"), **values}
    )


def report_of(*arguments):
    out = io.StringIO()
    call_command("usage_report", *arguments, stdout=out)
    return out.getvalue()


class TestLines:
    def test_calls_of_a_day_model_and_use_are_one_line(self, moveis):
        a_call(moveis, tokens_in=100)
        a_call(moveis, tokens_in=50)
        a_call(moveis, model="gpt-4o")
        a_call(moveis, use="small")

        lines = reports.lines_of(moveis, "2026-11")

        assert [(line.model, line.use, line.calls) for line in lines] == [
            ("gpt-4o", "answers", 1),
            ("gpt-4o-mini", "answers", 2),
            ("gpt-4o-mini", "small", 1),
        ]
        assert (lines[1].tokens_in, lines[1].cost) == (150, 1)

    def test_days_and_months_are_the_companys_own(self, moveis):
        a_call(moveis, datetime(2026, 12, 1, 2, 0, tzinfo=UTC))  # 23:00 on the day before
        a_call(moveis, datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
        a_call(moveis, datetime(2026, 11, 1, 2, 59, tzinfo=UTC))

        assert [line.day.isoformat() for line in reports.lines_of(moveis, "2026-11")] == [
            "2026-11-30"
        ]

    def test_failed_calls_count_and_running_ones_do_not(self, moveis):
        a_call(moveis, state="failed", cost=Decimal("0.1"))
        LlmCallFactory(tenant=moveis, created_at=NOON, state="running")

        assert [line.calls for line in reports.lines_of(moveis, "2026-11")] == [1]

    def test_unknown_prices_are_counted_apart(self, moveis):
        a_call(moveis, cost=None)
        a_call(moveis)

        line = reports.lines_of(moveis, "2026-11")[0]

        assert (line.cost, line.unpriced) == (Decimal("0.5"), 1)

    def test_other_company_is_not_in_it(self, moveis, cosmeticos):
        a_call(cosmeticos)

        assert reports.lines_of(moveis, "2026-11") == []

    def test_takes_one_query_however_much_there_is(self, moveis, django_assert_num_queries):
        for number in range(20):
            a_call(moveis, model=f"model-{number}")

        with django_assert_num_queries(1):
            reports.lines_of(moveis, "2026-11")


class TestCommand:
    def test_prints_lines_and_their_sum(self, moveis):
        a_call(moveis)

        text = report_of("moveis", "--month", "2026-11")

        assert "2026-11-20" in text
        assert "gpt-4o-mini" in text

    def test_prints_cells_that_no_spreadsheet_takes_for_formulas(self, moveis):
        a_call(moveis, model="=cmd()")

        text = report_of("moveis", "--month", "2026-11", "--csv")

        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
        assert len(rows) == 2
        assert rows[1][:2] == ["2026-11-20", "'=cmd()"]

    @pytest.mark.parametrize("month", ["2026-13", "11/2026", "x", "2026-1", "2026-११"])
    def test_wrong_month_is_explained(self, month, moveis):
        with pytest.raises(CommandError, match="2026-11"):
            report_of("moveis", "--month", month)


class TestMails:
    def test_owners_get_the_figures_of_last_month(self, moveis, helena):
        a_call(moveis)
        a_call(moveis, cost=None)

        assert usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

        [message] = mail.outbox
        name, content, _kind = message.attachments[0]
        assert message.to == [helena.email]
        assert "11/2026" in message.subject
        assert name == "moveis-2026-11.csv"
        assert "gpt-4o-mini" in content

    def test_speaks_the_language_of_the_company(self, moveis, helena):
        moveis.language = "en"
        moveis.save()
        a_call(moveis)

        usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

        assert mail.outbox[0].subject == "Language models in 11/2026: Móveis Jacarandá"

    def test_two_schedulers_send_one_mail(self, moveis, helena):
        a_call(moveis)

        usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)
        usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

        assert len(mail.outbox) == 1

    def test_mail_that_was_refused_is_sent_later(self, moveis, helena, monkeypatch):
        a_call(moveis)

        def refuse(*_arguments, **_options):
            raise ConnectionRefusedError

        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
            usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

        assert usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)
        assert len(mail.outbox) == 1

    def test_mail_of_a_process_that_died_is_taken_over(self, moveis, helena):
        a_call(moveis)
        died_at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
        UsageMail.objects.create(tenant=moveis, month="2026-11", claimed_at=died_at)

        assert usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

    def test_month_without_calls_is_not_reported(self, moveis, helena):
        assert not usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)
        assert not UsageMail.objects.exists()

    def test_due_at_the_beginning_of_a_month_until_sent(self, moveis, helena):
        TenantFactory(slug="closed", is_active=False)
        a_call(moveis)

        before = list(usage_mails.due(now=FIRST_OF_DECEMBER))
        usage_mails.send(moveis, "2026-11", now=FIRST_OF_DECEMBER)

        assert before == [(moveis.pk, "2026-11")]
        assert list(usage_mails.due(now=FIRST_OF_DECEMBER)) == []

    def test_not_due_in_the_middle_of_a_month(self, moveis):
        assert list(usage_mails.due(now=NOON)) == []

    def test_not_due_where_mail_is_not_set_up(self, moveis, settings):
        settings.EMAIL_URL = ""

        assert list(usage_mails.due(now=FIRST_OF_DECEMBER)) == []


class TestPages:
    def test_totals_are_of_the_calls_on_the_list(self, moveis, helena, signed_in):
        a_call(moveis, tokens_in=1_111, tokens_out=7)
        a_call(moveis, tokens_in=2_222, use="small")

        page = signed_in(helena).get("/admin/integrations/llmcall/", {"use__exact": "answers"})

        totals = page.context_data["totals"]
        assert (totals["calls"], totals["read"], totals["cost"]) == ("1", "1.111", "US$\u00a00,50")

    def test_totals_never_hold_another_companys_calls(self, moveis, cosmeticos, helena, signed_in):
        a_call(cosmeticos)

        page = signed_in(helena).get("/admin/integrations/llmcall/")

        assert page.context_data["totals"]["calls"] == "0"

    def test_months_are_offered_and_downloaded(self, moveis, helena, signed_in):
        a_call(moveis)
        page = signed_in(helena)

        months = page.get("/admin/integrations/llmcall/usage-report/")
        report = page.get("/admin/integrations/llmcall/usage-report/", {"month": "2026-11"})

        assert months.status_code == 200
        assert "moveis-2026-11.csv" in report["Content-Disposition"]
        assert "gpt-4o-mini" in report.content.decode()

    def test_report_of_all_companies_asks_for_one(self, platform_admin, signed_in, db):
        page = signed_in(platform_admin).get("/admin/integrations/llmcall/usage-report/")

        assert page.status_code == 302

    def test_calls_cannot_be_edited(self, moveis, helena, signed_in):
        call = a_call(moveis)
        address = f"/admin/integrations/llmcall/{call.pk}/change/"

        assert signed_in(helena).get(address).status_code == 200
        assert signed_in(helena).post(address, {"cost": 0}).status_code == 403
        assert LlmCall.objects.get().cost == Decimal("0.5")
