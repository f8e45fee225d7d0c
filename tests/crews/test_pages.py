"""What staff see of the way of a message, and the buttons with which they step in."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crews.models import (
    Alarm,
    Control,
    Conversation,
    InboundEvent,
    Outcome,
    Part,
    Reason,
    TurnState,
)
from tenants.access import Role
from tenants.models import AuditEntry, Domain
from tests.factories import (
    AlarmFactory,
    ChatwootInstallationFactory,
    ConnectionFactory,
    ConversationFactory,
    InboundEventFactory,
    LlmCallFactory,
    OutboundMessageFactory,
    TurnFactory,
    member,
)

CONVERSATIONS = "/admin/crews/conversation/"
EVENTS = "/admin/crews/inboundevent/"
TURNS = "/admin/crews/turn/"
OUTBOX = "/admin/crews/outboundmessage/"
ALARMS = "/admin/crews/alarm/"

CPF = "529.982.247-25"
HOSTILE = f"<script>alert(1)</script> \u202egnp.exe {CPF}"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt; [U+202E]gnp.exe"


def named(value):
    """Sets have no order of their own, and all workers must call a test the same."""
    return repr(sorted(value)) if isinstance(value, set) else str(value)


def text_of(page, address, query=None):
    answer = page.get(address, query)
    assert answer.status_code == 200, address
    return answer.content.decode()


def change(row):
    return f"/admin/crews/{row._meta.model_name}/{row.pk}/change/"


def queries_of(page, address):
    with CaptureQueriesContext(connection) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


def of_one_turn(tenant, **values):
    """A question, its turn and the answer, in one conversation."""
    conversation = values.pop("conversation", None) or ConversationFactory(tenant=tenant)
    turn = TurnFactory(tenant=tenant, conversation=conversation, **values)
    event = InboundEventFactory(
        tenant=tenant,
        conversation=conversation,
        turn=turn,
        outcome=turn.outcome,
        reason=turn.reason,
    )
    OutboundMessageFactory(tenant=tenant, turn=turn, state="sent", sent_at=timezone.now())
    return event


class TestHostileTexts:
    """Names and messages are shown as what they are: no markup, nothing hidden, no numbers."""

    @pytest.fixture
    def rows(self, moveis):
        conversation = ConversationFactory(tenant=moveis, contact_name="<b>Zé</b>\u202e")
        turn = TurnFactory(
            tenant=moveis,
            conversation=conversation,
            error=HOSTILE,
            handoff={"summary": HOSTILE, "tried": [HOSTILE], "labels": [HOSTILE]},
        )
        event = InboundEventFactory(
            tenant=moveis,
            conversation=conversation,
            turn=turn,
            text=HOSTILE,
            payload={"content": HOSTILE, "sender": {"phone_number": "+5511987654321"}},
        )
        message = OutboundMessageFactory(tenant=moveis, turn=turn, body=HOSTILE, last_error=HOSTILE)
        alarm = AlarmFactory(tenant=moveis, text=HOSTILE)
        return conversation, turn, event, message, alarm

    def test_every_page_shows_them_as_text(self, rows, helena, signed_in):
        page = signed_in(helena)
        lists = (CONVERSATIONS, EVENTS, TURNS, OUTBOX, ALARMS, "/admin/")
        for address in (*lists, *map(change, rows)):
            shown = text_of(page, address)

            assert "<script>alert(1)" not in shown, address
            assert "<b>Zé" not in shown, address
            assert "\u202e" not in shown, address

    @pytest.mark.parametrize(
        "address", [EVENTS, OUTBOX, *(pytest.param(n, id=f"row {n}") for n in range(1, 4))]
    )
    def test_what_was_said_is_masked(self, address, rows, helena, signed_in):
        if isinstance(address, int):
            address = change(rows[address])
        shown = text_of(signed_in(helena), address)

        assert SHOWN in shown
        assert "[CPF]" in shown
        assert CPF not in shown

    def test_the_talk_is_masked(self, rows, helena, signed_in):
        shown = text_of(signed_in(helena), change(rows[0]))

        assert shown.count(f"{SHOWN} [CPF]") >= 2
        assert CPF not in shown

    def test_the_content_of_an_event_is_masked(self, rows, helena, signed_in):
        shown = text_of(signed_in(helena), change(rows[2]))

        assert "&quot;phone_number&quot;: &quot;[phone]&quot;" in shown

    def test_questions_of_buttons_are_safe(self, rows, helena, signed_in):
        shown = text_of(signed_in(helena), f"{CONVERSATIONS}{rows[0].pk}/pause/")

        assert "<b>Zé" not in shown
        assert "\u202e" not in shown


class TestConstantQueries:
    def test_a_long_talk_takes_as_many_queries_as_a_short_one(self, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)
        page = signed_in(helena)
        for _ in range(2):
            of_one_turn(moveis, conversation=conversation)
        page.get(change(conversation))
        few = queries_of(page, change(conversation))
        for _ in range(30):
            of_one_turn(moveis, conversation=conversation)

        assert queries_of(page, change(conversation)) == few

    def test_a_turn_of_many_messages_takes_as_many_queries_as_one_of_few(
        self, helena, moveis, signed_in
    ):
        turn = of_one_turn(moveis).turn
        page = signed_in(helena)
        page.get(change(turn))
        few = queries_of(page, change(turn))
        InboundEventFactory.create_batch(
            20, tenant=moveis, conversation=turn.conversation, turn=turn
        )
        LlmCallFactory.create_batch(20, tenant=moveis, turn=turn.pk)

        assert queries_of(page, change(turn)) == few

    def test_the_overview_takes_as_many_queries_however_much_goes_on(
        self, helena, moveis, signed_in
    ):
        page = signed_in(helena)
        of_one_turn(moveis)
        AlarmFactory(tenant=moveis)
        page.get("/admin/")
        few = queries_of(page, "/admin/")
        for _ in range(10):
            of_one_turn(moveis)
            AlarmFactory(tenant=moveis)

        assert queries_of(page, "/admin/") == few


class TestEvents:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"outcome": "waiting"}, {"waits"}),
            ({"outcome": "drafted"}, {"drafted"}),
            ({"outcome": "handed_off"}, {"handed"}),
            ({"outcome": "ignored"}, {"ignored", "status"}),
            ({"reason__exact": "group"}, {"ignored"}),
            ({"event": "conversation_status_changed"}, {"status"}),
            ({"event": "other"}, {"unknown"}),
            ({"via__exact": "replay"}, {"handed"}),
            ({"q": "4711"}, {"waits"}),
            ({"q": "delivery-9"}, {"ignored"}),
            ({"q": "no number"}, set()),
        ],
        ids=named,
    )
    def test_are_found_by_what_staff_know(self, query, found, helena, moveis, signed_in):
        rows = {
            "waits": InboundEventFactory(tenant=moveis, message_id=4711),
            "drafted": InboundEventFactory(
                tenant=moveis, outcome=Outcome.HANDED_OFF, reason=Reason.SUGGESTED
            ),
            "handed": InboundEventFactory(
                tenant=moveis, outcome=Outcome.HANDED_OFF, reason=Reason.FAILED, via="replay"
            ),
            "ignored": InboundEventFactory(
                tenant=moveis,
                outcome=Outcome.IGNORED,
                reason=Reason.GROUP,
                delivery_id="delivery-9",
            ),
            "status": InboundEventFactory(
                tenant=moveis,
                event="conversation_status_changed",
                message_id=None,
                outcome=Outcome.IGNORED,
                reason=Reason.NO_ANSWER_NEEDED,
            ),
            "unknown": InboundEventFactory(
                tenant=moveis,
                event="something.new",
                message_id=None,
                outcome=Outcome.EXPIRED,
            ),
        }
        shown = text_of(signed_in(helena), EVENTS, query)

        assert {name for name, row in rows.items() if f'"{change(row)}' in shown} == found

    def test_are_found_by_their_connection(self, helena, moveis, cosmeticos, signed_in):
        event, other = InboundEventFactory.create_batch(2, tenant=moveis)
        theirs = InboundEventFactory(tenant=cosmeticos)
        page = signed_in(helena)
        shown = text_of(page, EVENTS, {"connection": event.connection_id})

        assert change(event) in shown
        assert change(other) not in shown
        assert change(theirs) not in text_of(page, EVENTS, {"connection": theirs.connection_id})

    def test_are_found_by_their_conversation(self, helena, moveis, signed_in):
        event = InboundEventFactory(tenant=moveis, conversation__number=90210)
        InboundEventFactory(tenant=moveis, conversation__number=11)
        shown = text_of(signed_in(helena), EVENTS, {"q": "90210"})

        assert change(event) in shown
        assert "#11<" not in shown

    def test_lead_on_to_conversation_and_turn(self, helena, moveis, signed_in):
        event = of_one_turn(moveis)
        page = signed_in(helena)
        for shown in (text_of(page, EVENTS), text_of(page, change(event))):
            assert f'href="{change(event.conversation)}"' in shown
            assert f'href="{change(event.turn)}"' in shown

    def test_of_an_account_without_name_says_which_one(self, helena, moveis, signed_in):
        installation = ChatwootInstallationFactory(name="Chat Casa")
        link = ConnectionFactory(tenant=moveis, installation=installation, account_id=31)
        event = InboundEventFactory(tenant=moveis, conversation__connection=link)

        assert "Chat Casa, conta 31" in text_of(signed_in(helena), change(event))

    def test_nobody_edits_them(self, platform_admin, moveis, signed_in):
        event = InboundEventFactory(tenant=moveis)
        page = signed_in(platform_admin)

        assert page.get(f"{EVENTS}add/").status_code == 403
        assert page.post(change(event), {"text": "other"}).status_code == 403
        assert page.post(f"{EVENTS}{event.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_replay_asks_first(self, helena, moveis, signed_in, replayed):
        event = InboundEventFactory(tenant=moveis)
        page = signed_in(helena)
        page.get(f"{EVENTS}{event.pk}/replay/")

        assert replayed == []

        answer = page.post(f"{EVENTS}{event.pk}/replay/")

        assert replayed == [event.pk]
        assert answer["Location"] == change(event)
        assert said(answer) == ["Taken once more."]

    def test_replay_leads_to_the_list_when_the_event_came_in_anew(
        self, helena, moveis, signed_in, replayed
    ):
        event = InboundEventFactory(tenant=moveis)
        replayed.forgets = True
        answer = signed_in(helena).post(f"{EVENTS}{event.pk}/replay/")

        assert answer["Location"] == EVENTS

    def test_chosen_events_are_replayed_in_the_order_in_which_they_came(
        self, helena, moveis, signed_in, replayed
    ):
        now = timezone.now()
        late = InboundEventFactory(tenant=moveis, received_at=now)
        early = InboundEventFactory(tenant=moveis, received_at=now - timedelta(hours=1))
        answer = replay_all(signed_in(helena), late, early)

        assert replayed == [early.pk, late.pk]
        assert said(answer) == ["2 × Taken once more."]

    def test_too_many_are_not_replayed_at_once(
        self, helena, moveis, signed_in, replayed, monkeypatch
    ):
        monkeypatch.setattr("crews.admin.events.MOST_REPLAYED", 2)
        answer = replay_all(signed_in(helena), *InboundEventFactory.create_batch(3, tenant=moveis))

        assert replayed == []
        assert "no máximo 2" in said(answer)[0]

    def test_an_agent_replays_and_a_viewer_does_not(self, moveis, signed_in, replayed):
        event = InboundEventFactory(tenant=moveis)
        viewer = signed_in(member(moveis, Role.VIEWER))

        assert "/replay/" not in text_of(viewer, change(event))
        assert viewer.post(f"{EVENTS}{event.pk}/replay/").status_code == 403
        replay_all(viewer, event)
        assert replayed == []

        agent = signed_in(member(moveis, Role.AGENT))

        assert "/replay/" in text_of(agent, change(event))
        agent.post(f"{EVENTS}{event.pk}/replay/")
        assert replayed == [event.pk]

    def test_another_company_replays_nothing(self, moveis, beatriz, signed_in, replayed):
        event = InboundEventFactory(tenant=moveis)
        page = signed_in(beatriz)
        page.post(f"{EVENTS}{event.pk}/replay/")
        replay_all(page, event)

        assert replayed == []

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"outcome": Outcome.ANSWERED}, "Já tem desfecho: respondida."),
            ({"turn": True}, "Está sendo respondida."),
            ({"payload": {}}, "O conteúdo não existe mais."),
        ],
        ids=named,
    )
    def test_what_cannot_be_replayed_says_why(self, values, sentence, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)
        if values.get("turn"):
            values = {"turn": TurnFactory(tenant=moveis, conversation=conversation)}
        event = InboundEventFactory(tenant=moveis, conversation=conversation, **values)
        answer = signed_in(helena).post(f"{EVENTS}{event.pk}/replay/")

        assert said(answer) == [sentence]
        assert InboundEvent.objects.filter(pk=event.pk).exists()


def stored_message(**values):
    """As it is kept of a delivery."""
    return {
        "event": "message_created",
        "id": 5,
        "message_type": "incoming",
        "created_at": "2026-03-05T12:00:00+00:00",
        "conversation": {"id": 7, "status": "pending"},
        **values,
    }


class Replayed(list):
    """What was replayed; `forgets`: as for an event that comes in anew."""

    forgets = False


@pytest.fixture
def replayed(monkeypatch):
    rows = Replayed()

    def replay(event):
        rows.append(event.pk)
        if rows.forgets:
            InboundEvent.objects.filter(pk=event.pk).delete()
        return "Taken once more."

    monkeypatch.setattr("crews.inbox.replay", replay)
    return rows


def replay_all(page, *events):
    chosen = [event.pk for event in events]
    body = {"action": "replay_chosen", "_selected_action": chosen, "index": 0}
    return page.post(EVENTS, body)


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestConversations:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"control__exact": "paused"}, {"paused"}),
            ({"waiting": "yes"}, {"waits"}),
            ({"waiting": "no"}, {"paused", "opened"}),
            ({"status__exact": "open"}, {"opened"}),
            ({"q": "mariana"}, {"waits"}),
            ({"q": "555"}, {"paused"}),
        ],
        ids=named,
    )
    def test_are_found_by_what_staff_know(self, query, found, helena, moveis, signed_in):
        now = timezone.now()
        rows = {
            "waits": ConversationFactory(tenant=moveis, contact_name="Mariana", due_at=now),
            "paused": ConversationFactory(tenant=moveis, number=555, control=Control.PAUSED),
            # Only Chatwoot has to be told something; no customer waits.
            "opened": ConversationFactory(tenant=moveis, status="open", due_at=now, chore="open"),
        }
        shown = text_of(signed_in(helena), CONVERSATIONS, query)

        assert {name for name, row in rows.items() if f'"{change(row)}' in shown} == found

    def test_who_wrote_last_stands_first_and_who_never_wrote_last(self, helena, moveis, signed_in):
        now = timezone.now()
        silent = ConversationFactory(tenant=moveis)
        early = ConversationFactory(tenant=moveis, last_customer_at=now - timedelta(hours=1))
        late = ConversationFactory(tenant=moveis, last_customer_at=now)
        shown = text_of(signed_in(helena), CONVERSATIONS)

        places = [shown.index(change(row)) for row in (late, early, silent)]
        assert places == sorted(places)

    def test_the_talk_stands_in_the_order_in_which_it_went(self, helena, moveis, signed_in):
        at = timezone.now() - timedelta(hours=1)
        conversation = ConversationFactory(tenant=moveis)
        turn = TurnFactory(
            tenant=moveis,
            conversation=conversation,
            outcome=Outcome.HANDED_OFF,
            reason=Reason.ASKED_FOR_PERSON,
            started_at=at + timedelta(seconds=5),
        )
        OutboundMessageFactory(
            tenant=moveis,
            turn=turn,
            part=Part.NOTE,
            body="third",
            created_at=at + timedelta(seconds=9),
        )
        InboundEventFactory(
            tenant=moveis, conversation=conversation, turn=turn, text="first", occurred_at=at
        )
        InboundEventFactory(
            tenant=moveis,
            conversation=conversation,
            event="conversation_status_changed",
            message_id=None,
            author="system",
            text="",
            payload={"status": "open"},
            received_at=at + timedelta(seconds=20),
            outcome=Outcome.IGNORED,
            reason=Reason.NO_ANSWER_NEEDED,
        )
        InboundEventFactory(
            tenant=moveis,
            conversation=conversation,
            author="person",
            text="fifth",
            occurred_at=at + timedelta(seconds=30),
            outcome=Outcome.IGNORED,
            reason=Reason.NO_ANSWER_NEEDED,
        )
        shown = text_of(signed_in(helena), change(conversation))

        spoken = ("first", "o cliente pediu uma pessoa", "third", "aberta", "fifth")
        places = [shown.index(words, shown.index("cwai-talk")) for words in spoken]
        assert places == sorted(places)

    def test_the_bots_own_echo_is_not_shown_twice(self, helena, moveis, signed_in):
        event = InboundEventFactory(
            tenant=moveis,
            author="bot",
            text="echoed",
            outcome=Outcome.IGNORED,
            reason=Reason.OWN_MESSAGE,
        )

        assert "echoed" not in text_of(signed_in(helena), change(event.conversation))

    def test_files_are_named(self, helena, moveis, signed_in):
        payload = stored_message(attachments=[{"id": 1, "file_type": "image", "data_url": "x"}])
        event = InboundEventFactory(tenant=moveis, text="", payload=payload)
        page = signed_in(helena)

        assert "[imagem]" in text_of(page, change(event.conversation))
        assert "[imagem]" in text_of(page, change(event))

    def test_texts_that_were_removed_are_said_to_be(self, helena, moveis, signed_in):
        message = OutboundMessageFactory(tenant=moveis, body="")
        event = InboundEventFactory(
            tenant=moveis, conversation=message.conversation, text="", payload={}
        )
        page = signed_in(helena)

        assert text_of(page, change(event.conversation)).count("O texto foi removido.") == 2
        for row in (event, message):
            assert "O texto foi removido." in text_of(page, change(row))

    def test_a_long_talk_has_pages(self, helena, moveis, signed_in, monkeypatch):
        monkeypatch.setattr("crews.admin.timeline.ENTRIES_PER_PAGE", 3)
        conversation = ConversationFactory(tenant=moveis)
        now = timezone.now()
        for number in range(5):
            InboundEventFactory(
                tenant=moveis,
                conversation=conversation,
                text=f"words-{number}",
                occurred_at=now + timedelta(seconds=number),
            )
        page = signed_in(helena)
        newest = text_of(page, change(conversation))
        oldest = text_of(page, change(conversation), {"p": "2"})

        assert [n for n in range(5) if f"words-{n}" in newest] == [2, 3, 4]
        assert [n for n in range(5) if f"words-{n}" in oldest] == [0, 1]
        assert 'href="?p=2"' in newest
        assert 'href="?p=1"' in oldest
        assert 'href="?p=3"' not in oldest

    @pytest.mark.parametrize("number", ["0", "-1", "x", "٣", "9" * 30, "77777"])
    def test_a_page_that_does_not_exist_is_no_error(self, number, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)

        assert signed_in(helena).get(change(conversation), {"p": number}).status_code == 200

    def test_leads_to_chatwoot(self, helena, moveis, signed_in):
        installation = ChatwootInstallationFactory(base_url="https://chat.example.com/")
        link = ConnectionFactory(tenant=moveis, installation=installation, account_id=3)
        conversation = ConversationFactory(tenant=moveis, connection=link, number=42)
        shown = text_of(signed_in(helena), change(conversation))

        address = "https://chat.example.com/app/accounts/3/conversations/42"
        assert f'href="{address}" target="_blank" rel="noopener noreferrer"' in shown

    def test_without_an_address_of_chatwoot_there_is_no_link(self, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)

        assert "/app/accounts/" not in text_of(signed_in(helena), change(conversation))

    @pytest.mark.parametrize(
        ("control", "offered"),
        [
            (Control.BOT, {"take-over", "pause"}),
            (Control.HANDING_OVER, {"take-over", "give-back"}),
            (Control.HUMAN, {"give-back", "pause"}),
            (Control.PAUSED, {"give-back", "take-over"}),
        ],
    )
    def test_offers_what_changes_something(self, control, offered, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis, control=control)
        shown = text_of(signed_in(helena), change(conversation))

        names = {"take-over", "pause", "give-back"}
        assert {n for n in names if f"{conversation.pk}/{n}/" in shown} == offered
        assert f"{conversation.pk}/domain/" in shown

    @pytest.mark.parametrize(
        ("button", "before", "after"),
        [
            ("take-over", Control.BOT, Control.HUMAN),
            ("pause", Control.BOT, Control.PAUSED),
            ("give-back", Control.HUMAN, Control.BOT),
        ],
    )
    def test_buttons_ask_then_act_and_are_written_down(
        self, button, before, after, helena, moveis, signed_in
    ):
        conversation = ConversationFactory(tenant=moveis, control=before, contact_name="Ana")
        page = signed_in(helena)
        address = f"{CONVERSATIONS}{conversation.pk}/{button}/"
        page.get(address)
        conversation.refresh_from_db()

        assert conversation.control == before

        page.post(address)
        conversation.refresh_from_db()

        assert conversation.control == after
        entry = AuditEntry.objects.about(conversation).get()
        assert entry.changes == {"control": [before, after]}
        assert entry.actor == helena
        assert "Ana" not in entry.object_label

    @pytest.mark.parametrize("button", ["take-over", "pause", "give-back", "domain"])
    def test_who_only_reads_presses_no_button(self, button, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)
        page = signed_in(member(moveis, Role.VIEWER))
        shown = text_of(page, change(conversation))

        assert f"{conversation.pk}/{button}/" not in shown
        assert page.post(f"{CONVERSATIONS}{conversation.pk}/{button}/").status_code == 403

    @pytest.mark.parametrize("button", ["take-over", "pause", "give-back", "domain"])
    def test_another_company_presses_no_button(self, button, moveis, beatriz, signed_in):
        conversation = ConversationFactory(tenant=moveis, control=Control.HANDING_OVER)
        signed_in(beatriz).post(f"{CONVERSATIONS}{conversation.pk}/{button}/")
        conversation.refresh_from_db()

        assert conversation.control == Control.HANDING_OVER

    def test_gets_a_domain_of_its_own_and_loses_it_again(self, helena, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)
        domain = Domain(slug="varejo", name="Varejo Teste")
        domain.save()
        page = signed_in(helena)
        address = f"{CONVERSATIONS}{conversation.pk}/domain/"
        page.post(address, {"domain": domain.pk})

        assert Conversation.objects.get(pk=conversation.pk).domain == domain
        assert "Varejo Teste" in text_of(page, change(conversation))
        assert AuditEntry.objects.about(conversation).get().changes == {"domain": [None, "varejo"]}

        page.post(address, {"domain": ""})

        assert Conversation.objects.get(pk=conversation.pk).domain is None

    def test_a_domain_that_is_not_offered_cannot_be_chosen(self, platform_admin, moveis, signed_in):
        conversation = ConversationFactory(tenant=moveis)
        domain = Domain(slug="secreto", name="Secreto", is_offered=False)
        domain.save()
        page = signed_in(platform_admin)
        address = f"{CONVERSATIONS}{conversation.pk}/domain/"

        assert "Secreto" not in text_of(page, address)
        page.post(address, {"domain": domain.pk})
        assert Conversation.objects.get(pk=conversation.pk).domain is None

    def test_are_found_in_the_palette(self, helena, moveis, beatriz, signed_in):
        ConversationFactory(tenant=moveis, contact_name="Mariana")
        query = {"s": "mariana", "extended": "1"}

        assert "Mariana" in text_of(signed_in(helena), "/admin/search/", query)
        assert "Mariana" not in text_of(signed_in(beatriz), "/admin/search/", query)


class TestTurns:
    def test_sums_up_the_calls_of_models_of_its_own_company(
        self, helena, moveis, cosmeticos, signed_in
    ):
        turn = TurnFactory(tenant=moveis)
        values = {"turn": turn.pk, "tokens_in": 1000, "tokens_out": 20, "cost": "0.002"}
        LlmCallFactory.create_batch(2, tenant=moveis, **values)
        LlmCallFactory(tenant=cosmeticos, **values)
        shown = text_of(signed_in(helena), change(turn))

        assert "Chamadas: 2" in shown
        assert "tokens lidos: 2.000, escritos: 40" in shown
        assert "US$\xa00,004" in shown
        assert f'href="/admin/integrations/llmcall/?turn__exact={turn.pk}"' in shown

    def test_the_link_to_the_calls_leads_to_those_of_the_turn(self, helena, moveis, signed_in):
        turn = TurnFactory(tenant=moveis)
        call = LlmCallFactory(tenant=moveis, turn=turn.pk)
        other = LlmCallFactory(tenant=moveis, turn=turn.pk + 1)
        shown = text_of(signed_in(helena), "/admin/integrations/llmcall/", {"turn__exact": turn.pk})

        assert f"llmcall/{call.pk}/change/" in shown
        assert f"llmcall/{other.pk}/change/" not in shown

    def test_shows_what_was_asked_written_and_handed_over(self, helena, moveis, signed_in):
        event = of_one_turn(
            moveis,
            outcome=Outcome.HANDED_OFF,
            reason=Reason.ASKED_FOR_PERSON,
            handoff={
                "summary": "Quer uma mesa.",
                "tried": ["Catálogo"],
                "labels": ["vendas"],
                "priority": "high",
                "team": 3,
                "agent": 0,
                "done": ["labels"],
            },
        )
        shown = text_of(signed_in(helena), change(event.turn))

        assert event.text in shown
        assert event.turn.outbox.get().body in shown
        for words in ("Quer uma mesa.", "Catálogo", "vendas", "alta"):
            assert words in shown
        assert shown.count("ainda não feito") == 2

    def test_says_how_long_it_took(self, helena, moveis, signed_in):
        now = timezone.now()
        turn = TurnFactory(
            tenant=moveis,
            due_at=now - timedelta(seconds=8),
            started_at=now - timedelta(seconds=7.5),
            finished_at=now - timedelta(seconds=2.25),
        )
        shown = text_of(signed_in(helena), change(turn))

        assert "5,2 s" in shown or "5,3 s" in shown
        assert "0,5 s" in shown

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"outcome": "waiting"}, {"running"}),
            ({"outcome": "answered"}, {"answered", "old"}),
            ({"outcome": "answered", "begun": "today"}, {"answered"}),
            ({"state__exact": "superseded"}, {"overtaken"}),
        ],
        ids=named,
    )
    def test_are_found_by_what_staff_know(self, query, found, helena, moveis, signed_in):
        nothing = {"tenant": moveis, "outcome": "", "reason": "", "finished_at": None}
        rows = {
            "running": TurnFactory(**nothing, state=TurnState.RUNNING),
            "overtaken": TurnFactory(**nothing, state=TurnState.SUPERSEDED),
            "answered": TurnFactory(tenant=moveis),
            "old": TurnFactory(tenant=moveis, started_at=timezone.now() - timedelta(days=3)),
        }
        shown = text_of(signed_in(helena), TURNS, query)

        assert {name for name, row in rows.items() if f'"{change(row)}' in shown} == found


class TestOutgoingMessages:
    def test_says_how_often_it_was_tried_and_why_it_failed(self, helena, moveis, signed_in):
        message = OutboundMessageFactory(
            tenant=moveis,
            attempts=4,
            state="pending",
            next_try_at=timezone.now() + timedelta(minutes=5),
            last_error="Chatwoot does not answer.",
        )
        page = signed_in(helena)
        for shown in (text_of(page, OUTBOX), text_of(page, change(message))):
            assert "Chatwoot does not answer." in shown
            assert "aguardando" in shown
            assert f'href="{change(message.conversation)}"' in shown
            assert f'href="{change(message.turn)}"' in shown


class TestAlarms:
    @pytest.mark.parametrize(
        ("kind", "about", "place"),
        [
            ("silent message", "conversation:7", "/admin/crews/conversation/7/change/"),
            ("connection", "chatwoot:7", "/admin/integrations/connection/7/change/"),
            ("connection", "conversation:7", "/admin/crews/conversation/7/change/"),
            ("queue age", "", f"{CONVERSATIONS}?waiting=yes"),
            ("error rate", "", f"{TURNS}?outcome=handed_off"),
            ("breaker", "odoo odoo:1", "/admin/integrations/breaker/?"),
            ("silent message", "conversation:x", f"{EVENTS}?outcome=waiting"),
        ],
    )
    def test_leads_to_where_one_looks(self, kind, about, place, helena, moveis, signed_in):
        alarm = AlarmFactory(tenant=moveis, kind=kind, about=about)

        assert f'class="text-link" href="{place}"' in text_of(signed_in(helena), change(alarm))

    def test_is_settled_by_a_button_that_asks_first(self, moveis, signed_in):
        alarm = AlarmFactory(tenant=moveis)
        page = signed_in(member(moveis, Role.AGENT))
        page.get(f"{ALARMS}{alarm.pk}/settle/")

        assert Alarm.objects.get().ended_at is None

        page.post(f"{ALARMS}{alarm.pk}/settle/")
        first = Alarm.objects.get().ended_at
        page.post(f"{ALARMS}{alarm.pk}/settle/")

        assert first is not None
        assert Alarm.objects.get().ended_at == first
        assert AuditEntry.objects.about(alarm).count() == 1

    def test_several_are_settled_at_once(self, helena, moveis, cosmeticos, signed_in):
        mine = AlarmFactory.create_batch(2, tenant=moveis)
        theirs = AlarmFactory(tenant=cosmeticos)
        chosen = [alarm.pk for alarm in (*mine, theirs)]
        body = {"action": "settle_chosen", "_selected_action": chosen, "index": 0}
        signed_in(helena).post(ALARMS, body)

        assert set(Alarm.objects.filter(ended_at=None)) == {theirs}

    def test_who_only_reads_settles_nothing(self, moveis, signed_in):
        alarm = AlarmFactory(tenant=moveis)
        page = signed_in(member(moveis, Role.VIEWER))

        assert page.post(f"{ALARMS}{alarm.pk}/settle/").status_code == 403
        assert Alarm.objects.get().ended_at is None

    def test_those_that_go_on_stand_first(self, helena, moveis, signed_in):
        now = timezone.now()
        over = AlarmFactory(tenant=moveis, ended_at=now)
        open_one = AlarmFactory(tenant=moveis, raised_at=now - timedelta(days=3))
        shown = text_of(signed_in(helena), ALARMS)

        assert shown.index(change(open_one)) < shown.index(change(over))


class TestOverview:
    @pytest.fixture
    def goings_on(self, moveis, cosmeticos):
        now = timezone.now()
        ConversationFactory.create_batch(2, tenant=moveis, due_at=now)
        ConversationFactory(tenant=moveis, due_at=now, chore="open")
        ConversationFactory.create_batch(4, tenant=cosmeticos, due_at=now)
        TurnFactory.create_batch(3, tenant=moveis)
        TurnFactory(tenant=moveis, started_at=now - timedelta(days=2))
        TurnFactory(tenant=moveis, outcome=Outcome.HANDED_OFF, reason=Reason.FAILED)
        AlarmFactory.create_batch(5, tenant=moveis)
        AlarmFactory(tenant=moveis, ended_at=now)
        AlarmFactory(tenant=cosmeticos, text="of others")

    def cards(self, page):
        cards = page.get("/admin/").context_data["cards"]
        return {str(card["title"]): (card["number"], card["link"]) for card in cards}

    def test_counts_what_goes_on_in_the_company(self, goings_on, helena, signed_in):
        cards = self.cards(signed_in(helena))

        assert cards["Aguardando agora"][0] == 2
        assert cards["Respondidas hoje"][0] == 3
        assert cards["Passadas a pessoas hoje"][0] == 1
        assert cards["Alarmes"][0] == 5
        assert "Rascunhos hoje" not in cards

    def test_every_number_leads_to_a_list_with_as_many_rows(self, goings_on, helena, signed_in):
        page = signed_in(helena)
        for title, (number, link) in self.cards(page).items():
            assert page.get(link).context_data["cl"].result_count == number, title

    def test_drafts_are_counted_where_there_are_any(self, helena, moveis, signed_in):
        TurnFactory(tenant=moveis, outcome=Outcome.HANDED_OFF, reason=Reason.SUGGESTED)
        page = signed_in(helena)
        cards = self.cards(page)

        assert cards["Rascunhos hoje"][0] == 1
        assert cards["Passadas a pessoas hoje"][0] == 0
        assert page.get(cards["Rascunhos hoje"][1]).context_data["cl"].result_count == 1

    def test_alarms_stand_on_top_for_those_they_concern(
        self, goings_on, helena, beatriz, outsider, signed_in
    ):
        shown = text_of(signed_in(helena), "/admin/")

        assert shown.count('role="alert"') == 5
        assert "of others" not in shown
        assert text_of(signed_in(beatriz), "/admin/").count('role="alert"') == 1
        assert 'role="alert"' not in text_of(signed_in(outsider), "/admin/")

    def test_the_platform_sees_whose_alarm_it_is(self, goings_on, platform_admin, signed_in):
        assert "(Cosméticos Flor do Campo)" in text_of(signed_in(platform_admin), "/admin/")


@pytest.mark.parametrize("address", [CONVERSATIONS, EVENTS, TURNS, OUTBOX, ALARMS])
def test_an_empty_list_says_what_to_do_first(address, helena, signed_in):
    page = signed_in(helena)

    assert "Nada por aqui ainda" in text_of(page, address)
    assert "Nada por aqui ainda" not in text_of(page, address, {"q": "1"})


@pytest.mark.parametrize("address", [CONVERSATIONS, EVENTS, TURNS, OUTBOX, ALARMS])
def test_pages_of_one_company_do_not_name_it_on_each_row(address, helena, moveis, signed_in):
    of_one_turn(moveis)
    AlarmFactory(tenant=moveis)

    assert "column-tenant" not in text_of(signed_in(helena), address)
