"""A stand-in for a provider of language models that speaks like OpenAI.

In tests: `with fake_models() as models:`, then script what it answers and look at what it heard.
By hand: `python -m tests.fakes.models --port 9100` prints the base URL to give to a provider.
"""

import argparse
import base64
import hashlib
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSION = 16


@dataclass(frozen=True)
class Answer:
    """One scripted answer; what is not said is made up from the request."""

    text: str | None = None
    tool_calls: tuple = ()
    finish_reason: str = ""
    status: int = 200
    code: str | None = None
    headers: dict = field(default_factory=dict)
    usage: Any = "counted"  # a dict, or None for a provider that does not say
    model: str = ""
    body: bytes | None = None  # sent as it stands
    wait: float = 0.0  # before the first byte
    drip: float = 0.0  # between the bytes
    cut_after: int | None = None  # pieces of a stream, then the connection ends
    refusal: str | None = None


def say(text, **details):
    return Answer(text=text, **details)


def call_tool(name, **arguments):
    return Answer(tool_calls=((name, json.dumps(arguments)),))


def fail(status, code=None, retry_after=None, **details):
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status=status, code=code, headers=headers, **details)


@dataclass
class Heard:
    path: str
    headers: dict
    body: Any
    raw: bytes

    @property
    def model(self):
        return self.body.get("model") if isinstance(self.body, dict) else None


class FakeModels:
    """Answers by the script of the model asked, else by the common one, else by itself."""

    def __init__(self, port=0):
        self.heard = []
        self.scripts = {}
        self.accepted_keys = None
        self.unknown_models = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *answers, model=None):
        """Given in this order, then it makes up answers again."""
        self.scripts.setdefault(model, []).extend(answers)

    def always(self, answer, model=None):
        self.scripts[model] = [answer, ...]

    def forget(self):
        self.heard.clear()
        self.scripts.clear()

    @property
    def bodies(self):
        return [heard.body for heard in self.heard]

    def next_answer(self, model):
        with self._lock:
            script = self.scripts.get(model) or self.scripts.get(None) or []
            if len(script) == 2 and script[1] is ...:
                return script[0]
            return script.pop(0) if script else None

    def start(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self):
        self._server.serve_forever()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def fake_models(port=0):
    server = FakeModels(port)
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
        self._take(b"")

    def do_POST(self):
        self._take(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _take(self, raw):
        fake = self.server.fake
        heard = Heard(self.path, dict(self.headers.items()), parsed(self.headers, raw), raw)
        fake.heard.append(heard)
        answer = fake.next_answer(heard.model) or Answer()
        refusal = refused(fake, heard)
        if refusal is not None:
            answer = refusal
        if answer.wait:
            time.sleep(answer.wait)
        if answer.status != 200:
            self._send_json(error_body(answer), answer)
        elif answer.body is not None:
            self._send(answer.body, answer)
        else:
            self._answer(heard, answer)

    def _answer(self, heard, answer):
        path = heard.path.partition("?")[0]
        if path.endswith("/models"):
            data = [{"id": "gpt-4o-mini", "object": "model"}]
            self._send_json({"object": "list", "data": data}, answer)
        elif path.endswith("/embeddings"):
            self._send_json(embeddings(heard.body, answer), answer)
        elif path.endswith("/audio/transcriptions"):
            self._send_json(transcript(heard.body, answer), answer)
        elif heard.body.get("stream"):
            self._send_pieces(heard.body, answer)
        else:
            self._send_json(completion(heard.body, answer), answer)

    def _send_json(self, data, answer):
        self._send(json.dumps(data).encode(), answer)

    def _send(self, body, answer):
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not answer.drip:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            time.sleep(answer.drip)

    def _send_pieces(self, request, answer):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(pieces(request, answer)):
            if number == answer.cut_after:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self._send_chunk(f"data: {json.dumps(piece)}\n\n".encode())
            if answer.drip:
                time.sleep(answer.drip)
        self._send_chunk(b"data: [DONE]\n\n")
        self._send_chunk(b"")

    def _send_chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def parsed(headers, raw):
    kind = headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data"):
        return form_fields(kind, raw)
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return {}


def form_fields(kind, raw):
    boundary = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    fields = {}
    for part in raw.split(boundary)[1:-1]:
        head, _gap, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.decode(errors="replace").partition('name="')[2].partition('"')[0]
        fields[name] = content if name == "file" else content.decode(errors="replace")
    return fields


def refused(fake, heard):
    key = heard.headers.get("Authorization", "").removeprefix("Bearer ")
    key = heard.headers.get("api-key", heard.headers.get("Api-Key", key))
    if fake.accepted_keys is not None and key not in fake.accepted_keys:
        return Answer(status=401, code="invalid_api_key", body=key.encode())
    if heard.model in fake.unknown_models:
        return Answer(status=404, code="model_not_found")
    return None


def error_body(answer):
    """Repeats the key like a careless server does."""
    message = "It did not work. " + (answer.body or b"").decode(errors="replace")
    return {"error": {"message": message, "type": "error", "code": answer.code, "param": None}}


def completion(request, answer):
    text, calls = content_of(request, answer)
    message = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = calls
    if answer.refusal:
        message["refusal"] = answer.refusal
    choice = {"index": 0, "message": message, "finish_reason": reason_of(answer, calls)}
    body = {**head(request, answer, "chat.completion"), "choices": [choice]}
    return with_usage(body, request, answer, text or "")


def pieces(request, answer):
    text, calls = content_of(request, answer)
    start = head(request, answer, "chat.completion.chunk")
    for word in words_of(text or ""):
        yield {**start, "choices": [choice_of({"content": word})]}
    for number, call in enumerate(calls):
        arguments = call["function"]["arguments"]
        half = len(arguments) // 2
        first = {**call, "index": number}
        first["function"] = {**call["function"], "arguments": arguments[:half]}
        yield {**start, "choices": [choice_of({"tool_calls": [first]})]}
        rest = {"index": number, "function": {"arguments": arguments[half:]}}
        yield {**start, "choices": [choice_of({"tool_calls": [rest]})]}
    yield {**start, "choices": [choice_of({}, reason_of(answer, calls))]}
    if answer.usage is not None and request.get("stream_options", {}).get("include_usage"):
        yield with_usage({**start, "choices": []}, request, answer, text or "")


def words_of(text):
    words = text.split(" ")
    return [word if number == 0 else f" {word}" for number, word in enumerate(words)]


def choice_of(delta, reason=None):
    return {"index": 0, "delta": delta, "finish_reason": reason}


def reason_of(answer, calls):
    return answer.finish_reason or ("tool_calls" if calls else "stop")


def head(request, answer, kind):
    return {
        "id": "chatcmpl-stand-in",
        "object": kind,
        "created": int(time.time()),
        "model": answer.model or request.get("model"),
    }


def content_of(request, answer):
    if answer.tool_calls:
        return None, [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for number, (name, arguments) in enumerate(answer.tool_calls)
        ]
    if answer.text is not None:
        return answer.text, []
    return made_up(request), []


def made_up(request):
    """Something sensible for who tries the product by hand."""
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]["schema"]
        return json.dumps(sample(schema, schema.get("$defs", {})), ensure_ascii=False)
    asked = [m.get("content") for m in request["messages"] if m.get("role") == "user"]
    return f"Resposta do modelo de ensaio a: {asked[-1] if asked else 'nada'}"


def sample(schema, definitions):
    """A value that fits a JSON schema."""
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], definitions)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(inner, definitions) for name, inner in properties.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), definitions)] if schema.get("minItems") else []
    return {"string": "texto de ensaio", "integer": 1, "number": 1.0, "boolean": True}.get(kind)


def with_usage(body, request, answer, text):
    if answer.usage is None:
        return body
    if answer.usage != "counted":
        return {**body, "usage": answer.usage}
    read = max(1, len(json.dumps(request.get("messages", request.get("input", "")))) // 4)
    written = max(1, len(text) // 4)
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**body, "usage": usage}


def embeddings(request, answer):
    texts = request["input"]
    texts = [texts] if isinstance(texts, str) else texts
    size = request.get("dimensions") or DIMENSION
    packed = request.get("encoding_format") == "base64"
    rows = [
        {"object": "embedding", "index": n, "embedding": encoded(vector_of(t, size), packed)}
        for n, t in enumerate(texts)
    ]
    body = {"object": "list", "data": rows, "model": answer.model or request["model"]}
    if answer.usage is None:
        return body
    tokens = sum(max(1, len(text) // 4) for text in texts)
    return {**body, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def encoded(vector, packed):
    if not packed:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def vector_of(text, size):
    """Texts with words in common lie close together, which is all that a trial needs."""
    vector = [0.0] * size
    for word in text.lower().split():
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0
    length = sum(number * number for number in vector) ** 0.5 or 1.0
    return [number / length for number in vector]


def transcript(request, answer):
    text = "transcrição de ensaio" if answer.text is None else answer.text
    body = {"text": text}
    if isinstance(answer.usage, dict):
        body["usage"] = answer.usage
    return body


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--wait", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--status", type=int, default=200, help="answer everything with this one")
    options = parser.parse_args()
    server = FakeModels(options.port)
    if options.wait or options.status != 200:
        server.always(Answer(wait=options.wait, status=options.status))
    print(server.url, flush=True)  # noqa: T201  this is what it is started for
    try:
        server.serve()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
