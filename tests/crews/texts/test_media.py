"""Attachments in words: one line each, in the customer's language, and what no crew can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.texts.media import KINDS, describe, is_readable, unreadable_kinds
from crews.texts.visible import visible
from integrations.chatwoot import shapes
from integrations.chatwoot.reading import Node
from integrations.chatwoot.values import Attachment

SIGNED = "https://chat.example.com/rails/active_storage/blobs/redirect/SIGNED"


def attachment(kind, **values):
    return Attachment(id=1, kind=kind, **values)


PLACE = attachment(
    "location",
    fallback="Praça da Sé",
    latitude=-23.55052,
    longitude=-46.633308,
    url="https://maps.example.com/?q=se",
)
CARD = attachment("contact", fallback="+5511977776666")
SPOKEN = attachment("audio", url=f"{SIGNED}/voz.ogg", transcript="quero trocar\na cor")
VOICE = attachment("audio", url=f"{SIGNED}/voz.ogg", size=20_480)
PHOTO = attachment("image", url=f"{SIGNED}/foto%20da%20mesa.jpg", size=184_233)
INVOICE = attachment("file", url=f"{SIGNED}/nota.pdf", size=2_400_000)
LINK = attachment("fallback", fallback="Mesa", url="https://loja.example.com/mesa")


@pytest.mark.parametrize(
    ("given_one", "line"),
    [
        (PLACE, "[localização: Praça da Sé, -23.55052, -46.633308]"),
        (attachment("location", latitude=0.0, longitude=0.0), "[localização: 0.0, 0.0]"),
        (CARD, "[contato: +5511977776666]"),
        (SPOKEN, "[mensagem de voz] quero trocar a cor"),
        (VOICE, "[mensagem de voz sem transcrição: voz.ogg, 20 KB]"),
        (PHOTO, "[imagem: foto da mesa.jpg, 184 KB]"),
        (INVOICE, "[arquivo: nota.pdf, 2 MB]"),
        (attachment("video"), "[vídeo]"),
        (attachment("sticker", size=10), "[figurinha: 1 KB]"),
        (attachment("story_mention", url=f"{SIGNED}/story"), "[menção em um story]"),
        (attachment("share"), "[publicação compartilhada]"),
        (LINK, "[link: Mesa, https://loja.example.com/mesa]"),
        (attachment("something new"), "[anexo]"),
        (attachment("file", url="http://[x"), "[arquivo]"),
    ],
)
def test_attachment_is_one_line(given_one, line):
    assert describe([given_one], "pt-br") == line


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-br", "[imagem]\n[mensagem de voz sem transcrição]"),
        ("en", "[image]\n[voice message without transcript]"),
        ("es", "[imagen]\n[mensaje de voz sin transcripción]"),
        ("fr", "[imagem]\n[mensagem de voz sem transcrição]"),
        ("", "[imagem]\n[mensagem de voz sem transcrição]"),
    ],
)
def test_lines_are_in_the_language_of_the_customer(language, text):
    assert describe([attachment("image"), attachment("audio")], language) == text


def test_every_language_names_the_same_kinds():
    assert len({frozenset(names) for names in KINDS.values()}) == 1


def test_no_attachment_is_no_text():
    assert describe([], "pt-br") == ""


def test_address_of_a_file_is_not_told():
    everything = describe([PLACE, CARD, SPOKEN, VOICE, PHOTO, INVOICE], "en")

    assert "SIGNED" not in everything
    assert "http" not in everything


def test_attachment_of_a_webhook_is_described():
    body = {
        "id": 5502,
        "file_type": "location",
        "coordinates_lat": -23.55052,
        "coordinates_long": -46.633308,
        "fallback_title": "Praça da Sé",
    }

    assert describe([shapes.attachment(Node(body))], "en").startswith("[location: Praça da Sé")


@pytest.mark.parametrize("readable", [PLACE, CARD, SPOKEN, LINK])
def test_what_words_tell_is_readable(readable):
    assert is_readable(readable)


@pytest.mark.parametrize(
    "other",
    [
        VOICE,
        PHOTO,
        INVOICE,
        attachment("video"),
        attachment("sticker"),
        attachment("story_mention"),
        attachment("embed", url="https://x.example/embed"),
        attachment("audio", transcript=" \n"),
        attachment("location"),
        attachment("contact", fallback="\u200b"),
        attachment("something new", transcript="texto"),
    ],
)
def test_what_has_to_be_seen_or_heard_is_not_readable(other):
    assert not is_readable(other)


def test_kinds_that_cannot_be_read_are_named_once():
    assert unreadable_kinds([PHOTO, SPOKEN, VOICE, PHOTO, CARD]) == ("image", "audio")


@given(
    st.builds(
        Attachment,
        id=st.integers(0),
        kind=st.sampled_from([*KINDS["en"], "x"]),
        url=st.text(),
        size=st.none() | st.integers(0),
        fallback=st.text(),
        latitude=st.none() | st.floats(-360, 360),
        longitude=st.none() | st.floats(-360, 360),
        transcript=st.text(),
    )
)
def test_any_attachment_is_one_line_in_which_nothing_hides(any_one):
    line = describe([any_one], "es")

    assert line == visible(line)
    assert line.startswith("[")
    assert "\n" not in line
