"""Somebody who kills, freezes, cuts and empties things, one after the other, and counts it."""

import collections
import contextlib
import random
import threading
import time
from dataclasses import dataclass

from tests.faults import places

EMBEDDED = {
    "kill serve": 6,
    "freeze serve": 3,
    "Chatwoot gone": 1,
    "webhooks cut": 2,
    "webhooks unanswered": 3,
    "webhooks slow": 1,
    "webhooks swallowed": 1,
    "clock of Chatwoot": 2,
}
FULL = {
    "kill web": 3,
    "kill chat": 4,
    "kill other chat": 4,
    "kill maintenance": 2,
    "kill beat": 1,
    "freeze web": 2,
    "freeze chat": 3,
    "freeze other chat": 3,
    "freeze maintenance": 1,
    "database restarted": 4,
    "database connections cut": 2,
    "Redis gone": 1,
    "Redis emptied": 2,
    "Chatwoot gone": 1,
    "webhooks cut": 2,
    "webhooks unanswered": 3,
    "webhooks slow": 1,
    "webhooks swallowed": 1,
    "clock of Chatwoot": 2,
}
WITH_RABBITMQ = FULL | {"RabbitMQ gone": 1, "RabbitMQ emptied": 2}
# Longer than a lease: another worker goes on meanwhile, and the frozen one wakes up to nothing.
WITH_LONG_FREEZES = {"freeze chat for long": 1, "freeze other chat for long": 1}
LIVES_SECONDS = (8.0, 20.0)
LONGEST_FREEZE_SECONDS = 6.0
LONG_FREEZE_SECONDS = 33.0
LONGEST_OUTAGE_SECONDS = 2.0
# Ours is 300 seconds; beyond it what Chatwoot sends is refused.
CLOCKS_AHEAD_SECONDS = (-240, -90, 90, 240, 240, -400, 400)
LONGEST_CLOCK_SECONDS = 4.0


@dataclass(frozen=True)
class Freeze:
    begun_at: float
    ended_at: float


class Trouble:
    """Runs in a thread of its own until it is stopped; then everything is up again."""

    def __init__(self, scene, odds, *, seed, pauses):
        self.scene = scene
        self.odds = odds
        self.pauses = pauses
        self.happened = collections.Counter()
        self.freezes = []
        self._dice = random.Random(seed)
        self._stopped = threading.Event()
        self._going_on = {}
        self._thread = threading.Thread(target=self._make, daemon=True)

    def begin(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()
        for thread in self._going_on.values():
            thread.join()

    def _make(self):
        while not self._stopped.wait(self._dice.uniform(*self.pauses)):
            revived = self.scene.platform.revive()
            self.happened.update(f"{name} died by itself" for name in revived)
            name = self._dice.choices([*self.odds], [*self.odds.values()])[0]
            self._let_happen(name)

    def _let_happen(self, name):
        """What is still going on is not begun again, and who just started gets some time."""
        going_on = self._going_on.get(name)
        act, *words = ACTS[name]
        if (going_on and going_on.is_alive()) or self._is_young(*words):
            return
        seconds = self._dice.random()
        thread = threading.Thread(target=act, args=(self, seconds, *words), daemon=True)
        self._going_on[name] = thread
        self.happened[name] += 1
        thread.start()

    def _is_young(self, *words):
        """A process that is killed before it is up would only be another outage."""
        process = self.scene.platform.processes.get(words[-1]) if words else None
        life = self._dice.uniform(*LIVES_SECONDS)
        return process is not None and time.monotonic() - process.started_at < life

    def _kill(self, share, name):
        self.scene.platform.processes[name].restart(share)

    def _freeze(self, share, name):
        self._freeze_for(share * LONGEST_FREEZE_SECONDS, name)

    def _freeze_for_long(self, share, name):
        self._freeze_for(LONG_FREEZE_SECONDS + share, name)

    def _freeze_for(self, seconds, name):
        process = self.scene.platform.processes[name]
        begun_at = time.time()
        process.freeze()
        time.sleep(seconds)
        process.thaw()
        self.freezes.append(Freeze(begun_at, time.time()))

    def _take_away(self, share, name):
        thing = getattr(self.scene, name)
        thing.go_down()
        time.sleep(share * LONGEST_OUTAGE_SECONDS)
        thing.come_up()

    def _restart(self, share, name):
        thing = getattr(self.scene, name)
        thing.go_down()
        thing.come_up()

    def _end_sessions(self, share):
        with contextlib.suppress(Exception):
            places.end_sessions(self.scene.database)

    def _empty(self, share, forget, name):
        """It may be down just now; then there is nothing in it."""
        with contextlib.suppress(Exception):
            forget(getattr(self.scene, name))

    def _cut_webhooks(self, share):
        self.scene.webhooks.cut()

    def _lose_answers(self, share):
        self.scene.webhooks.lose_answers(1 + int(share * 3))

    def _slow_webhooks(self, share):
        self.scene.webhooks.delay_seconds = share
        time.sleep(1 + share)
        self.scene.webhooks.delay_seconds = 0.0

    def _swallow_webhooks(self, share):
        self.scene.webhooks.is_deaf = True
        time.sleep(share)
        self.scene.webhooks.is_deaf = False

    def _turn_clock(self, share):
        deliveries = self.scene.chatwoot.world.deliveries
        place = int(share * len(CLOCKS_AHEAD_SECONDS))
        deliveries.clock_ahead_seconds = CLOCKS_AHEAD_SECONDS[place]
        time.sleep(share * LONGEST_CLOCK_SECONDS)
        deliveries.clock_ahead_seconds = 0.0


PROCESSES = ("serve", "web", "chat", "other chat", "maintenance", "beat")
ACTS = {
    **{f"kill {name}": (Trouble._kill, name) for name in PROCESSES},
    **{f"freeze {name}": (Trouble._freeze, name) for name in PROCESSES},
    **{f"freeze {name} for long": (Trouble._freeze_for_long, name) for name in PROCESSES},
    "database restarted": (Trouble._restart, "database"),
    "database connections cut": (Trouble._end_sessions,),
    "Redis gone": (Trouble._take_away, "redis"),
    "Redis emptied": (Trouble._empty, places.forget_redis, "redis"),
    "RabbitMQ gone": (Trouble._restart, "rabbitmq"),
    "RabbitMQ emptied": (Trouble._empty, places.forget_rabbitmq, "rabbitmq"),
    "Chatwoot gone": (Trouble._take_away, "chatwoot"),
    "webhooks cut": (Trouble._cut_webhooks,),
    "webhooks unanswered": (Trouble._lose_answers,),
    "webhooks slow": (Trouble._slow_webhooks,),
    "webhooks swallowed": (Trouble._swallow_webhooks,),
    "clock of Chatwoot": (Trouble._turn_clock,),
}
