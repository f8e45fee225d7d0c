"""Settings come from the environment; every mistake in it is named at once, and nothing starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from chatwoot_ai import checks
from chatwoot_ai.settings.environment import Environment
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment

WRONG = {
    "PORT": "eighty",
    "DEV_MODE": "perhaps",
    "LOG_LEVEL": "loud",
    "DATABASE_URL": "mysql://db/x",
    "SENTRY_DSN": "sentry",
    "EMAIL_URL": "mailbox",
    "TRUSTED_PROXIES": "-1",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "CHATWOOT_DOMAIN": "furniture",
    "DEBUG": "true",
    "DATA_DIR": "/proc/nowhere",
}
ERRORS = [f"chatwootai.E00{number}" for number in range(1, 8)]
STARTS = {
    "check": ["manage.py", "check"],
    "web process": ["-c", "import gunicorn, chatwoot_ai.wsgi"],
    "celery worker": ["-m", "celery", "-A", "chatwoot_ai", "worker", "-P", "solo"],
    "celery beat": ["-m", "celery", "-A", "chatwoot_ai", "beat"],
}


def read(**values):
    return Environment(values)


def mistaken_names(env):
    return [name for name, _ in env.mistakes]


class TestText:
    def test_spaces_around_are_dropped(self):
        assert read(NAME="  x y ").text("NAME") == "x y"

    def test_missing_text_is_the_default(self):
        assert read().text("NAME", "x") == "x"


class TestTruth:
    @pytest.mark.parametrize("word", ["true", "TRUE", "yes", "on", "1", " True "])
    def test_yes_is_true(self, word):
        assert read(NAME=word).truth("NAME", default=False) is True

    @pytest.mark.parametrize("word", ["false", "No", "off", "0"])
    def test_no_is_false(self, word):
        assert read(NAME=word).truth("NAME", default=True) is False

    @pytest.mark.parametrize("default", [True, False])
    def test_nothing_is_the_default(self, default):
        env = read(NAME="")

        assert env.truth("NAME", default=default) is default
        assert env.mistakes == []

    @pytest.mark.parametrize("word", ["perhaps", "2", "verdadeiro"])
    def test_other_words_are_a_mistake_and_count_as_false(self, word):
        env = read(NAME=word)

        assert env.truth("NAME", default=False) is False
        assert env.mistakes == [("NAME", f"Write true or false into NAME, not “{word}”.")]


class TestNumber:
    @pytest.mark.parametrize(("text", "number"), [("7", 7), (" 7 ", 7), ("1", 1), ("10", 10)])
    def test_number_within_the_limits_is_taken(self, text, number):
        assert read(NAME=text).number("NAME", 5, least=1, most=10) == number

    def test_nothing_is_the_default(self):
        env = read()

        assert env.number("NAME", 5, least=1, most=10) == 5
        assert env.mistakes == []

    @pytest.mark.parametrize("text", ["0", "11", "-1", "x", "1,5", "nan", "inf", "1e9", "0x7"])
    def test_other_text_is_a_mistake_and_the_default_counts(self, text):
        env = read(NAME=text)

        assert env.number("NAME", 5, least=1, most=10) == 5
        assert env.mistakes == [("NAME", f"Write a number from 1 to 10 into NAME, not “{text}”.")]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", []), ("a", ["a"]), (" a , b,", ["a", "b"]), (",,", [])],
)
def test_words_are_separated_by_commas(text, words):
    assert read(NAME=text).words("NAME") == words


class TestChoice:
    def test_known_word_is_taken_in_small_letters(self):
        assert read(NAME="JSON").choice("NAME", "text", allowed=("json", "text")) == "json"

    @pytest.mark.parametrize("text", ["", "  "])
    def test_nothing_is_the_default(self, text):
        env = read(NAME=text)

        assert env.choice("NAME", "text", allowed=("json", "text")) == "text"
        assert env.mistakes == []

    def test_unknown_word_is_a_mistake_that_names_the_known_ones(self):
        env = read(NAME="xml")

        assert env.choice("NAME", "text", allowed=("json", "text")) == "text"
        assert env.mistakes == [("NAME", "Write one of json, text into NAME.")]


class TestUrl:
    def url(self, text, default=""):
        env = read(NAME=text)
        return env.url("NAME", default, schemes=("http", "https")), env.mistakes

    @pytest.mark.parametrize("text", ["http://a", "https://a.example:8000/x", "http://[::1]:80"])
    def test_address_is_taken(self, text):
        assert self.url(text) == (text, [])

    def test_nothing_is_the_default(self):
        assert self.url("", "http://d") == ("http://d", [])

    @pytest.mark.parametrize(
        "text",
        ["a.example", "ftp://a", "http:", "http://", "http://[::1", "http://:80", "https:///x"],
    )
    def test_other_text_is_a_mistake(self, text):
        address, mistakes = self.url(text, "http://d")

        assert address == "http://d"
        assert mistakes == [
            ("NAME", "Write an address of the form http://… or https://… into NAME.")
        ]


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("postgres://user:p%40ss@db:5432/x", "django.db.backends.postgresql"),
        ("postgresql://db/x", "django.db.backends.postgresql"),
        ("sqlite:////data/x.sqlite3", "django.db.backends.sqlite3"),
        ("", "django.db.backends.sqlite3"),
    ],
)
def test_database_is_taken(text, engine):
    env = read(NAME=text)

    assert env.database("NAME", "sqlite:////tmp/x")["ENGINE"] == engine
    assert env.mistakes == []


def test_password_of_the_database_is_unquoted():
    assert read(NAME="postgres://user:p%40ss@db/x").database("NAME", "")["PASSWORD"] == "p@ss"


@pytest.mark.filterwarnings("ignore:Engine not recognized")
@pytest.mark.parametrize("text", ["mysql://db/x", "x", "postgres", "://", "postgres://db:port/x"])
def test_other_database_is_a_mistake_and_the_default_counts(text):
    env = read(NAME=text)

    assert env.database("NAME", "sqlite:////tmp/x")["NAME"] == "/tmp/x"
    assert mistaken_names(env) == ["NAME"]


def test_mistake_does_not_repeat_the_password():
    env = read(NAME="mysql://user:k3j4@db/x", REDIS_URL="http://:k3j4@cache")

    env.database("NAME", "sqlite:////tmp/x")
    env.redis()

    assert len(env.mistakes) == 2
    assert "k3j4" not in str(env.mistakes)


def test_mail_server_is_taken():
    env = read(NAME="smtp+tls://user:k3j4@mail.example:587")

    config = env.email("NAME")

    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], config["EMAIL_USE_TLS"]) == (
        "mail.example",
        587,
        True,
    )
    assert config["EMAIL_HOST_PASSWORD"] == "k3j4"


def test_other_mail_server_is_a_mistake():
    env = read(NAME="mailbox")

    assert env.email("NAME")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert mistaken_names(env) == ["NAME"]


class TestRedis:
    @pytest.mark.parametrize(
        ("values", "url"),
        [
            ({}, ""),
            ({"REDIS_URL": "redis://cache:6380/1"}, "redis://cache:6380/1"),
            ({"REDIS_URL": "rediss://cache"}, "rediss://cache"),
            ({"REDIS_URL": "unix:///run/redis.sock"}, "unix:///run/redis.sock"),
            ({"REDIS_HOST": "cache"}, "redis://cache:6379/0"),
            (
                {"REDIS_HOST": "cache", "REDIS_PORT": "6380", "REDIS_DB": "2"},
                "redis://cache:6380/2",
            ),
            (
                {"REDIS_HOST": "cache", "REDIS_PASSWORD": "p@s/s:"},
                "redis://:p%40s%2Fs%3A@cache:6379/0",
            ),
            ({"REDIS_URL": "redis://one", "REDIS_HOST": "two"}, "redis://one"),
            ({"REDIS_PORT": "6380", "REDIS_PASSWORD": "x"}, ""),
        ],
    )
    def test_address_comes_from_the_url_else_from_the_parts(self, values, url):
        env = read(**values)

        assert env.redis() == url
        assert env.mistakes == []

    @pytest.mark.parametrize(("name", "text"), [("REDIS_PORT", "70000"), ("REDIS_DB", "-1")])
    def test_impossible_part_is_a_mistake(self, name, text):
        env = read(REDIS_HOST="cache", **{name: text})

        assert env.redis() == "redis://cache:6379/0"
        assert mistaken_names(env) == [name]

    def test_wrong_url_is_a_mistake(self):
        env = read(REDIS_URL="http://cache")

        assert env.redis() == ""
        assert mistaken_names(env) == ["REDIS_URL"]


def test_networks_are_taken_and_others_named():
    env = read(NAME="10.0.0.0/8, 192.168.1.7, house, 2001:db8::/32")

    assert env.networks("NAME") == ["10.0.0.0/8", "192.168.1.7", "2001:db8::/32"]
    assert mistaken_names(env) == ["NAME"]
    assert "house" in env.mistakes[0][1]


def test_folder_is_absolute_and_knows_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert read(NAME="~/data").folder("NAME", Path("x")) == tmp_path / "data"
    assert read().folder("NAME", Path("x")) == Path("x").resolve()


def test_every_mistake_is_collected():
    env = read(A="x", B="x", C="x")

    env.number("A", 1, least=0, most=2)
    env.truth("B", default=False)
    env.choice("C", "y", allowed=("y",))

    assert mistaken_names(env) == ["A", "B", "C"]


class TestChecks:
    """Each impossible combination alone; the others stay silent."""

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch):
        monkeypatch.delenv("SECRET_KEY", raising=False)
        monkeypatch.delenv("DEBUG", raising=False)

    def found(self, **settings):
        with override_settings(**settings):
            return {error.id for error in checks.run_checks(tags=[checks.TAG])}

    def test_usual_settings_are_possible(self):
        assert self.found() == set()

    def test_mistake_of_the_environment_is_an_error(self):
        assert self.found(ENVIRONMENT_MISTAKES=[("PORT", "Write …")]) == {"chatwootai.E001"}

    def test_folder_that_cannot_be_written_to_is_an_error(self, tmp_path):
        file = tmp_path / "file"
        file.touch()

        assert self.found(DATA_DIR=file / "data") == {"chatwootai.E002"}
        assert self.found(DATA_DIR=file) == {"chatwootai.E002"}

    def test_missing_folder_is_made(self, tmp_path):
        assert self.found(DATA_DIR=tmp_path / "a" / "b") == set()
        assert (tmp_path / "a" / "b").is_dir()

    def test_broker_needs_search_server_database_and_key(self):
        broker = {"CELERY_BROKER_URL": "redis://cache"}

        assert self.found(**broker, QDRANT_URL="") == {
            "chatwootai.E003",
            "chatwootai.E004",
            "chatwootai.E005",
            "chatwootai.E010",
        }
        assert self.found(**broker, QDRANT_URL="http://q", IS_SQLITE=False) == {
            "chatwootai.E005",
            "chatwootai.E010",
        }

    def test_broker_with_all_it_needs_is_possible(self, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "x" * 50)
        monkeypatch.setenv("MASTER_KEYS", "a:" + "A" * 43 + "=")

        full = self.found(CELERY_BROKER_URL="redis://cache", QDRANT_URL="http://q", IS_SQLITE=False)

        assert full == set()

    def test_test_domain_is_for_development(self):
        assert self.found(CHATWOOT_DOMAIN="furniture") == {"chatwootai.E006"}
        assert self.found(CHATWOOT_DOMAIN="furniture", DEV_MODE=True) == set()

    def test_debug_is_for_development(self, monkeypatch):
        monkeypatch.setenv("DEBUG", "true")

        assert self.found() == {"chatwootai.E007"}
        assert self.found(DEV_MODE=True) == set()

    @pytest.mark.parametrize("word", ["false", "0", "off", ""])
    def test_debug_that_is_off_is_possible(self, monkeypatch, word):
        monkeypatch.setenv("DEBUG", word)

        assert self.found() == set()

    def test_every_error_says_what_to_do(self):
        with override_settings(
            CELERY_BROKER_URL="x", CHATWOOT_DOMAIN="x", DATA_DIR=Path("/proc/x")
        ):
            errors = checks.run_checks(tags=[checks.TAG])

        assert len(errors) >= 5
        assert all(error.hint for error in errors)

    def test_check_command_fails_on_an_error(self):
        with override_settings(CHATWOOT_DOMAIN="x"), pytest.raises(CommandError, match="E006"):
            call_command("check")

    def test_deployment_without_second_factor_and_metrics_token_is_warned(self):
        with override_settings(REQUIRE_2FA=False, METRICS_TOKEN="", DEV_MODE=True):
            warned = {
                message.id
                for message in checks.run_checks(tags=[checks.TAG], include_deployment_checks=True)
            }

        assert warned == {"chatwootai.W001", "chatwootai.W002", "chatwootai.W003"}


@pytest.fixture(scope="module")
def refused():
    """Every way to start, with every mistake at once: exit code and what was printed."""
    running = {
        name: subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=clean_environment(**WRONG),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, words in STARTS.items()
    }
    return {
        name: (process.communicate(timeout=PATIENCE_SECONDS)[0], process.returncode)
        for name, process in running.items()
    }


@pytest.mark.xdist_group("environment")
@pytest.mark.parametrize("way", STARTS)
class TestStart:
    def test_wrong_settings_end_the_process(self, refused, way):
        _, code = refused[way]

        assert code != 0

    def test_all_mistakes_are_shown_at_once(self, refused, way):
        output, _ = refused[way]

        assert [number for number in ERRORS if number not in output] == []
        for name in ("PORT", "DEV_MODE", "LOG_LEVEL", "DATABASE_URL", "SENTRY_DSN", "EMAIL_URL"):
            assert f"into {name}" in output
        assert "Traceback" not in output
