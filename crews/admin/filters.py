"""What lists of the message path are filtered by, beyond their columns."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from crews.admin.words import EVENTS, WAITING
from crews.models import Chore, Outcome, Reason, TurnState
from integrations.models import Connection
from tenants.admin.base import rows_in_reach

DRAFTED = "drafted"
OPEN = "open"
TODAY = "today"
# No customer waits where only Chatwoot has to be told something.
TELLING = (Chore.OPEN, Chore.GIVE_BACK)
WAITS = Q(due_at__isnull=False) & ~Q(chore__in=TELLING)


class ChoiceFilter(DropdownFilter):
    """Each choice is a name in the address, its words, and what it lets through."""

    parameter_name: str

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, words, _rows in self.choices_and_rows()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for name, _words, rows in self.choices_and_rows():
            if name == self.value():
                return queryset.filter(rows)
        return queryset


class OutcomeFilter(ChoiceFilter):
    """A draft is handed to a person too, but staff look for the two apart."""

    title = _("outcome")
    parameter_name = "outcome"
    waits: ClassVar[Q] = Q(outcome="")

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        yield WAITING, _("waiting"), self.waits
        yield DRAFTED, _("draft for a person"), Q(reason=Reason.SUGGESTED)
        for outcome in Outcome:
            rows = Q(outcome=outcome) & ~Q(reason=Reason.SUGGESTED)
            yield outcome.value, outcome.label, rows


class TurnOutcomeFilter(OutcomeFilter):
    """A turn that was overtaken has no outcome; its messages are in the next one."""

    waits = Q(state__in=[TurnState.RUNNING, TurnState.SENDING])


class EventFilter(ChoiceFilter):
    title = _("event")
    parameter_name = "event"

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        for name, words in EVENTS.items():
            yield name, words, Q(event=name)
        yield "other", _("another one"), ~Q(event__in=list(EVENTS))


class ConnectionFilter(DropdownFilter):
    """Their names stand in two tables, which are read at once."""

    title = _("connection")
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = rows_in_reach(Connection.objects.select_related("installation"), request)
        return [(str(row.pk), str(row)) for row in rows.order_by("pk")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen in {pk for pk, _name in self.lookup_choices}:
            return queryset.filter(connection=chosen)
        return queryset


class BegunFilter(ChoiceFilter):
    title = _("begun")
    parameter_name = "begun"

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        midnight = last_midnight()
        yield TODAY, _("today"), Q(started_at__gte=midnight)
        yield "week", _("in the last 7 days"), Q(started_at__gte=midnight - timedelta(days=6))


class WaitingFilter(ChoiceFilter):
    title = _("waiting")
    parameter_name = "waiting"

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        yield "yes", _("waits for the bot"), WAITS
        yield "no", _("nothing to do"), ~WAITS


class StandingFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "standing"

    def choices_and_rows(self) -> Iterable[tuple[str, Any, Q]]:
        yield OPEN, _("not over yet"), Q(ended_at=None)
        yield "over", _("over"), Q(ended_at__isnull=False)


def last_midnight() -> datetime:
    """On the clock of whoever looks."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
