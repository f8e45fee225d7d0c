"""The wire does to connections what the fault suite says it does."""

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.faults.proxy import Proxy


class Greeter(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.heard.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"oi")

    def log_message(self, *_words):
        pass


@contextmanager
def greeter():
    server = HTTPServer(("127.0.0.1", 0), Greeter)
    server.heard = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def wire():
    with greeter() as server:
        proxy = Proxy(server.server_address[1])
        proxy.come_up()
        proxy.server = server
        yield proxy
        proxy.go_down()


def ask(wire):
    connection = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=2)
    connection.request("GET", "/")
    answer = connection.getresponse().read()
    connection.close()
    return answer


def test_it_passes_on(wire):
    assert ask(wire) == b"oi"


def test_a_lost_answer_was_heard(wire):
    wire.lose_answers(1)

    with pytest.raises(http.client.RemoteDisconnected):
        ask(wire)
    assert wire.server.heard == ["/"]
    assert ask(wire) == b"oi"


def test_nobody_connects_while_it_is_down(wire):
    wire.go_down()

    with pytest.raises(ConnectionRefusedError):
        ask(wire)
    wire.come_up()
    assert ask(wire) == b"oi"


def test_a_deaf_wire_answers_nothing(wire):
    wire.is_deaf = True

    with pytest.raises(TimeoutError):
        ask(wire)
    assert wire.server.heard == []
