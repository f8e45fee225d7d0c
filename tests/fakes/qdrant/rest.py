"""Addresses, keys, status codes, and trouble on demand."""

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tests.fakes.qdrant import CONTROL
from tests.fakes.qdrant.world import WireError

ROUTES = [
    (method, re.compile(pattern + "$"), name)
    for method, pattern, name in (
        ("GET", r"/", "version"),
        ("GET", r"/collections", "list_collections"),
        ("GET", r"/aliases", "list_aliases"),
        ("POST", r"/collections/aliases", "change_aliases"),
        ("GET", r"/collections/([^/]+)/exists", "exists"),
        ("GET", r"/collections/([^/]+)", "describe"),
        ("PUT", r"/collections/([^/]+)", "create"),
        ("DELETE", r"/collections/([^/]+)", "drop"),
        ("PUT", r"/collections/([^/]+)/index", "create_index"),
        ("PUT", r"/collections/([^/]+)/points", "upsert"),
        ("POST", r"/collections/([^/]+)/points/delete", "delete"),
        ("POST", r"/collections/([^/]+)/points/count", "count"),
        ("POST", r"/collections/([^/]+)/points/scroll", "scroll"),
        ("POST", r"/collections/([^/]+)/points/query/batch", "query_batch"),
    )
]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, world, api_key):
        super().__init__(address, Handler)
        self.world = world
        self.api_key = api_key
        self.heard = []
        self.trouble = {}
        self._lock = threading.Lock()

    def next_trouble(self):
        with self._lock:
            if self.trouble.get("times") == 0:
                return {}
            if "times" in self.trouble:
                self.trouble["times"] -= 1
            return dict(self.trouble)

    def behave(self, trouble):
        with self._lock:
            self.trouble = trouble
            self.heard = []

    def handle_error(self, request, client_address):
        """Clients that lost their patience are part of the play; mistakes of ours are not."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self._take()

    def do_PUT(self):
        self._take()

    def do_POST(self):
        self._take()

    def do_DELETE(self):
        self._take()

    def _take(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if path == CONTROL:
            self._control(raw)
            return
        self.server.heard.append(f"{self.command} {path}")
        trouble = self.server.next_trouble()
        time.sleep(trouble.get("wait", 0))
        if "status" in trouble:
            self._refuse(trouble["status"], "Trouble on demand", trouble.get("retry_after"))
        elif self.server.api_key and self.headers.get("api-key") != self.server.api_key:
            self._refuse(401, "Must provide an API key or an Authorization bearer token")
        else:
            self._answer(path, json.loads(raw) if raw else {})

    def _control(self, raw):
        if self.command == "POST":
            self.server.behave(json.loads(raw))
        self._send(200, self.server.heard)

    def _answer(self, path, body):
        try:
            name, words = self._route(path)
            result = getattr(self.server.world, name)(*words, body)
        except WireError as error:
            self._refuse(error.status, str(error))
        else:
            wrapped = {"result": result, "status": "ok", "time": 0.001}
            self._send(200, result if name == "version" else wrapped)

    def _route(self, path):
        for method, pattern, name in ROUTES:
            found = pattern.match(path)
            if found and method == self.command:
                return name, [unquote(word) for word in found.groups()]
        raise WireError(404, "")

    def _refuse(self, status, text, retry_after=None):
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._send(status, {"status": {"error": text}, "time": 0.0}, headers)

    def _send(self, status, data, headers=None):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
