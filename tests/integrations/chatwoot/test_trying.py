"""Whoever adds a Chatwoot hears at once which version it is, and what is missing."""

import pytest

from integrations.chatwoot.trying import try_installation
from integrations.chatwoot.versions import Feature, can, numbers_of
from integrations.models import RemoteCall
from tenants.models import ChatwootInstallation
from tenants.onboarding import TestFailedError as FailedError
from tests.factories import ChatwootInstallationFactory
from tests.fakes import chatwoot as fakes
from tests.fakes.chatwoot import fake_chatwoot
from tests.integrations.servers import refused_port, reply, scripted_server


@pytest.fixture(autouse=True)
def _english():
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4.15.1", (4, 15, 1)),
        ("v4.13.0", (4, 13, 0)),
        ("4.16", (4, 16, 0)),
        ("4.16.0-rc1", (4, 16, 0)),
        (" 4.1.0+build ", (4, 1, 0)),
        ("", None),
        ("four", None),
        ("4", None),
        ("4.15.1.2", (4, 15, 1)),
        ("99999.1.1", None),
        ("٤.١.٠", None),
    ],
)
def test_versions_are_read(text, numbers):
    assert numbers_of(text) == numbers


def test_versions_are_compared_as_numbers():
    assert can((4, 14, 10), Feature.BOT_READS_CONVERSATIONS)
    assert not can((4, 9, 0), Feature.SIGNED_ACCOUNT_WEBHOOKS)


@pytest.mark.django_db
class TestTrying:
    @pytest.mark.parametrize(
        ("version", "words"),
        [
            ("4.15.1", "4.15.1 answers. Agent bots and signatures are supported."),
            ("4.14.2", "4.14.2 answers. Agent bots and signatures are supported."),
            ("4.14.1", "also needs the token of a person"),
            ("4.13.0", "also needs the token of a person"),
            ("4.12.5", "but not what bots get"),
            ("4.11.2", "but not what bots get"),
            ("4.11.1", "Agent bots are supported, but nothing it sends is signed"),
            ("4.1.0", "Agent bots are supported, but nothing it sends is signed"),
            ("4.0.4", "Administrators cannot manage agent bots"),
            ("3.16.0", "Administrators cannot manage agent bots"),
        ],
    )
    def test_the_sentence_fits_the_version(self, opened, version, words):
        with fake_chatwoot(version=version) as server:
            sentence = try_installation(ChatwootInstallation(base_url=server.url))

        assert words in sentence

    def test_nothing_is_asked_without_an_address(self):
        with pytest.raises(FailedError, match="Enter the address first"):
            try_installation(ChatwootInstallation())

    def test_it_is_asked_once_and_not_recorded(self, chatwoot):
        chatwoot.next(fakes.refuses(500))

        with pytest.raises(FailedError, match="status 500"):
            try_installation(ChatwootInstallation(base_url=chatwoot.url))
        assert len(chatwoot.heard) == 1
        assert not RemoteCall.objects.exists()

    @pytest.mark.parametrize(
        "body", [b"<html>", b"[]", b"{}", b'{"version": 4}', b'{"version": "canary"}'], ids=str
    )
    def test_something_else_is_no_chatwoot(self, opened, body):
        with scripted_server(reply(body)) as server, pytest.raises(FailedError) as caught:
            try_installation(ChatwootInstallation(base_url=server.url))

        assert "answered something" in str(caught.value)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (reply(b"", "301 Moved", ["Location: https://example.com/api"]), "another address"),
            (reply(b"", "404 Not Found"), "does not know this address"),
            (b"SSH-2.0-OpenSSH\r\n", "no usable answer"),
        ],
        ids=["redirect", "missing", "no http"],
    )
    def test_what_to_do_is_said(self, opened, answer, words):
        with scripted_server(answer) as server, pytest.raises(FailedError, match=words):
            try_installation(ChatwootInstallation(base_url=server.url))

    @pytest.mark.parametrize("path", ["", ":99999", "/\x7f"])
    def test_a_closed_address_is_not_asked(self, path):
        with pytest.raises(FailedError, match="may not be called"):
            try_installation(ChatwootInstallation(base_url=f"http://127.0.0.1{path}"))

    def test_a_port_where_nobody_listens_says_no_more_than_a_slow_one(self, opened):
        with pytest.raises(FailedError, match="no usable answer"):
            try_installation(ChatwootInstallation(base_url=f"http://127.0.0.1:{refused_port()}"))


class TestPage:
    @pytest.fixture
    def page(self, signed_in, platform_admin):
        platform_admin.language = "en"
        platform_admin.save()
        return signed_in(platform_admin)

    def address(self, row):
        return f"/admin/tenants/chatwootinstallation/{row.pk}/test/"

    def test_it_is_asked_first_and_tested_then(self, page, chatwoot):
        row = ChatwootInstallationFactory(base_url=chatwoot.url)
        question = page.get(self.address(row))
        was_quiet = chatwoot.heard == []
        answer = page.post(self.address(row), follow=True)

        assert was_quiet
        assert row.name in question.content.decode()
        assert "Agent bots and signatures are supported." in answer.content.decode()

    def test_a_failure_is_told(self, page, db):
        answer = page.post(self.address(ChatwootInstallationFactory()), follow=True)

        assert "Enter the address first." in answer.content.decode()

    def test_it_is_for_the_platform_only(self, signed_in, helena, chatwoot):
        page = signed_in(helena)
        page.raise_request_exception = False
        row = ChatwootInstallationFactory(base_url=chatwoot.url)

        assert page.post(self.address(row)).status_code in (403, 404)
        assert chatwoot.heard == []
