"""The one gate: every call of a model passes `run`, whatever it is for.

Profile, budget, row, breaker, tries and replacement are decided here; how a request looks is told
by whoever calls.
"""

import random
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from integrations.circuit_breaker import CircuitBreaker
from integrations.failures import CircuitOpenError
from integrations.llm import calls, clients, profiles
from integrations.llm.answers import Tokens
from integrations.llm.calls import Call, Purpose
from integrations.llm.clients import Kept
from integrations.llm.failures import LeftAloneError, ModelError, OutOfTimeError
from integrations.llm.wire import Raw
from integrations.models import ModelProfile

SERVICE = "models"
MOST_TRIES = 3
FIRST_PAUSE_SECONDS = 0.5
SHARE_BEFORE_REPLACEMENT = 2 / 3
LONGEST_CONNECTION = 120

T = TypeVar("T")
Request = Callable[[Any, float], Raw]


class Desk:
    """Where one model is asked: knows the profile, the time that is left, and counts."""

    def __init__(self, call: Call, profile: ModelProfile, *, until: float) -> None:
        self.call = call
        self.profile = profile
        self.until = until
        self.may_repeat = True
        self._kept: Kept | None = None

    def left(self) -> float:
        return self.until - time.monotonic()

    def send(self, request: Request, estimate: Callable[[Raw], Tokens]) -> Raw:
        """One request with its tries; what it took is counted, also when nothing came back.

        `estimate` is asked when the provider does not say how many tokens it took.
        """
        tenant, profile = self.call.row.tenant, self.profile
        self._kept = kept = self._kept or clients.client_for(tenant, profile.provider)
        # One model of a provider may be down while another one works.
        connection = f"{profile.provider_id}:{kept.digest}:{profile.model}"[:LONGEST_CONNECTION]
        try:
            with CircuitBreaker(tenant, service=SERVICE, connection=connection):
                raw = self._try_until_it_works(kept.client, request)
        except CircuitOpenError as error:
            raise LeftAloneError(retry_after=error.retry_after) from None
        self.call.spend(self.profile, raw.tokens or estimate(raw), model_answered=raw.model)
        return raw

    def _try_until_it_works(self, client: Any, request: Request) -> Raw:
        for number in range(1, MOST_TRIES + 1):
            try:
                return self._try(client, request)
            except ModelError as error:
                pause = self._pause_after(error, number)
                if pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("The last try raises or returns.")

    def _try(self, client: Any, request: Request) -> Raw:
        left = self.left()
        if left <= 0:
            raise OutOfTimeError
        self.call.tries += 1
        try:
            return request(client, left)
        except BaseException as error:
            if getattr(error, "outcome_unknown", not isinstance(error, ModelError)):
                self.call.spend_estimate(self.profile)
            raise

    def _pause_after(self, error: ModelError, number: int) -> float | None:
        """Full jitter, or what the provider asks for; None where nothing is gained by waiting."""
        if not error.is_worth_another_try or not self.may_repeat or number == MOST_TRIES:
            return None
        pause = error.retry_after
        if pause is None:
            pause = random.uniform(0, FIRST_PAUSE_SECONDS * 2 ** (number - 1))  # noqa: S311  no secret
        return pause if pause < self.left() else None


class Done(Generic[T]):
    """What came of a call, with its row's numbers."""

    def __init__(self, value: T, call: Call, profile: ModelProfile) -> None:
        self.value = value
        self.model = call.model_answered or profile.model
        self.tokens = call.tokens
        self.cost = call.cost
        self.call_id: int = call.row.pk


def run(
    purpose: Purpose,
    ask: Callable[[Desk], T],
    *,
    seconds: float,
    profile: ModelProfile | None = None,
) -> Done[T]:
    """Ask the model that fits, or those that stand in for it; ModelError when none answers.

    `seconds` bounds everything. `ask` makes its requests through the desk it is given.
    """
    until = time.monotonic() + seconds
    chosen = profile or profiles.best_for(purpose.tenant, use=purpose.use, agent=purpose.agent)
    call = calls.begin(purpose, chosen)
    for number, candidate in enumerate(call.candidates):
        is_last = number == len(call.candidates) - 1
        desk = Desk(call, candidate, until=_until(candidate, until, is_last=is_last))
        try:
            value = ask(desk)
        except ModelError as error:
            error.of(candidate)
            if is_last or not error.is_worth_a_replacement or not desk.may_repeat:
                calls.finish(call, candidate, error=error)
                raise
            calls.note_replacement(call, candidate, error)
        except BaseException as error:
            calls.finish(call, candidate, error=error)
            raise
        else:
            calls.finish(call, candidate)
            return Done(value, call, candidate)
    raise AssertionError("The last candidate raises or returns.")


def _until(profile: ModelProfile, until: float, *, is_last: bool) -> float:
    """A model that hangs must leave time for the one that stands in for it."""
    left = until - time.monotonic()
    allowed = left if is_last else left * SHARE_BEFORE_REPLACEMENT
    return time.monotonic() + min(allowed, profile.seconds or allowed)
