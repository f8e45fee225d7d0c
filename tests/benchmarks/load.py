"""Sends webhooks as fast as they are taken: a process of its own, so that it costs nobody else.

Every request is signed and written before the clock starts. What is left to do while it runs is one
`send` and one `recv` for each request, on connections that stay open.

`python -m tests.benchmarks.load` is told what to send by `tests.benchmarks.talking`.
"""

import hashlib
import hmac
import itertools
import json
import selectors
import socket
import time
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.talking import serve
from tests.fakes.chatwoot.deliveries import rails_json

PAYLOADS = Path(__file__).parents[1] / "payloads" / "chatwoot"
FILES = {
    "answer": "message_created_text.json",
    "duplicate": "message_created_text.json",
    "status": "conversation_status_changed.json",
    "echo": "message_created_own_reply.json",
    "note": "message_created_private_note.json",
    "receipt": "message_updated_failed.json",
}
BYTES = 3_700
TEXTS = ("content", "processed_message_content")
PATIENCE_SECONDS = 60.0


def requests_for(kind, doors, *, first, count, conversations, status):
    """`count` of them, numbered from `first` on, taking turns among the doors."""
    template = padded(template_of(kind, status))
    turns = itertools.islice(itertools.cycle(doors), count)
    return [
        request_to(
            door, event(template, door, number, doors=len(doors), conversations=conversations)
        )
        for number, door in zip(itertools.count(first), turns, strict=False)
    ]


def template_of(kind, status):
    body = json.loads((PAYLOADS / FILES[kind]).read_text())
    if kind == "status":
        body["status"] = status
    if kind == "receipt":  # the usual one: it has arrived
        body["content_attributes"].pop("external_error")
        body["conversation"]["messages"][0]["status"] = "delivered"
    return body


def padded(body):
    """People write more than the examples, until it is as long as the usual event."""
    texts = list(texts_of(body))
    missing = BYTES - len(rails_json(body))
    words = itertools.cycle("Queria saber também o preço da mesa e o prazo. ")
    more = "".join(itertools.islice(words, max(0, missing // max(1, len(texts)))))
    for row, name in texts:
        row[name] = f"{row[name] or ''} {more}"
    return body


def texts_of(body):
    messages = body.get("messages") or body.get("conversation", {}).get("messages") or []
    for row in (body, *messages):
        for name in TEXTS:
            if name in row:
                yield row, name


def event(template, door, number, *, doors, conversations):
    """As from another customer of this door's account, just now."""
    body = json.loads(json.dumps(template))
    own = number // doors % conversations + 1
    conversation = body.get("conversation", body)
    conversation["id"] = own
    conversation["inbox_id"] = door["inbox"]
    for part in (body, conversation):
        if "account" in part:
            part["account"]["id"] = door["account"]
    if "conversation" in body:
        body["id"] = number
        body["inbox"]["id"] = door["inbox"]
        body["created_at"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    for message in conversation.get("messages", []):
        message |= {"account_id": door["account"], "inbox_id": door["inbox"]}
        message |= {"conversation_id": own, "id": number, "created_at": int(time.time())}
    if (sender := body.get("sender")) and door.get("bot") and "type" in sender:
        sender["id"] = door["bot"] if sender["type"] == "agent_bot" else sender["id"]
    return body


def request_to(door, body):
    content = rails_json(body)
    timestamp = str(int(time.time()))
    signed = timestamp.encode() + b"." + content
    digest = hmac.new(door["secret"].encode(), signed, hashlib.sha256).hexdigest()
    parts = urlsplit(door["url"])
    head = (
        f"POST {parts.path} HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\n"
        "Content-Type: application/json\r\n"
        "Accept: application/json\r\n"
        f"Content-Length: {len(content)}\r\n"
        f"X-Chatwoot-Delivery: {uuid.uuid4()}\r\n"
        f"X-Chatwoot-Timestamp: {timestamp}\r\n"
        f"X-Chatwoot-Signature: sha256={digest}\r\n\r\n"
    )
    return head.encode() + content


def is_whole(answer):
    head, gap, body = answer.partition(b"\r\n\r\n")
    told, _name, length = head.lower().partition(b"content-length:")
    if told == head.lower():
        return bool(gap) and body.endswith(b"0\r\n\r\n")  # in chunks
    return bool(gap) and len(body) >= int(length.split(b"\r\n", 1)[0])


class Call:
    """One connection: what it still has to send, and the answer that it reads."""

    def __init__(self, address, requests):
        self.socket = None
        self.address = address
        self.requests = requests
        self.answer = b""
        self.started = 0.0

    def connect(self):
        self.socket = socket.create_connection(self.address, timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_next(self):
        request = next(self.requests, None)
        if request is None:
            return False
        self.answer = b""
        self.started = time.perf_counter()
        self.socket.sendall(request)
        return True

    def read(self):
        """The status once the answer is whole, 0 when the connection ended before."""
        part = self.socket.recv(65_536)
        self.answer += part
        if is_whole(self.answer):
            return int(self.answer[9:12])
        return None if part else 0

    def what_was_said(self):
        body = self.answer.partition(b"\r\n\r\n")[2]
        return (
            f"{self.answer[9:12].decode()} {body[body.find(b'{') : body.rfind(b'}') + 1].decode()}"
        )

    @property
    def must_close(self):
        return b"connection: close" in self.answer[:1_000].lower()


def drive(address, requests, *, connections):
    """Send them all; what was answered, how long each took, and how long all took."""
    waiting = iter(requests)
    said, taken = Counter(), []
    calls = [Call(address, waiting) for _ in range(min(connections, len(requests)))]
    with selectors.DefaultSelector() as selector:
        started, cpu = time.perf_counter(), time.process_time()
        for call in calls:
            begin(call, selector)
        while selector.get_map():
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                said["nothing"] += len(selector.get_map())
                break
            for key, _events in ready:
                go_on(key.data, selector, said, taken)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {
        "seconds": seconds,
        "own_cpu": cpu,
        "said": said,
        "taken": taken,
    }


def begin(call, selector):
    call.connect()
    if call.send_next():
        selector.register(call.socket, selectors.EVENT_READ, call)
    else:
        call.socket.close()


def go_on(call, selector, said, taken):
    try:
        status = call.read()
    except OSError:
        status = 0
    if status is None:
        return
    taken.append(time.perf_counter() - call.started)
    said[call.what_was_said() if status else "nothing"] += 1
    if status == 0 or call.must_close:
        selector.unregister(call.socket)
        call.socket.close()
        begin(call, selector)
    elif not call.send_next():
        selector.unregister(call.socket)
        call.socket.close()


_prepared = {}


def prepare(doors, kind, first, count, conversations, connections, status="pending"):
    parts = urlsplit(doors[0]["url"])
    requests = requests_for(
        kind, doors, first=first, count=count, conversations=conversations, status=status
    )
    _prepared.update(
        address=(parts.hostname, parts.port), requests=requests, connections=connections
    )
    return {"bytes": sum(map(len, requests)) / len(requests)}


def go():
    return drive(**_prepared)


if __name__ == "__main__":
    serve({"prepare": prepare, "go": go})
