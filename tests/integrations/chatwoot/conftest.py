"""A Chatwoot that can be reached, clients that ask it, and somewhere for its webhooks to go."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from integrations.chatwoot.client import ChatwootClient
from tenants.credentials import Secret
from tests.fakes.chatwoot import fake_chatwoot


@pytest.fixture
def chatwoot(opened):
    with fake_chatwoot() as server:
        server.world.deliveries.retry_seconds = 0.01
        yield server


@pytest.fixture
def make_client(moveis):
    def make(server, *, bot=True, user=True, **values):
        tokens = {
            "bot_token": Secret(server.bot.token) if bot else None,
            "user_token": Secret(server.admin.token) if user else None,
        }
        return ChatwootClient(
            moveis,
            **{
                "base_url": server.url,
                "account_id": server.account.id,
                "connection": "chatwoot:1",
                **tokens,
                **values,
            },
        )

    return make


@pytest.fixture
def client_of_chatwoot(chatwoot, make_client):
    return make_client(chatwoot)


@pytest.fixture
def conversation(chatwoot):
    return chatwoot.world.customer_writes(
        "Bom dia", inbox=chatwoot.inbox, contact=chatwoot.contact
    ).conversation


class Door:
    """Takes webhooks. `statuses` are its next answers, then 200."""

    def __init__(self):
        self.taken = []
        self.statuses = []
        self.lock = threading.Lock()

    @property
    def events(self):
        return [body["event"] for _headers, body, _raw in self.taken]

    def named(self, event):
        return [body for _headers, body, _raw in self.taken if body["event"] == event]


@pytest.fixture
def door():
    door = Door()
    with _listening(door) as port:
        door.url = f"http://127.0.0.1:{port}/in/"
        yield door


@contextmanager
def _listening(door):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            with door.lock:
                status = door.statuses.pop(0) if door.statuses else 200
                door.taken.append((dict(self.headers.items()), json.loads(raw), raw))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
