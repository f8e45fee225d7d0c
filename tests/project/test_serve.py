"""One command starts everything, says where it is and how to come in, and stops when told to."""

import http.cookiejar
import json
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers import (
    PATIENCE_SECONDS,
    ROOT,
    Server,
    clean_environment,
    free_port,
    wait_until_ready,
)

pytestmark = pytest.mark.xdist_group("serve")


def hear_control_c():
    """A suite that runs in the background of a shell has been told to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Running(Server):
    """A server process whose output goes to a file of its own."""

    def __init__(self, folder, data, **environment):
        self.port = int(environment.pop("PORT", free_port()))
        self.output_file = Path(folder) / "output.log"
        self.output_file.parent.mkdir(parents=True, exist_ok=True)
        with self.output_file.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=clean_environment(DATA_DIR=str(data), PORT=str(self.port), **environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=hear_control_c,
            )
        super().__init__(process, f"http://127.0.0.1:{self.port}", Path(folder))

    @property
    def output(self):
        return self.output_file.read_text()

    def end(self, signal_number):
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_SECONDS)

    def ask(self, path):
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:
            return answer.read().decode()


def wait_for(condition):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("It did not happen in time.")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data, tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("first"), data)
    wait_until_ready(running)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def second(server, data, tmp_path_factory):
    """Another process on the same data."""
    running = Running(tmp_path_factory.mktemp("second"), data)
    wait_until_ready(running)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def refused(server, tmp_path_factory):
    """Starts that cannot succeed, all at once: exit code and what was printed."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "file").touch()
    (folder / "spoiled").mkdir()
    (folder / "spoiled" / "db.sqlite3").write_text("this is no database" * 1000)
    starts = {
        "taken port": Running(folder / "port", folder / "a", PORT=server.port),
        "folder under a file": Running(folder / "under", folder / "file" / "data"),
        "folder that takes no files": Running(folder / "proc", "/proc/self"),
        "address of another machine": Running(folder / "host", folder / "b", HOST="203.0.113.1"),
        "spoiled database": Running(folder / "db", folder / "spoiled"),
    }
    return {
        name: (running.process.wait(PATIENCE_SECONDS), running.output)
        for name, running in starts.items()
    }


@pytest.fixture(scope="module")
def ended(server, second, refused):
    """The first server after Ctrl-C; gives its exit code."""
    return server.end(signal.SIGINT)


class TestStarted:
    def test_address_is_printed(self, server):
        assert server.address in server.output

    def test_login_is_printed_and_kept(self, server, data):
        email, password = (data / "first-login").read_text().split()

        assert email in server.output
        assert password in server.output
        assert str(data / "first-login") in server.output

    def test_printed_login_opens_the_admin(self, server, data):
        email, password = (data / "first-login").read_text().split()
        browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        form = browser.open(f"{server.address}/admin/login/", timeout=10).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
        given = {"csrfmiddlewaretoken": token, "username": email, "password": password}

        page = browser.open(
            f"{server.address}/admin/login/?next=/admin/status/",
            urllib.parse.urlencode(given).encode(),
            timeout=30,
        )

        assert page.url == f"{server.address}/admin/status/"
        assert "Banco de dados" in page.read().decode()

    def test_workers_and_timetable_are_at_work(self, server):
        def is_ok():
            return json.loads(server.ask("/health/ready"))["status"] == "ok"

        assert wait_for(is_ok)

    def test_style_of_the_pages_is_served(self, server):
        page = server.ask("/admin/login/")
        sheet = re.search(r'href="(/static/[^"]+\.css)"', page)[1]

        assert server.ask(sheet)

    def test_files_are_for_this_user_alone(self, server, data):
        others = {
            file.name: oct(stat.S_IMODE(file.stat().st_mode))
            for file in data.iterdir()
            if stat.S_IMODE(file.stat().st_mode) & 0o077
        }

        assert others == {}

    def test_password_is_in_no_log_line(self, server, data):
        _, password = (data / "first-login").read_text().split()
        lines = [line for line in server.output.splitlines() if line.startswith("{")]

        assert not any(password in line for line in lines)


class TestSecondProcess:
    def test_it_serves_pages(self, second):
        assert "Senha" in second.ask("/admin/login/")

    def test_it_says_that_another_one_runs_the_workers(self, second):
        assert "Outro processo já executa as tarefas" in second.output

    def test_it_runs_no_workers(self, second):
        metrics = second.ask("/metrics")

        assert "chatwootai_local_queue_waiting" not in metrics

    def test_it_makes_no_second_login(self, second, server):
        assert "admin@" not in second.output

    def test_it_stops_without_stopping_the_first(self, second, server):
        code = second.end(signal.SIGTERM)

        assert code == 0
        assert "Encerrado" in second.output
        assert json.loads(server.ask("/health/live")) == {"status": "ok"}


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("taken port", "PORT=8001 make run"),
            ("folder under a file", "DATA_DIR"),
            ("folder that takes no files", "DATA_DIR"),
            ("address of another machine", "HOST"),
            ("spoiled database", "DATABASE_URL"),
        ],
    )
    def test_reason_is_said_with_the_next_step(self, refused, name, words):
        code, output = refused[name]

        assert code == 1
        assert words in output
        assert "Traceback" not in output
        assert len(output.strip().splitlines()) <= 2

    def test_server_on_the_port_goes_on(self, refused, server):
        assert json.loads(server.ask("/health/live")) == {"status": "ok"}


class TestStopped:
    def test_control_c_ends_it_cleanly(self, ended, server):
        assert ended == 0
        assert "Encerrado" in server.output
        assert "Traceback" not in server.output

    def test_data_is_whole_afterwards(self, ended, data):
        with closing(sqlite3.connect(data / "db.sqlite3")) as database:
            check = database.execute("PRAGMA integrity_check").fetchone()
            companies = database.execute("SELECT count(*) FROM tenants_tenant").fetchone()

        assert (check, companies) == (("ok",), (2,))

    def test_next_start_takes_the_workers_and_makes_no_new_login(self, ended, data, tmp_path):
        login = (data / "first-login").read_text()
        running = Running(tmp_path / "again", data)
        try:
            wait_until_ready(running)
        finally:
            code = running.end(signal.SIGTERM)

        assert code == 0
        assert "Outro processo" not in running.output
        assert (data / "first-login").read_text() == login
        assert login.split()[1] not in running.output
