"""The roads to a person, and what is done on them."""

import datetime
import time

import pytest
from django.utils import timezone

from crews.models import Control, Conversation, InboundEvent, OutboundMessage, Part, Reason
from crews.questions import Answer, HandOff
from integrations.llm import BudgetStoppedError, ModelError
from tenants.models.budget import OnExceed
from tests.fakes import chatwoot as fakes


def raising(error):
    def think(question):
        raise error

    return think


ROADS = {
    "asks": (None, "Quero falar com um atendente", "asked_for_person"),
    "crew asks": (Answer(handoff=HandOff(Reason.CREW_ASKED)), "Oi", "crew_asked"),
    "breaks": (raising(RuntimeError("boom")), "Oi", "failed"),
    "model is down": (raising(ModelError()), "Oi", "model_down"),
    "budget": (raising(BudgetStoppedError(OnExceed.PERSON, "")), "Oi", "budget"),
    "says nothing": (Answer(text="  "), "Oi", "failed"),
}


@pytest.mark.parametrize(("answer", "text", "reason"), ROADS.values(), ids=ROADS.keys())
def test_it_ends_with_a_person_when(stage, script, answer, text, reason):
    if answer is not None:
        script.say(answer)
    message = stage.writes(text)

    stage.works()

    talk = message.conversation
    assert stage.outcome(message) == ("handed_off", reason)
    assert talk.status == "open"
    assert len(stage.replies(message)) == 1
    assert len(stage.replies(message, private=True)) == 1
    assert stage.world.handoffs == [talk]
    assert stage.talk(message).control == Control.HUMAN
    assert stage.chatwoot.complaints == []


def test_a_budget_that_stops_answers_says_nothing_to_the_customer(stage, script):
    script.say(raising(BudgetStoppedError(OnExceed.STOP, "")))
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "budget")
    assert stage.replies(message) == []
    assert len(stage.replies(message, private=True)) == 1


def test_without_an_answerer_a_person_gets_it(stage, settings):
    settings.ANSWERER = ""
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "no_answerer")


def test_the_note_says_what_staff_need(stage, script):
    script.say(
        Answer(handoff=HandOff(Reason.CREW_ASKED, summary="Quer trocar a mesa", tried=("FAQ",)))
    )
    message = stage.writes("Oi")

    stage.works()

    (note,) = stage.replies(message, private=True)
    assert "Quer trocar a mesa" in note
    assert "FAQ" in note


def test_everything_is_in_place_before_it_is_opened(make_stage, script):
    stage = make_stage(
        handoff_label="bot", handoff_priority="high", handoff_text="Um momento, por favor."
    )
    stage.choose(handoff_team=stage.chatwoot.team.id, handoff_agent=stage.chatwoot.agent.id)
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    message = stage.writes("Oi")

    stage.works()

    talk = message.conversation
    assert stage.replies(message) == ["Um momento, por favor."]
    assert (talk.labels, talk.priority) == (["bot"], "high")
    assert talk.team is stage.chatwoot.team
    assert talk.assignee.id == stage.chatwoot.agent.id
    writes = [h.path.rsplit("/", 1)[1] for h in stage.chatwoot.heard if h.method == "POST"]
    assert writes[-1] == "toggle_status"


def test_a_step_that_fails_does_not_stop_the_rest(make_stage, script):
    stage = make_stage(handoff_team=99_999, handoff_label="bot")
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    message = stage.writes("Oi")

    stage.works()

    assert message.conversation.status == "open"
    assert message.conversation.labels == ["bot"]
    assert stage.turns().get().error


def test_it_is_looked_at_whether_it_was_opened(stage, script):
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    message = stage.writes("Oi")
    stage.chatwoot.next(
        fakes.Fault(path="toggle_status", is_done=False, answer=fakes.Answer(200, {"payload": {}}))
    )

    stage.works()
    assert message.conversation.status == "pending"
    assert stage.outcome(message)[0] == ""
    stage.works()

    assert message.conversation.status == "open"
    assert stage.outcome(message) == ("handed_off", "rule")
    assert len(stage.replies(message)) == 1


def test_while_chatwoot_is_down_the_hand_over_waits(stage, script):
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.refuses(503, path="/messages$", method="POST"), times=3)

    for _round in range(12):
        stage.works(minutes=6)

    assert stage.outcome(message) == ("handed_off", "rule")
    assert len(stage.replies(message)) == 1
    assert message.conversation.status == "open"


def test_a_message_during_the_hand_over_belongs_to_it(stage, script):
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    message = stage.writes("Oi")
    later = []
    stage.chatwoot.next(
        fakes.meanwhile(
            lambda: later.append(stage.world.customer_writes("mais", message.conversation)),
            path="toggle_status",
        )
    )

    stage.works()
    stage.works()

    assert stage.outcome(later[0])[0] in ("handed_off", "ignored")
    assert len(stage.replies(message)) == 1


def test_the_same_answer_again_ends_with_a_person(stage, script):
    script.say("Não entendi.", "Não entendi.")
    message = stage.writes("Oi")
    stage.works()
    again = stage.writes("Como?", message.conversation)

    stage.works()

    assert stage.outcome(again) == ("handed_off", "repeated")


def test_answers_that_do_not_help_end_with_a_person(stage, script):
    script.say(Answer("Hm.", is_helpful=False), Answer("Hmm.", is_helpful=False))
    message = stage.writes("Oi")
    stage.works()
    again = stage.writes("Como?", message.conversation)

    stage.works()

    assert stage.outcome(message) == ("answered", "replied")
    assert stage.outcome(again) == ("handed_off", "unhelped")


def test_a_deadline_that_passed_ends_with_a_person(stage, script):
    def think(question):
        stage_deadline(question)
        return "tarde"

    script.say(think)
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "deadline")


def stage_deadline(question):
    object.__setattr__(question, "deadline", 0.0)


def test_what_is_too_old_goes_to_a_person(stage):
    message = stage.writes("Oi", created_at=time.time() - 30 * 60 * 60)

    stage.works()

    assert stage.outcome(message) == ("handed_off", "too_old")


def test_what_was_written_before_the_connection_is_no_concern(stage):
    stage.connection.listens_since = timezone.now()
    stage.connection.save()
    message = stage.writes("Oi", created_at=time.time() - 60)

    stage.works()

    assert stage.outcome(message) == ("ignored", "before_connection")


def test_a_turn_that_keeps_killing_its_worker_goes_to_a_person(stage, script):
    message = stage.writes("Oi")

    def die(question):
        raise KeyboardInterrupt

    for _attempt in range(3):
        script.say(die)
        with pytest.raises(KeyboardInterrupt):
            stage.works()
    stage.works()

    assert stage.outcome(message) == ("handed_off", "failed")


def test_the_watchdog_hands_over(stage, settings):
    from crews.models import Chore

    message = stage.writes("Oi")
    Conversation.objects.update(chore=Chore.HAND_OVER)

    stage.works()

    assert stage.outcome(message) == ("handed_off", "watchdog")
    assert stage.talk(message).chore == Chore.NONE


def test_the_channel_s_time_is_over(stage):
    message = stage.writes("Oi")
    message.conversation.can_reply = False

    stage.works()

    assert stage.outcome(message) == ("handed_off", "window_closed")
    assert stage.replies(message) == []
    assert len(stage.replies(message, private=True)) == 1


def test_two_companies_are_told_apart(stage, cosmeticos, script):
    from tests.crews.stage import Stage
    from tests.fakes.chatwoot import fake_chatwoot

    with fake_chatwoot() as other:
        second = Stage(cosmeticos, other)
        ours = stage.writes("Oi da Móveis")
        theirs = second.writes("Oi da Cosméticos")

        stage.works()
        second.deliver()

        assert stage.replies(ours) == ["re: Oi da Móveis"]
        assert second.replies(theirs) == ["re: Oi da Cosméticos"]
        rows = InboundEvent.objects.for_tenant(cosmeticos)
        assert set(rows.values_list("connection", flat=True)) == {second.connection.pk}
        assert (
            not OutboundMessage.objects.for_tenant(cosmeticos)
            .filter(conversation__tenant=stage.tenant)
            .exists()
        )


def test_old_events_stay_out_of_the_history_after_resolution(stage, script):
    message = stage.writes("Quero falar de um pedido antigo")
    stage.works()
    stage.does("agent_resolves", message.conversation)
    stage.writes("Bom dia", message.conversation)

    stage.works()

    assert script.asked[-1].history == ()
    assert [said.text for said in script.asked[-1].messages] == ["Bom dia"]


def test_the_history_is_handed_in(stage, script):
    message = stage.writes("Tem mesa?")
    stage.works()
    stage.writes("De que cor?", message.conversation)

    stage.works()

    lines = [(line.speaker, line.text) for line in script.asked[-1].history]
    assert lines == [("customer", "Tem mesa?"), ("bot", "re: Tem mesa?")]


def test_a_draft_is_written_for_staff_in_suggest_mode(make_stage):
    stage = make_stage(mode="suggest")
    message = stage.writes("Tem mesa?")
    stage.works()
    stage.does("agent_replies", message.conversation, "Temos sim!")
    again = stage.writes("De que cor?", message.conversation)

    stage.works()

    assert stage.replies(message) == []
    assert stage.replies(message, private=True) == ["re: Tem mesa?", "re: De que cor?"]
    assert stage.outcome(message) == stage.outcome(again) == ("handed_off", "suggested")
    assert message.conversation.status == "open"


def test_new_companies_begin_with_drafts(moveis):
    from tenants import configuration

    assert configuration.effective(moveis.pk).setting("mode") == "suggest"


def test_nothing_is_answered_when_it_is_off(make_stage):
    stage = make_stage(mode="off")
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("ignored", "mode_off")


def test_the_first_answer_says_that_it_is_a_bot(make_stage):
    stage = make_stage(disclosure=True, disclosure_text="Sou um robô.")
    message = stage.writes("Oi")
    stage.works()
    stage.writes("E mesa?", message.conversation)

    stage.works()

    assert stage.replies(message) == ["Sou um robô.", "re: Oi", "re: E mesa?"]


def test_a_company_for_trying_out_sends_nothing(make_stage, script):
    stage = make_stage(sandbox=True)
    message = stage.writes("Oi")
    stage.works()
    script.say(Answer(handoff=HandOff(Reason.RULE)))
    other = stage.writes("E agora?", message.conversation)

    stage.works()

    assert stage.replies(message) == []
    assert stage.outcome(message) == stage.outcome(other) == ("ignored", "sandbox")
    assert message.conversation.status == "pending"
    assert not [h for h in stage.chatwoot.heard if h.method == "POST"]
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"cancelled"}


RULES = {
    "blocked": ({}, {"is_blocked": True}, "blocked"),
    "on the list": ({"ignored_contacts": "+55 11 98888-7777"}, {}, "ignored_contact"),
    "a group": ({}, {"identifier": "120363@g.us"}, "group"),
    "no trigger word": ({"trigger_words": "bot"}, {}, "no_trigger"),
}


@pytest.mark.parametrize(("chosen", "contact", "reason"), RULES.values(), ids=RULES.keys())
def test_who_is_not_answered(make_stage, chosen, contact, reason):
    stage = make_stage(**chosen)
    values = {"phone_number": "+5511988887777", **contact}
    row = stage.world.add_contact(stage.chatwoot.account, **values)
    message = stage.writes("Oi", contact=row)

    stage.works()

    assert stage.outcome(message) == ("ignored", reason)


def test_the_notice_of_a_hand_over_leaves_before_its_note(stage, script):
    script.say(Answer(text="Vou ver.", handoff=HandOff(Reason.CREW_ASKED)))
    stage.writes("Oi")

    stage.works()

    parts = OutboundMessage.objects.order_by("position").values_list("part", flat=True)
    assert list(parts) == [Part.NOTICE, Part.NOTICE, Part.NOTE]


def test_closed_and_silent(make_stage):
    stage = make_stage(outside_hours="silent")
    close(stage.tenant)
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("ignored", "closed")
    assert stage.replies(message) == []


def test_closed_and_taken_down(make_stage):
    stage = make_stage(outside_hours="collect", outside_hours_text="Voltamos amanhã.")
    close(stage.tenant)
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "outside_hours")
    assert stage.replies(message) == ["Voltamos amanhã."]


def close(tenant):
    from tenants.models import Configuration, OpeningHours

    today = timezone.localtime().weekday()
    OpeningHours(
        tenant=tenant,
        configuration=Configuration.objects.get(tenant=tenant),
        weekday=(today + 3) % 7,
        opens_at=datetime.time(8),
        closes_at=datetime.time(9),
    ).save()


def test_an_old_hand_over_does_not_come_back(stage, script):
    """The request of last week must not trigger again."""
    message = stage.writes("Quero um atendente")
    stage.works()
    stage.does("agent_resolves", message.conversation)
    later = stage.writes("Bom dia", message.conversation)

    stage.works()

    assert stage.outcome(later) == ("answered", "replied")
