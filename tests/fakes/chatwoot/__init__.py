"""A stand-in for Chatwoot: accounts in memory, its API, its webhooks, and faults on demand.

In tests: `with fake_chatwoot() as chatwoot:`, then let customers and people do things in
`chatwoot.world`, and look at `heard`, `complaints` and `world.deliveries`.
By hand: `python -m tests.fakes.chatwoot --port 9200` prints address, account and tokens.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.chatwoot.commands import do
from tests.fakes.chatwoot.rest import Answer, Api, request_of
from tests.fakes.chatwoot.world import World

CONTROL = "/_control"


@dataclass
class Fault:
    """What goes wrong with a request: before it is done, after it is done, or instead of it.

    `answer` is given in the place of the right one, "drop" ends the connection without any.
    """

    path: str = ""
    method: str = ""
    is_done: bool = True
    wait_before: float = 0.0
    wait_after: float = 0.0
    answer: Any = None
    before: Callable[[], Any] | None = None
    after: Callable[[], Any] | None = None

    def fits(self, request):
        return self.method in ("", request.method) and re.search(self.path, request.path)


def fails_after_doing_it(status=500, **where):
    return Fault(answer=Answer(status, b"<html>We're sorry</html>"), **where)


def drops_after_doing_it(**where):
    return Fault(answer="drop", **where)


def drops(**where):
    return Fault(is_done=False, answer="drop", **where)


def refuses(status, body=None, retry_after=None, **where):
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    plain = b"Retry later\n" if status == 429 else {"error": "no"}
    answer = Answer(status, plain if body is None else body, headers)
    return Fault(is_done=False, answer=answer, **where)


def answers(body, status=200, **where):
    """It is done, but what is said about it is something else."""
    return Fault(answer=Answer(status, body), **where)


def is_slow(seconds, **where):
    """It is done at once, and told later."""
    return Fault(wait_after=seconds, **where)


def is_late(seconds, **where):
    """It is done later, perhaps when nobody waits for it any more."""
    return Fault(wait_before=seconds, **where)


def meanwhile(then, *, moment="before", **where):
    """Somebody does something just before or just after a request is done."""
    return Fault(**{moment: then}, **where)


@dataclass
class Heard:
    method: str
    path: str
    query: dict
    headers: dict
    body: Any
    files: list
    token: str
    status: int | None = None


class FakeChatwoot:
    """One account with an administrator, a bot that has the only inbox, and a customer."""

    def __init__(self, port=0, version="4.15.1"):
        self.world = World(version)
        self.api = Api(self.world)
        self.heard = []
        self.is_down = False
        self._faults = []
        self._port = port
        self._server = None
        self.furnish()

    def furnish(self):
        self.account = self.world.add_account()
        self.admin = self.world.add_user(self.account, "Iara", "administrator")
        self.agent = self.world.add_user(self.account, "Rafael", "agent")
        self.bot = self.world.add_bot(self.account)
        self.team = self.world.add_team(self.account)
        self.inbox = self.world.add_inbox(self.account, "Site", bot=self.bot)
        self.world.add_label(self.account, "calcados")
        self.contact = self.world.add_contact(self.account, phone_number="+5511988887777")

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    @property
    def complaints(self):
        """Requests that no documentation allows."""
        return self.api.complaints

    def tell_bot(self, url):
        """Where the bot of the inbox is told what happens."""
        self.bot.outgoing_url = url

    def next(self, *faults, times=1):
        """Let the next requests that fit go wrong, each fault as often as said."""
        self._faults += [fault for fault in faults for _ in range(times)]

    def forget_faults(self):
        self._faults.clear()

    def take_fault(self, request):
        with self.world.lock:
            for fault in self._faults:
                if fault.fits(request):
                    self._faults.remove(fault)
                    return fault
        return Fault()

    def heard_at(self, path, method=""):
        return [h for h in self.heard if re.search(path, h.path) and method in ("", h.method)]

    def go_down(self):
        """Nobody listens any more, and those who are connected hear nothing."""
        self.is_down = True
        self._server.shutdown()
        self._server.server_close()

    def come_up(self):
        self.is_down = False
        self.start()

    def start(self):
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.fake = self
        self._port = self._server.server_address[1]
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

    def stop(self):
        if not self.is_down:
            self.go_down()


@contextmanager
def fake_chatwoot(**options):
    server = FakeChatwoot(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that lost their patience are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self._take()

    def do_POST(self):
        self._take()

    def do_PUT(self):
        self._take()

    def do_PATCH(self):
        self._take()

    def do_DELETE(self):
        self._take()

    def _take(self):
        fake = self.server.fake
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if fake.is_down or len(raw) < length:  # whoever asked died in the middle of it
            self._drop()
            return
        if self.path == CONTROL:
            self._send(Answer(200, {"answer": do(fake, raw.decode())}))
            return
        self._play(fake, request_of(self.command, self.path, headers, raw))

    def _play(self, fake, request):
        fault = fake.take_fault(request)
        heard = Heard(
            request.method,
            request.path,
            request.query,
            request.headers,
            request.body,
            request.files,
            request.headers.get("api_access_token", ""),
        )
        fake.heard.append(heard)
        time.sleep(fault.wait_before)
        if fault.before:
            fault.before()
        answer = fake.api.answer(request) if fault.is_done else None
        if fault.after:
            fault.after()
        time.sleep(fault.wait_after)
        answer = fault.answer or answer
        if answer == "drop":
            self._drop()
            return
        heard.status = answer.status
        self._send(answer)

    def _drop(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        content = answer.content
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
