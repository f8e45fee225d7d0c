"""Texts go when their time is over; what became of them stays, and what is unfinished too."""

import io
import json
from datetime import timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.utils import timezone, translation

from crews import chunks, inbox, purging, tasks
from crews.models import Conversation, InboundEvent, OutboundMessage, Turn
from crews.questions import Speaker
from tenants.models import Configuration
from tests.factories import (
    ChannelMappingFactory,
    ConversationFactory,
    InboundEventFactory,
    OutboundMessageFactory,
    TurnFactory,
)

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def choose(tenant, **settings):
    row = Configuration.objects.get(tenant=tenant)
    row.settings = settings
    row.save()


def ago(days):
    return NOW - timedelta(days=days)


def a_talk(tenant, days, **values):
    """A conversation of so many days ago: asked, handed over with a note, and over."""
    at = ago(days)
    conversation = ConversationFactory(
        tenant=tenant, contact_name="Ana", last_customer_at=at, **values
    )
    turn = TurnFactory(
        tenant=tenant,
        conversation=conversation,
        outcome="handed_off",
        reason="crew_asked",
        started_at=at,
        handoff={"summary": "wants a table", "tried": ["We have one."], "team": 3, "done": []},
    )
    InboundEventFactory(
        tenant=tenant,
        conversation=conversation,
        turn=turn,
        text="A table?",
        payload={"id": 1},
        outcome="handed_off",
        reason="crew_asked",
        received_at=at,
    )
    OutboundMessageFactory(
        tenant=tenant, turn=turn, body="A person comes.", state="sent", created_at=at, remote_id=9
    )
    return conversation


def texts_of(conversation):
    conversation.refresh_from_db()
    event, message = conversation.events.get(), conversation.outbox.get()
    handoff = conversation.turns.get().handoff
    said = (event.text, event.payload, message.body)
    return (*said, handoff["summary"], handoff["tried"], conversation.contact_name)


KEPT = ("A table?", {"id": 1}, "A person comes.", "wants a table", ["We have one."], "Ana")
SUMMARY_LEFT = ("", {}, "", "wants a table", [], "")
NOTHING_LEFT = ("", {}, "", "", [], "")


def purge(tenant, **options):
    return purging.purge(tenant, now=NOW, **options)


def counts(purged):
    return (purged.events, purged.messages, purged.handoffs, purged.contacts)


def test_texts_go_after_thirty_days_unless_told_and_summaries_after_a_year(moveis):
    young, old, ancient = a_talk(moveis, 29), a_talk(moveis, 31), a_talk(moveis, 366)

    purged = purge(moveis)

    assert texts_of(young) == KEPT
    assert texts_of(old) == SUMMARY_LEFT
    assert texts_of(ancient) == NOTHING_LEFT
    assert counts(purged) == (2, 2, 2, 2)


def test_each_company_keeps_texts_for_its_own_time(moveis, cosmeticos):
    choose(moveis, retention_days=7, summary_days=20)
    choose(cosmeticos, retention_days=90)
    mine, theirs = a_talk(moveis, 10), a_talk(cosmeticos, 10)

    assert counts(purge(cosmeticos)) == (0, 0, 0, 0)
    assert texts_of(mine) == KEPT
    assert counts(purge(moveis)) == (1, 1, 1, 1)
    assert texts_of(mine) == SUMMARY_LEFT
    assert texts_of(theirs) == KEPT


def test_a_channel_may_keep_texts_for_another_time(moveis):
    briefly = ChannelMappingFactory(tenant=moveis, inbox_id=5, settings={"retention_days": 2})
    usual = ChannelMappingFactory(tenant=moveis, inbox_id=6, settings={"mode": "off"})
    short, long, nowhere = (
        a_talk(moveis, 10, channel=channel) for channel in (briefly, usual, None)
    )

    purged = purge(moveis)

    assert counts(purged) == (1, 1, 1, 1)
    assert texts_of(short) == SUMMARY_LEFT
    assert texts_of(long) == texts_of(nowhere) == KEPT


def test_what_became_of_a_message_stays(moveis):
    conversation = a_talk(moveis, 31)

    purge(moveis)

    event, message = conversation.events.get(), conversation.outbox.get()
    turn = conversation.turns.get()
    assert (event.outcome, event.reason, event.turn) == ("handed_off", "crew_asked", turn)
    assert (turn.outcome, turn.reason, turn.handoff["team"]) == ("handed_off", "crew_asked", 3)
    assert (message.state, message.remote_id) == ("sent", 9)
    assert event.message_id is not None


def test_what_is_unfinished_keeps_its_texts_however_old_it_is(moveis):
    waiting = a_talk(moveis, 400, due_at=NOW)
    Turn.objects.filter(conversation=waiting).update(state="sending")
    InboundEvent.objects.filter(conversation=waiting).update(outcome="", reason="")
    for state in ("pending", "sending", "unknown"):
        OutboundMessage.objects.filter(conversation=waiting).update(state=state)

        purged = purge(moveis)

        assert counts(purged) == (0, 0, 0, 0)
        assert texts_of(waiting) == KEPT


def test_a_conversation_that_is_worked_on_keeps_its_name(moveis):
    conversation = a_talk(moveis, 31, lease_until=NOW)

    purge(moveis)

    conversation.refresh_from_db()
    assert conversation.contact_name == "Ana"


def test_a_name_stays_while_the_customer_still_writes(moveis):
    conversation = a_talk(moveis, 31)
    Conversation.objects.update(last_customer_at=ago(1))

    purge(moveis)

    assert texts_of(conversation) == (*SUMMARY_LEFT[:-1], "Ana")


def test_a_second_run_changes_nothing(moveis):
    for days in (31, 366):
        a_talk(moveis, days)
    purge(moveis)

    with_nothing_left = purge(moveis)

    assert counts(with_nothing_left) == (0, 0, 0, 0)


def test_a_dry_run_counts_the_same_and_changes_nothing(moveis):
    young, old = a_talk(moveis, 29), a_talk(moveis, 31)

    counted = purge(moveis, is_dry_run=True)

    assert texts_of(old) == texts_of(young) == KEPT
    assert counts(counted) == counts(purge(moveis)) == (1, 1, 1, 1)


def test_all_are_found_in_chunks(moveis, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2)
    for days in (40, 40, 40, 41, 42, 43, 44):
        a_talk(moveis, days)

    assert counts(purge(moveis, is_dry_run=True)) == (7, 7, 7, 7)
    assert counts(purge(moveis)) == (7, 7, 7, 7)
    assert not InboundEvent.objects.exclude(text="").exists()


def test_a_purged_event_cannot_be_replayed(moveis):
    a_talk(moveis, 31)
    InboundEvent.objects.update(outcome="ignored", reason="mode_off", turn=None)
    purge(moveis)

    assert inbox.replay(InboundEvent.objects.get()) == "Its content is no longer there."


def test_purged_replies_leave_no_empty_lines_in_the_history(make_stage, script):
    stage = make_stage(can_look=False)
    first = stage.writes("Tem mesa?")
    stage.works()
    choose(stage.tenant, retention_days=1)
    purging.purge(stage.tenant, now=timezone.now() + timedelta(days=2))
    InboundEvent.objects.filter(author="customer").update(text="Tem mesa?")

    stage.writes("E cadeira?", first.conversation)
    stage.works()

    history = script.asked[-1].history
    assert [(line.speaker, line.text) for line in history] == [(Speaker.CUSTOMER, "Tem mesa?")]


def test_the_nightly_task_purges_every_company(moveis, cosmeticos, monkeypatch):
    found = [a_talk(moveis, 31), a_talk(cosmeticos, 31)]
    monkeypatch.setattr(tasks.purge_texts_of, "delay", tasks.purge_texts_of)

    tasks.purge_old_texts()

    assert [texts_of(conversation) for conversation in found] == [SUMMARY_LEFT] * 2


@pytest.mark.parametrize("name", ["purge_old_texts", "purge_texts_of"])
def test_purging_keeps_no_customer_waiting(name):
    route = current_app.amqp.router.route({}, f"crews.tasks.{name}")

    assert route["queue"].name == "maintenance"


class TestCommand:
    @pytest.fixture(autouse=True)
    def _old_talks(self, moveis, cosmeticos):
        self.mine, self.theirs = a_talk(moveis, 31), a_talk(cosmeticos, 31)

    def run(self, *words):
        output = io.StringIO()
        call_command("purge", *words, stdout=output)
        return output.getvalue()

    def test_every_company_is_purged_and_counted(self):
        told = json.loads(self.run("--json"))

        counted = {"events": 1, "messages": 1, "handoffs": 1, "contacts": 1}
        assert told == {
            "dry_run": False,
            "tenants": [{"tenant": "cosmeticos", **counted}, {"tenant": "moveis", **counted}],
        }
        assert texts_of(self.mine) == texts_of(self.theirs) == SUMMARY_LEFT

    def test_one_company_can_be_chosen(self):
        shown = self.run("--tenant", "moveis")

        assert "events: 1, messages: 1, hand-overs: 1, names: 1" in shown
        assert "cosmeticos" not in shown
        assert texts_of(self.theirs) == KEPT

    def test_a_dry_run_says_that_nothing_was_changed(self):
        shown = self.run("--dry-run")

        assert "Nothing was changed (--dry-run)." in shown
        assert shown.count("events: 1") == 2
        assert texts_of(self.mine) == KEPT
