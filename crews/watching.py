"""Looks every minute whether something goes wrong without a word: messages that nobody answers,
queues that grow, answers that fail, systems that are left alone or that turn us away.

As many questions for a thousand companies as for one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from crews import alarms, watchdog
from crews.alarms import Key, Matter
from crews.models import (
    FAILURES,
    Alarm,
    AlarmKind,
    Control,
    Conversation,
    Outcome,
    Reason,
    Status,
    Turn,
    TurnState,
)
from integrations.models import Breaker, Connection

WAITS_TOO_LONG = timedelta(seconds=60)
WAITS_STILL = timedelta(seconds=30)
RATED = timedelta(minutes=15)
FEWEST_FAILURES = 5
FAILED_PERCENT = 20
UNOPENED_FOR = timedelta(days=1)
# Until then Chatwoot has told us that a conversation was opened.
TOLD_WITHIN = timedelta(minutes=2)

QUEUED = _(
    "Conversations wait for a worker, the oldest for %(seconds)s seconds. Look at the page"
    " “System” whether the workers run. If they do, there are too few of them."
)
FAILING = _(
    "%(failed)s of the %(all)s answers of the last 15 minutes failed, most of them for this reason:"
    " %(reason)s. Look at “Turns” and “Model calls”."
)
PAUSED = _(
    "“%(service)s” (%(connection)s) failed several times in a row and is left alone for a while."
    " “Pauses of connections” shows the last failure; when it works again, press “Try again now”"
    " there."
)
REFUSED = _(
    "Chatwoot turns us away at “%(connection)s” with status %(status)s. Test the connection: each"
    " line says what to do."
)
UNOPENED = _(
    "Conversation #%(number)s was handed over but could not be opened in Chatwoot, so nobody was"
    " told. Open and answer it there, then test the connection “%(connection)s”."
)


def watch(*, now: datetime) -> watchdog.Woken:
    """Raise and end alarms, and have forgotten messages handed over.

    Returns conversations that are to be woken, each with its company.
    """
    lasting = alarms.lasting()
    forgotten = watchdog.find(now=now)
    found = [
        *watchdog.matters(forgotten),
        *_about_queues(lasting),
        *_about_failures(now=now),
        *_about_pauses(),
        *_about_refusals(now=now),
        *_about_unopened(now=now),
    ]
    alarms.raise_alarms(found, now=now)
    over = lasting.keys() - {matter.key for matter in found}
    over -= watchdog.still_silent(lasting[key] for key in over)
    alarms.end_alarms((lasting[key] for key in over), now=now)
    return watchdog.hand_over(forgotten)


def _about_queues(lasting: Mapping[Key, Alarm]) -> Iterator[Matter]:
    """By the clock of the database, by which conversations become due."""
    queues = Conversation.objects.due().values("tenant", "tenant__language").order_by()
    waited = models.ExpressionWrapper(Now() - models.Min("due_at"), models.DurationField())
    for queue in queues.annotate(waited=waited):
        key = (queue["tenant"], AlarmKind.QUEUE_AGE, "")
        most = WAITS_STILL if key in lasting else WAITS_TOO_LONG
        if queue["waited"] > most:
            seconds = round(queue["waited"].total_seconds())
            yield Matter(*key, alarms.say(QUEUED, queue["tenant__language"], seconds=seconds))


def _about_failures(*, now: datetime) -> Iterator[Matter]:
    since = now - RATED
    failed = _failed_turns(since=since)
    ended = _ended_turns([tenant_id for tenant_id, _language in failed], since=since)
    for (tenant_id, language), reasons in failed.items():
        count = sum(reasons.values())
        whole = max(ended.get(tenant_id, 0), count)
        if count * 100 < whole * FAILED_PERCENT:
            continue
        with translation.override(language):
            reason = str(Reason(max(reasons, key=lambda name: reasons[name])).label)
        text = alarms.say(FAILING, language, failed=count, all=whole, reason=reason)
        yield Matter(tenant_id, AlarmKind.ERROR_RATE, "", text)


def _failed_turns(*, since: datetime) -> dict[tuple[int, str], dict[str, int]]:
    """How many for each reason, of companies with so many that it is worth a look."""
    failed = Turn.objects.filter(finished_at__gte=since, reason__in=FAILURES)
    counted = failed.values_list("tenant", "tenant__language", "reason").annotate(
        count=models.Count("pk")
    )
    found: dict[tuple[int, str], dict[str, int]] = {}
    for tenant_id, language, reason, count in counted.order_by("tenant", "reason"):
        found.setdefault((tenant_id, language), {})[reason] = count
    return {key: rows for key, rows in found.items() if sum(rows.values()) >= FEWEST_FAILURES}


def _ended_turns(tenant_ids: list[int], *, since: datetime) -> dict[int, int]:
    """Found by when they began, for which there is an index; those of a day before count too."""
    turns = Turn.objects.filter(
        tenant__in=tenant_ids, started_at__gte=since - timedelta(days=1), finished_at__gte=since
    ).exclude(state=TurnState.SUPERSEDED)
    counted = turns.values_list("tenant").annotate(count=models.Count("pk")).order_by("tenant")
    return dict(counted)


def _about_pauses() -> Iterator[Matter]:
    paused = Breaker.objects.open().filter(tenant__is_active=True).select_related("tenant")
    for row in paused.order_by("pk"):
        text = alarms.say(
            PAUSED, row.tenant.language, service=row.service, connection=row.connection
        )
        about = f"{row.service} {row.connection}"[:120]
        yield Matter(row.tenant_id, AlarmKind.BREAKER, about, text)


def _about_refusals(*, now: datetime) -> Iterator[Matter]:
    refused = Connection.objects.refused(now=now).select_related("tenant", "installation")
    for row in refused.order_by("pk"):
        text = alarms.say(
            REFUSED, row.tenant.language, connection=str(row), status=row.last_error_status
        )
        yield Matter(row.tenant_id, AlarmKind.CONNECTION, row.key, text)


def _about_unopened(*, now: datetime) -> Iterator[Matter]:
    """Handed over, given up after many tries, and still waiting for the bot in Chatwoot."""
    turns = Turn.objects.filter(
        finished_at__range=(now - UNOPENED_FOR, now - TOLD_WITHIN),
        state=TurnState.DONE,
        outcome=Outcome.HANDED_OFF,
        conversation__control=Control.HUMAN,
        conversation__status=Status.PENDING,
    ).exclude(error="")
    related = ("tenant", "conversation__connection__installation")
    for turn in turns.select_related(*related).order_by("pk"):
        if turn.handoff.get("pauses"):
            text = alarms.say(
                UNOPENED,
                turn.tenant.language,
                number=turn.conversation.number,
                connection=str(turn.conversation.connection),
            )
            about = alarms.name_of(turn.conversation_id)
            yield Matter(turn.tenant_id, AlarmKind.CONNECTION, about, text)
