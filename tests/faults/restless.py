"""A Chatwoot on a bad day: it loses, doubles, delays, refuses, and remembers who did what when."""

import bisect
import collections
import contextlib
import json
import random
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

from tests.fakes import chatwoot
from tests.fakes.chatwoot.deliveries import Deliveries
from tests.fakes.chatwoot.rest import Api
from tests.fakes.chatwoot.rows import Bot, User
from tests.fakes.chatwoot.world import World

OF_CONVERSATION = re.compile(r"/accounts/(\d+)/conversations/(\d+)(/messages)?$")

DELIVERY_ODDS = {"lost": 0.04, "doubled": 0.10, "delayed": 0.15}
SEND_ODDS = {
    "500 after sending": 0.03,
    "422 after sending": 0.01,
    "dropped after sending": 0.04,
    "dropped before sending": 0.03,
    "500 before sending": 0.02,
    "429": 0.03,
    "slow": 0.03,
    "late": 0.03,
}
OTHER_ODDS = {"other dropped": 0.01, "other 500": 0.01, "other 429": 0.01, "other slow": 0.01}
LONGEST_DELAY_SECONDS = 2.0
LONGEST_LATE_SECONDS = 2.0
LONGEST_SLOW_SECONDS = 3.0


class Luck:
    """Dice for all threads; counts what came of them."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.happened = collections.Counter()

    def draw(self, odds):
        """One of these, or an empty text."""
        with self._lock:
            left = self._random.random()
            for name, share in odds.items():
                left -= share
                if left < 0:
                    self.happened[name] += 1
                    return name
        return ""

    def up_to(self, most):
        with self._lock:
            return self._random.uniform(0, most)


@dataclass(frozen=True)
class Change:
    """Of status or assignee, by a person, a bot, or Chatwoot itself."""

    at: float
    what: str
    value: Any
    by: str


@dataclass(frozen=True)
class Sending:
    """When a message was asked for, and when the conversation was last read before that."""

    asked_at: float
    looked_at: float


class RestlessDeliveries(Deliveries):
    def __init__(self, luck):
        super().__init__()
        self.luck = luck
        self.is_restless = True
        self._waits = {}
        self._kept = threading.local()

    @contextlib.contextmanager
    def turned_round(self):
        """What this thread lets happen is told in the opposite order."""
        self._kept.deliveries = []
        try:
            yield
        finally:
            kept, self._kept.deliveries = self._kept.deliveries, None
            for place, delivery in enumerate(reversed(kept)):
                self._waits[delivery.id] = 0.1 * place
                self._send(delivery)

    def send(self, delivery):
        if getattr(self._kept, "deliveries", None) is not None:
            self._kept.deliveries.append(delivery)
            return
        self._send(delivery)

    def _send(self, delivery):
        what = self.luck.draw(DELIVERY_ODDS) if self.is_restless else ""
        if what == "lost":
            self.lose(delivery.event)
        elif what == "doubled":
            self.double(delivery.event)
        elif what == "delayed":
            self._waits[delivery.id] = self.luck.up_to(LONGEST_DELAY_SECONDS)
        super().send(delivery)

    def _run(self, delivery):
        time.sleep(self._waits.pop(delivery.id, 0))
        super()._run(delivery)

    def arrived(self):
        """Numbers of the messages that were told to somebody who said yes."""
        told = (d for d in self.sent if d.event == "message_created" and d.arrived)
        return {json.loads(delivery.body)["id"] for delivery in told}


class RememberingWorld(World):
    def __init__(self, version):
        super().__init__(version)
        self.changes = collections.defaultdict(list)

    def change_status(self, conversation, status, *, by=None, snoozed_until=None):
        with self.lock:
            if conversation.status != status:
                self._remember(conversation, "status", status, by)
            super().change_status(conversation, status, by=by, snoozed_until=snoozed_until)

    def assign(self, conversation, row):
        with self.lock:
            self._remember(conversation, "assignee", row, row)
            super().assign(conversation, row)

    def _remember(self, conversation, what, value, by):
        who = {User: "person", Bot: "bot"}.get(type(by), "chatwoot")
        key = conversation.account_id, conversation.id
        self.changes[key].append(Change(time.time(), what, value, who))


class RememberingApi(Api):
    def __init__(self, world):
        super().__init__(world)
        self.sendings = {}
        self._looks = collections.defaultdict(list)

    def answer(self, request):
        with self.world.lock:
            answer = super().answer(request)
            self._remember(request, answer)
        return answer

    def _remember(self, request, answer):
        found = OF_CONVERSATION.search(request.path)
        if not found or answer.status != 200:
            return
        looks = self._looks[int(found[1]), int(found[2])]
        if request.method == "GET" and request.is_told:
            looks.append(time.time())
        elif request.method == "POST" and found[3]:
            place = bisect.bisect(looks, request.asked_at)
            looked_at = looks[place - 1] if place else 0.0
            self.sendings[answer.body["id"]] = Sending(request.asked_at, looked_at)


@dataclass
class Shop:
    """A company and its account."""

    slug: str
    account: Any
    admin: Any
    bot: Any
    inbox: Any
    webhook: Any = None
    has_user_token: bool = True

    @property
    def secrets(self):
        return [row.secret for row in (self.bot, self.webhook) if row]


class RestlessChatwoot(chatwoot.FakeChatwoot):
    """One installation with an account for each shop. `is_restless` switches the bad day off."""

    def __init__(self, *, seed, **options):
        self.luck = Luck(seed)
        self.is_restless = True
        self.shops = []
        super().__init__(**options)

    def furnish(self):
        self.world = RememberingWorld(self.world.version)
        self.world.deliveries = RestlessDeliveries(self.luck)
        self.api = RememberingApi(self.world)

    def open_shop(self, slug, *, keeps_pending=True, has_user_token=True):
        """Most keep a conversation pending when the bot fails, so that nobody but us answers."""
        account = self.world.add_account(slug.title())
        account.keeps_pending_on_failure = keeps_pending
        admin = self.world.add_user(account, "Iara", "administrator")
        bot = self.world.add_bot(account)
        inbox = self.world.add_inbox(account, "Site", bot=bot)
        shop = Shop(slug, account, admin, bot, inbox, has_user_token=has_user_token)
        self.shops.append(shop)
        return shop

    def add_account_webhook(self, shop):
        """Then most things are told twice, under two secrets."""
        events = ["message_created", "conversation_updated", "conversation_status_changed"]
        address = "http://127.0.0.1:9/not-known-yet"
        shop.webhook = self.world.add_webhook(shop.account, address, events)

    def tell(self, shop, url):
        shop.bot.outgoing_url = url
        if shop.webhook:
            shop.webhook.url = url

    def calm_deliveries(self):
        self.world.deliveries.is_restless = False
        self.world.deliveries.clock_ahead_seconds = 0.0

    def calm_down(self):
        self.calm_deliveries()
        self.is_restless = False

    def take_fault(self, request):
        request.asked_at = time.time()
        fault = self._fault_of_the_day(request) if self.is_restless else chatwoot.Fault()
        request.is_told = fault.is_done and fault.answer is None
        return fault

    def _fault_of_the_day(self, request):
        is_send = request.method == "POST" and request.path.endswith("/messages")
        what = self.luck.draw(SEND_ODDS if is_send else OTHER_ODDS)
        return FAULTS[what](self.luck) if what else chatwoot.Fault()


FAULTS = {
    "500 after sending": lambda _luck: chatwoot.fails_after_doing_it(),
    "422 after sending": lambda _luck: chatwoot.answers({"error": "undefined method"}, status=422),
    "dropped after sending": lambda _luck: chatwoot.drops_after_doing_it(),
    "dropped before sending": lambda _luck: chatwoot.drops(),
    "500 before sending": lambda _luck: chatwoot.refuses(500),
    "429": lambda _luck: chatwoot.refuses(429, retry_after=1),
    "slow": lambda luck: chatwoot.is_slow(luck.up_to(LONGEST_SLOW_SECONDS)),
    "late": lambda luck: chatwoot.is_late(luck.up_to(LONGEST_LATE_SECONDS)),
    "other dropped": lambda _luck: chatwoot.drops(),
    "other 500": lambda _luck: chatwoot.refuses(500),
    "other 429": lambda _luck: chatwoot.refuses(429, retry_after=1),
    "other slow": lambda luck: chatwoot.is_slow(luck.up_to(LONGEST_SLOW_SECONDS)),
}
