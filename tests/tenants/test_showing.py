"""What hides in a text is shown; what people really write stays as it is."""

import pytest
from django.template import Context, Template

from tenants.showing import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("safe\u202egnp.exe", "safe[U+202E]gnp.exe"),
        ("a\u2066b\u2069", "a[U+2066]b[U+2069]"),
        ("pass\u200bword", "pass[U+200B]word"),
        ("a\u200db", "a[U+200D]b"),
        ("bell\a and null\0", "bell[U+0007] and null[U+0000]"),
        ("\x1b[31mred", "[U+001B][31mred"),
        ("line\u2028break", "line[U+2028]break"),
        ("\ufeffbegin", "[U+FEFF]begin"),
        ("a\ufe0fb", "a[U+FE0F]b"),
        ("tag\U000e0041", "tag[U+E0041]"),
        ("half\ud800", "half[U+D800]"),
        ("soft\u00adhyphen", "soft[U+00AD]hyphen"),
        ("\u3164", "[U+3164]"),
        ("\ufe0f", "[U+FE0F]"),
    ],
)
def test_what_nobody_sees_is_shown_by_its_number(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Olá, tudo bem?\r\n\tQuero 2 cadeiras.",
        "❤️ 👩‍🔧 👨🏽‍💻 🏳️‍🌈 1️⃣ ‼️",
        "Ação é “boa” – não…",
        "שלום مرحبا 你好 नमस्ते",
        "",
    ],
)
def test_what_people_write_stays_as_it_is(text):
    assert visible(text) == text


def test_templates_show_and_escape():
    template = Template("{% load showing %}{{ text|visible }} {{ text|masked }}")

    page = template.render(Context({"text": "<b>\u202e ana@example.com"}))

    assert page == "&lt;b&gt;[U+202E] ana@example.com &lt;b&gt;[U+202E] [e-mail]"
