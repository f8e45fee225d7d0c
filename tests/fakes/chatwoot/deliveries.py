"""Sends webhooks as Chatwoot does: signed, in parallel, tried again where Chatwoot tries again."""

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TRIES = 3
TRIED_AGAIN = {429, 500}
ESCAPES = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def rails_json(body):
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in ESCAPES.items():
        text = text.replace(sign, escaped)
    return text.encode()


@dataclass
class Delivery:
    """One event for one address. `statuses` has what each try got, 0 for no answer."""

    event: str
    url: str
    secret: str
    is_tried_again: bool
    make_body: Callable[[], Any] = field(repr=False)
    on_failure: Callable[[], None] = field(repr=False, default=lambda: None)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    body: Any = field(default=None, repr=False)
    headers: dict = field(default_factory=dict, repr=False)
    statuses: list = field(default_factory=list)

    @property
    def arrived(self):
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300


class Deliveries:
    def __init__(self, *, seconds=5.0, retry_seconds=3.0):
        self.seconds = seconds
        self.retry_seconds = retry_seconds
        self.clock_ahead_seconds = 0.0
        self.sent = []
        self.lost = []
        self._to_lose = []
        self._to_double = []
        self._held = None
        self._running = 0
        self._changed = threading.Condition()

    def lose(self, event="", times=1):
        """The next of this event (or of any) never leave; Chatwoot does not notice."""
        self._to_lose += [event] * times

    def double(self, event="", times=1):
        """The next of this event are delivered twice, under two ids."""
        self._to_double += [event] * times

    def hold(self):
        """Keep back what is to be sent from now on."""
        self._held = []

    def release(self, *, is_reversed=False):
        """Send what was kept back, one after the other, in this order or the other way round."""
        held, self._held = self._held or [], None
        for delivery in reversed(held) if is_reversed else held:
            self._start(delivery)
            self.wait()

    def send(self, delivery):
        if _take(self._to_lose, delivery.event):
            self.lost.append(delivery)
            return
        twice = [delivery]
        if _take(self._to_double, delivery.event):
            twice.append(Delivery(**_settings_of(delivery)))
        for one in twice:
            self._start(one) if self._held is None else self._held.append(one)

    @property
    def under_way(self):
        return self._running

    def wait(self, seconds=20.0):
        """Until nothing is under way any more."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._running, timeout=seconds):
                raise AssertionError("Deliveries are still under way.")

    def _start(self, delivery):
        with self._changed:
            self._running += 1
        self.sent.append(delivery)
        threading.Thread(target=self._run, args=(delivery,), daemon=True).start()

    def _run(self, delivery):
        try:
            delivery.body = rails_json(delivery.make_body())
            self._try(delivery)
            if not delivery.arrived:
                delivery.on_failure()
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _try(self, delivery):
        for number in range(TRIES if delivery.is_tried_again else 1):
            if number:
                time.sleep(self.retry_seconds)
            delivery.headers = headers_for(delivery, time.time() + self.clock_ahead_seconds)
            delivery.statuses.append(self._post(delivery))
            if delivery.statuses[-1] not in TRIED_AGAIN:
                return

    def _post(self, delivery):
        request = urllib.request.Request(
            delivery.url, data=delivery.body, headers=delivery.headers, method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self.seconds) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError):
            return 0


def headers_for(delivery, now=None):
    """Older versions sign nothing and number nothing."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if delivery.id:
        headers["X-Chatwoot-Delivery"] = delivery.id
    if delivery.secret:
        timestamp = str(int(time.time() if now is None else now))
        signed = timestamp.encode() + b"." + delivery.body
        digest = hmac.new(delivery.secret.encode(), signed, hashlib.sha256).hexdigest()
        headers["X-Chatwoot-Timestamp"] = timestamp
        headers["X-Chatwoot-Signature"] = f"sha256={digest}"
    return headers


def _take(events, event):
    for wanted in (event, ""):
        if wanted in events:
            events.remove(wanted)
            return True
    return False


def _settings_of(delivery):
    names = ("event", "url", "secret", "is_tried_again", "make_body", "on_failure")
    again = {name: getattr(delivery, name) for name in names}
    return again | ({} if delivery.id else {"id": ""})
