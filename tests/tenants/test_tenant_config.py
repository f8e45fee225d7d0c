"""Settings at the terminal: what is in effect, where it comes from, and the choice of it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tenants import configuration
from tenants.config.options import OPTIONS
from tenants.models import AuditEntry, Configuration
from tests.factories import ChannelMappingFactory, ChatwootInstallationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def shop(moveis):
    """An inbox of the company."""
    return ChannelMappingFactory(tenant=moveis, account_id=1, inbox_id=5)


def run(*words):
    output = io.StringIO()
    call_command("tenant_config", *map(str, words), stdout=output)
    return output.getvalue()


def document(*words):
    return json.loads(run(*words, "--json"))


def test_every_setting_in_effect_is_shown_with_where_it_comes_from(moveis, shop):
    run("moveis", "quiet_seconds=7")
    run("moveis", "--inbox", 5, "mode=automatic")

    told = document("moveis", "--inbox", 5)
    shown = run("moveis", "--inbox", 5)

    assert (told["tenant"], told["inbox"]) == ("moveis", 5)
    assert list(told["settings"]) == list(told["sources"]) == list(OPTIONS)
    for key, value, source in (
        ("mode", "automatic", "channel"),
        ("quiet_seconds", 7, "company"),
        ("disclosure", True, "default"),
    ):
        assert (told["settings"][key], told["sources"][key]) == (value, source)
    assert any(
        line.split() == ["quiet_seconds", "7", "This", "company"] for line in shown.splitlines()
    )


def test_a_choice_for_the_company_is_in_effect_and_has_a_version(moveis):
    told = document("moveis", "mode=automatic", "quiet_seconds=0", "sandbox=TRUE")

    config = configuration.effective(moveis.pk)
    assert told["inbox"] is None
    assert (config.setting("mode"), config.setting("quiet_seconds")) == ("automatic", 0)
    assert config.setting("sandbox") is True
    version = moveis.configurationversion_set.latest("number")
    assert version.document["settings"]["mode"] == "automatic"


def test_a_choice_for_an_inbox_leaves_the_company_alone(moveis, shop):
    run("moveis", "--inbox", 5, "mode=off", "handoff_text=Já vamos!")

    shop.refresh_from_db()
    assert shop.settings == {"mode": "off", "handoff_text": "Já vamos!"}
    assert configuration.effective(moveis.pk).setting("mode") == "suggest"
    assert configuration.effective(moveis.pk, channel_id=shop.pk).setting("mode") == "off"


def test_an_empty_value_takes_the_choice_back(moveis):
    run("moveis", "mode=off", "quiet_seconds=9")

    told = document("moveis", "mode=", "watchdog_minutes=")

    assert (told["settings"]["mode"], told["sources"]["mode"]) == ("suggest", "default")
    assert Configuration.objects.get(tenant=moveis).settings == {"quiet_seconds": 9}


def test_a_value_may_contain_the_sign_between(moveis):
    run("moveis", "alarm_webhook_url=https://x.example/?a=b")

    assert configuration.effective(moveis.pk).setting("alarm_webhook_url").endswith("?a=b")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("colour=red", "no setting “colour”. Known: mode, quiet_seconds"),
        ("mode", "Write KEY=VALUE"),
        ("mode=loud", "mode: “loud” is not allowed. Allowed: off, suggest, automatic."),
        ("quiet_seconds=soon", "quiet_seconds: Write a whole number here."),
        ("quiet_seconds=-1", "quiet_seconds: Write a number from 0 to 120."),
        ("quiet_seconds=" + "9" * 40, "quiet_seconds: Write a whole number here."),
        ("sandbox=maybe", "sandbox: Write true or false here."),
        ("handoff_text=a\x00b", "handoff_text: "),
        ("handoff_text=\udcff", "handoff_text: "),
        ("handoff_label=" + "x" * 61, "handoff_label: At most 60 characters."),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_mistake_is_refused_with_what_is_allowed_and_changes_nothing(word, complaint, moveis):
    before = AuditEntry.objects.count()

    with pytest.raises(CommandError) as refusal:
        run("moveis", "quiet_max_seconds=20", word)

    assert complaint in str(refusal.value)
    assert AuditEntry.objects.count() == before


def test_all_mistakes_are_told_at_once(moveis):
    with pytest.raises(CommandError) as refusal:
        run("moveis", "colour=red", "mode=loud")

    assert len(str(refusal.value).splitlines()) == 2


def test_an_unknown_inbox_is_refused_with_those_that_are_known(moveis, shop, cosmeticos):
    ChannelMappingFactory(tenant=cosmeticos, inbox_id=6)
    ChannelMappingFactory(tenant=moveis, inbox_id=None)

    with pytest.raises(CommandError, match=r"no inbox 6. Known: 5\Z"):
        run("moveis", "--inbox", 6)


def test_of_several_inboxes_with_one_number_the_account_has_to_be_named(moveis):
    first, second = (ChatwootInstallationFactory(name=name) for name in ("Loja", "Matriz"))
    rows = [
        ChannelMappingFactory(tenant=moveis, installation=place, account_id=account, inbox_id=5)
        for place, account in ((first, 1), (first, 2), (second, 2))
    ]

    with pytest.raises(CommandError, match=r"1 \(Loja\), 2 \(Loja\), 2 \(Matriz\). Name one"):
        run("moveis", "--inbox", 5, "mode=off")
    run("moveis", "--inbox", 5, "--account", 1, "mode=off")
    run("moveis", "--inbox", 5, "--account", 2, "--installation", "Matriz", "mode=automatic")

    for row in rows:
        row.refresh_from_db()
    assert [row.settings for row in rows] == [{"mode": "off"}, {}, {"mode": "automatic"}]


def test_settings_that_no_table_knows_stay(moveis):
    configuration.write(moveis, {"settings": {"of_a_plugin": 1}})

    run("moveis", "mode=off")

    assert Configuration.objects.get(tenant=moveis).settings == {"of_a_plugin": 1, "mode": "off"}
