"""Voice messages become text; what fails leaves them as they are, and nobody hears of it but us."""

import logging

import pytest

from crews.transcribing import transcribed
from integrations import http
from integrations.chatwoot.values import Attachment
from integrations.models import Breaker, LlmCall, RemoteCall
from tests.factories import BudgetFactory
from tests.fakes.models import fail, say
from tests.integrations.servers import refused_port, reply, scripted_server

OGG = b"OggS" * 500


@pytest.fixture
def company(moveis, make_profile):
    make_profile(moveis, use="transcription", model="whisper-1")
    return moveis


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(http, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def files(opened):
    with scripted_server(reply(OGG, headers=["Content-Type: audio/ogg"])) as server:
        yield server


def hear(company, *attachments, base_url="https://chat.example.com", seconds=10, turn=7):
    return transcribed(
        company,
        attachments,
        connection_key="chatwoot:5",
        base_url=base_url,
        turn=turn,
        seconds=seconds,
    )


def voice(url, number=1, **values):
    return Attachment(
        id=number, kind="audio", **{"url": url, "content_type": "audio/ogg", **values}
    )


def test_voice_message_is_downloaded_and_transcribed(company, files, models):
    models.script(say(" Quero trocar a cor. "))

    (heard,) = hear(company, voice(f"{files.url}/blobs/SIGNED/voz.ogg"))

    assert heard.transcript == "Quero trocar a cor."
    assert heard.id == 1
    assert models.heard[0].body["file"] == OGG
    assert b'filename="voice.ogg"' in models.heard[0].raw
    assert LlmCall.objects.get().turn == 7


def test_download_is_written_down_without_its_path(company, files, models):
    hear(company, voice(f"{files.url}/blobs/SIGNED/voz.ogg"))

    call = RemoteCall.objects.get()
    assert (call.service, call.connection, call.turn) == ("chatwoot-files", "chatwoot:5", 7)
    assert call.address == f"{files.url}/…"


def test_redirects_to_the_storage_are_followed(company, opened, models):
    there = reply(status="302 Found", headers=["Location: /storage/voz.ogg"])
    with scripted_server(there, reply(OGG)) as files:
        (heard,) = hear(company, voice(f"{files.url}/blobs/SIGNED/voz.ogg"))

    assert heard.transcript == "transcrição de ensaio"
    assert files.heard[1].startswith(b"GET /storage/voz.ogg")


def test_address_without_a_host_is_one_of_chatwoot(company, files, models):
    (heard,) = hear(company, voice("/blobs/SIGNED/voz.ogg"), base_url=files.url)

    assert heard.transcript
    assert files.heard[0].startswith(b"GET /blobs/SIGNED/voz.ogg")


@pytest.mark.parametrize(
    ("told", "answered", "name"),
    [
        ("audio/mpeg", "application/octet-stream", b"voice.mp3"),
        ("", "audio/mp4; codecs=aac", b"voice.m4a"),
        ("audio/ogg; codecs=opus", "", b"voice.ogg"),
        ("audio/amr", "application/octet-stream", b"voice.ogg"),
    ],
)
def test_format_is_told_by_the_name(company, opened, models, told, answered, name):
    with scripted_server(reply(OGG, headers=[f"Content-Type: {answered}"])) as files:
        hear(company, voice(f"{files.url}/x", content_type=told))

    assert b'filename="' + name + b'"' in models.heard[0].raw


def test_what_needs_no_hearing_is_left_alone(company, files, models):
    others = (
        Attachment(id=1, kind="image", url=f"{files.url}/foto.jpg"),
        voice(f"{files.url}/voz.ogg", 2, transcript="já ouvido"),
        Attachment(id=3, kind="location", latitude=1.0, longitude=2.0),
    )

    assert hear(company, *others) == others
    assert not files.connections
    assert not models.heard


def test_order_is_kept_and_one_failure_spares_the_others(company, files, models):
    models.script(fail(400), say("dois"))
    photo = Attachment(id=2, kind="image", url=f"{files.url}/foto.jpg")

    found = hear(company, voice(f"{files.url}/1", 1), photo, voice(f"{files.url}/3", 3))

    assert [one.id for one in found] == [1, 2, 3]
    assert [one.transcript for one in found] == ["", "", "dois"]


class TestFailures:
    """Each leaves the message as it was, with one line in the log."""

    @pytest.fixture(autouse=True)
    def _one_line(self, caplog):
        caplog.set_level(logging.INFO, logger="crews.transcribing")
        yield
        (line,) = [row for row in caplog.get_records("call") if row.name == "crews.transcribing"]
        assert "SIGNED" not in line.getMessage()
        assert "without transcript" in line.getMessage()

    def test_no_model_is_set_up(self, moveis, files, models):
        spoken = voice(f"{files.url}/SIGNED/voz.ogg")

        assert hear(moveis, spoken) == (spoken,)
        assert not files.connections

    def test_budget_is_used_up(self, company, files, models):
        BudgetFactory(tenant=company, token_limit=1, on_exceed="stop")
        spoken = voice(f"{files.url}/SIGNED/voz.ogg")

        assert hear(company, spoken) == (spoken,)
        assert not models.heard

    def test_model_fails(self, company, files, models):
        models.always(fail(500))
        spoken = voice(f"{files.url}/SIGNED/voz.ogg")

        assert hear(company, spoken) == (spoken,)

    @pytest.mark.parametrize(
        "answer",
        [
            reply(status="404 Not Found"),
            reply(b"<html>sign in</html>", headers=["Content-Type: text/html; charset=utf-8"]),
            reply(b""),
            b"nonsense",
        ],
        ids=["gone", "page", "empty", "no http"],
    )
    def test_download_gives_no_recording(self, company, opened, models, answer):
        with scripted_server(answer) as files:
            spoken = voice(f"{files.url}/SIGNED/voz.ogg")

            assert hear(company, spoken) == (spoken,)

        assert not models.heard

    def test_nobody_answers(self, company, models):
        spoken = voice(f"http://127.0.0.1:{refused_port()}/SIGNED/voz.ogg")

        assert hear(company, spoken) == (spoken,)

    def test_recording_is_too_large(self, company, opened, models, monkeypatch):
        monkeypatch.setattr("crews.transcribing.MOST_BYTES", 1_000)
        with scripted_server(reply(OGG)) as files:
            spoken = voice(f"{files.url}/SIGNED/voz.ogg")

            assert hear(company, spoken) == (spoken,)

        assert not models.heard

    def test_recording_that_says_it_is_too_large_is_not_downloaded(self, company, files, models):
        spoken = voice(f"{files.url}/SIGNED/voz.ogg", size=25_000_001)

        assert hear(company, spoken) == (spoken,)
        assert not files.connections

    def test_time_is_over(self, company, files, models):
        spoken = voice(f"{files.url}/SIGNED/voz.ogg")

        assert hear(company, spoken, seconds=0) == (spoken,)
        assert not files.connections

    @pytest.mark.parametrize(
        "url", ["", "file:///SIGNED/passwd", "ftp://chat.example.com/SIGNED", "http://[SIGNED"]
    )
    def test_address_is_none_of_the_web(self, company, models, url):
        spoken = voice(url)

        assert hear(company, spoken) == (spoken,)
        assert not models.heard

    def test_private_address_is_closed(self, company, files, models, settings):
        settings.OUTBOUND_ALLOW_CIDRS = []
        spoken = voice(f"{files.url}/SIGNED/voz.ogg")

        assert hear(company, spoken) == (spoken,)
        assert not files.connections


def test_storage_that_is_down_does_not_close_the_door_to_chatwoot(company, opened, models):
    with scripted_server(reply(status="500 Oops")) as files:
        for number in range(6):
            hear(company, voice(f"{files.url}/{number}"))

    assert [row.service for row in Breaker.objects.all()] == ["chatwoot-files"]
