"""Customers who write in bursts, and people who come in at the wrong moment."""

import collections
import heapq
import itertools
import random
import time

POISON = "veneno"  # kills whoever is to answer it
WAYS_TO_COME_IN = ("reply", "phone", "takes over", "opens")
PRODUCTS = ("cadeira", "mesa", "estante", "luminária", "poltrona", "tapete", "espelho", "cômoda")
COLOURS = ("azul", "verde", "branca", "preta", "cinza", "amarela")
WANTS_A_PERSON = "Quero falar com um atendente, por favor ({number})"
# Answers of machines come faster than these.
SHORTEST_READING_SECONDS, LONGEST_READING_SECONDS = 2.5, 6.0


class Traffic:
    """So many conversations at once until enough messages were written.

    A conversation is a story: a generator that lets something happen and then says for how long
    nothing does.
    """

    def __init__(self, chatwoot, *, seed, messages, at_once, poisoned=0):
        self.world = chatwoot.world
        self.shops = chatwoot.shops
        self.messages = messages
        self.at_once = at_once
        self.poisoned = poisoned
        self.written = 0
        self.happened = collections.Counter()
        self._dice = random.Random(seed)
        self._numbers = itertools.count(1)

    def run(self, until):
        """Ends when enough was written, or when the time has come; says whether it was enough."""
        ready = [(time.monotonic() + 0.1 * n, n, self._story()) for n in range(self.at_once)]
        heapq.heapify(ready)
        numbers = itertools.count(self.at_once)
        while self.written < self.messages and time.monotonic() < until:
            due, _number, story = heapq.heappop(ready)
            time.sleep(max(0.0, due - time.monotonic()))
            pause = next(story, None)
            if pause is None:
                story, pause = self._story(), 0.0
            heapq.heappush(ready, (time.monotonic() + pause, next(numbers), story))
        return self.written >= self.messages

    def _story(self):
        stories = [story for story, _weight in STORIES]
        weights = [weight for _story, weight in STORIES]
        if self.poisoned:
            self.poisoned -= 1
            return self._is_poison(self._dice.choice(self.shops))
        story = self._dice.choices(stories, weights)[0]
        self.happened[story.__name__.strip("_")] += 1
        return story(self, self._dice.choice(self.shops))

    def _asks(self, shop):
        talk = None
        for _burst in range(self._dice.randint(2, 4)):
            talk = yield from self._burst(shop, talk)
            yield self._reading()

    def _is_taken_over(self, shop):
        talk = yield from self._burst(shop, None)
        yield self._dice.uniform(0, 3)
        self._come_in(talk, self._dice.choice(WAYS_TO_COME_IN))
        yield self._dice.uniform(0, 2)
        yield from self._burst(shop, talk)
        yield self._reading()
        if self._dice.random() < 0.6:
            self._give_back(talk)
            yield self._dice.uniform(0.5, 3)
            yield from self._burst(shop, talk)

    def _wants_a_person(self, shop):
        talk = yield from self._burst(shop, None)
        yield self._reading()
        self._write(shop, talk, WANTS_A_PERSON.format(number=next(self._numbers)))
        yield self._reading()
        yield from self._burst(shop, talk)
        yield self._reading()
        self._resolve(talk)

    def _is_resolved(self, shop):
        talk = yield from self._burst(shop, None)
        yield self._reading()
        self._resolve(talk)
        yield self._reading()
        yield from self._burst(shop, talk)

    def _is_noted(self, shop):
        """A private note takes nothing over."""
        talk = yield from self._burst(shop, None)
        yield self._dice.uniform(0, 2)
        self.world.agent_replies(talk, "Cliente antigo", is_private=True)
        yield from self._burst(shop, talk)
        yield self._reading()

    def _is_poison(self, shop):
        self._write(shop, None, f"{POISON} {next(self._numbers)}")
        yield self._reading()

    def _burst(self, shop, talk):
        number = self._dice.choice((1, 1, 2, 2, 3))
        if number > 1 and self._dice.random() < 0.15:
            with self.world.deliveries.turned_round():
                for _ in range(number):
                    talk = self._write(shop, talk)
            return talk
        for _ in range(number):
            talk = self._write(shop, talk)
            yield self._dice.uniform(0.05, 0.8)
        return talk

    def _write(self, shop, talk, text=None):
        product, colour = self._dice.choice(PRODUCTS), self._dice.choice(COLOURS)
        text = text or f"Vocês têm a {product} {colour} número {next(self._numbers)}?"
        contact = None if talk else self.world.add_contact(shop.account, "Cliente")
        self.written += 1
        return self.world.customer_writes(
            text, talk, inbox=shop.inbox, contact=contact
        ).conversation

    def _come_in(self, talk, way):
        self.happened[f"a person: {way}"] += 1
        person = self.world.someone(talk.account_id)
        if way == "reply":
            self.world.agent_replies(talk, "Oi, aqui é a Iara", person)
        elif way == "phone":
            self.world.agent_replies_on_phone(talk, "Respondi pelo celular")
        elif way == "takes over":
            self.world.agent_takes_over(talk, person)
        else:
            self.world.change_status(talk, "open", by=person)

    def _give_back(self, talk):
        """Who has it lets go of it; one that was never opened is opened first."""
        person = self.world.someone(talk.account_id)
        self.happened["given back"] += 1
        self.world.assign(talk, None)
        self.world.change_status(talk, "open", by=person)
        self.world.change_status(talk, "pending", by=person)

    def _resolve(self, talk):
        if talk.assignee:
            self.world.assign(talk, None)
        self.world.agent_resolves(talk)

    def _reading(self):
        return self._dice.uniform(SHORTEST_READING_SECONDS, LONGEST_READING_SECONDS)


STORIES = (
    (Traffic._asks, 55),
    (Traffic._is_taken_over, 22),
    (Traffic._wants_a_person, 6),
    (Traffic._is_resolved, 12),
    (Traffic._is_noted, 5),
)
