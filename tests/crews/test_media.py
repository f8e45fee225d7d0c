"""Files that customers send: heard, described, or honestly not understood."""

from crews.questions import Answer

AUDIO = {
    "id": 1,
    "message_id": 0,
    "file_type": "audio",
    "content_type": "audio/ogg",
    "data_url": "https://chat.example.com/voz.ogg",
    "file_size": 1000,
}
PLACE = {
    "id": 2,
    "message_id": 0,
    "file_type": "location",
    "coordinates_lat": -23.5,
    "coordinates_long": -46.6,
    "fallback_title": "Av. Paulista",
}


def test_a_voice_message_nobody_can_hear_goes_to_a_person(stage):
    message = stage.writes("", attachments=[AUDIO])

    stage.works()

    assert stage.outcome(message) == ("handed_off", "media")
    assert len(stage.replies(message)) == 1


def test_or_the_customer_is_asked_to_write(make_stage):
    stage = make_stage(media_hands_over=False, media_text="Pode escrever?")
    message = stage.writes("", attachments=[AUDIO])

    stage.works()

    assert stage.replies(message) == ["Pode escrever?"]
    assert stage.outcome(message) == ("answered", "replied")


def test_what_chatwoot_heard_is_answered(stage, script):
    heard = {**AUDIO, "transcribed_text": "quero uma mesa redonda"}
    message = stage.writes("", attachments=[heard])

    stage.works()

    assert stage.outcome(message) == ("answered", "replied")
    assert "quero uma mesa redonda" in script.asked[0].messages[0].text


def test_a_voice_message_is_heard_by_the_company_s_model(stage, script, monkeypatch):
    from dataclasses import replace

    from crews import transcribing

    monkeypatch.setattr(
        transcribing,
        "transcribed",
        lambda tenant, files, **_: tuple(replace(f, transcript="tem cadeira?") for f in files),
    )
    message = stage.writes("", attachments=[AUDIO])

    stage.works()

    assert stage.outcome(message) == ("answered", "replied")
    assert "tem cadeira?" in script.asked[0].messages[0].text


def test_a_place_is_described(stage, script):
    stage.writes("Entregam aqui?", attachments=[PLACE])

    stage.works()

    assert "Av. Paulista" in script.asked[0].messages[0].text
    assert script.asked[0].messages[0].media == ("location",)


def test_an_answer_of_which_nothing_is_left_goes_to_a_person(stage, script):
    script.say(Answer(text="\u200b<br>\u200b"))
    message = stage.writes("Oi")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "failed")


def test_braces_of_a_model_reach_the_customer(stage, script):
    script.say("Use {{ nome }} e {% if %}.")
    message = stage.writes("Oi")

    stage.works()

    (reply,) = stage.replies(message)
    assert "nome" in reply


def test_typing_is_always_switched_off_again(stage, script):
    def fail(question):
        raise RuntimeError

    script.say(fail)
    stage.writes("Oi")

    stage.works()

    heard = stage.chatwoot.heard_at("toggle_typing_status")
    assert [h.body["typing_status"] for h in heard] == ["on", "off"]


def test_the_language_of_the_customer_is_kept(stage, script):
    message = stage.writes("Hello, do you have a table? I would like to buy the big one")
    stage.works()
    stage.writes("ok", message.conversation)

    stage.works()

    assert [question.talk.language for question in script.asked] == ["en", "en"]
