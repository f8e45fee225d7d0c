"""One conversation: who answers and why, what is due, what came in, and what was done about it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crews import lookup, records
from crews.admin import words
from crews.lookup import NoConversationError, SeveralConversationsError
from crews.management import listing
from crews.models import Conversation
from crews.records import TurnRecord
from tenants.management.lookup import add_account_arguments, tenant_named
from tenants.masking import mask
from tenants.showing import visible

LONGEST_TEXT = 1_000


class Command(BaseCommand):
    help = "Show one conversation. Numbers of persons and cards, telephones and e-mails are masked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("number", type=int, metavar="N", help="its number in Chatwoot")
        add_account_arguments(parser)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        row = _conversation(options)
        turns = list(records.turns_in(row))
        if options["json"]:
            self.stdout.write(listing.as_json(_document(row, turns)))
            return
        for line in _lines(row, turns):
            self.stdout.write(visible(line))


def _conversation(options: dict[str, Any]) -> Conversation:
    try:
        return lookup.conversation_of(
            tenant_named(options["tenant"]),
            options["number"],
            account=options["account"],
            installation=options["installation"],
        )
    except NoConversationError as error:
        raise CommandError(str(error)) from None
    except SeveralConversationsError as error:
        raise CommandError(f"{error} --account N") from None


def _document(row: Conversation, turns: list[TurnRecord]) -> dict[str, Any]:
    return {
        "tenant": row.tenant.slug,
        "account": row.connection.account_id,
        "conversation": row.number,
        "inbox": row.inbox_id,
        "channel": row.channel_kind,
        "contact": row.contact_name,
        "language": row.language,
        "domain": row.domain.slug if row.domain is not None else None,
        "status": row.status,
        "control": row.control,
        "control_reason": row.control_reason,
        "control_at": row.control_at,
        "human_until": row.human_until,
        "due_at": row.due_at,
        "lease_until": row.lease_until,
        "events": list(_events(row)),
        "turns": [asdict(turn) for turn in turns],
        "outbox": list(_outbox(row)),
    }


def _events(row: Conversation) -> Iterator[dict[str, Any]]:
    found = row.events.select_related("conversation").defer("payload")
    for event in found.order_by("received_at", "pk"):
        said = {"author": event.author, "text": mask(event.text)}
        yield asdict(records.record_of(event)) | said


def _outbox(row: Conversation) -> Iterator[dict[str, Any]]:
    for message in row.outbox.order_by("turn_id", "position"):
        yield {
            "turn": message.turn_id,
            "position": message.position,
            "key": message.key,
            "part": message.part,
            "state": message.state,
            "text": mask(message.body),
            "attempts": message.attempts,
            "next_try_at": message.next_try_at,
            "last_error": message.last_error,
            "remote_id": message.remote_id,
            "sent_at": message.sent_at,
        }


def _lines(row: Conversation, turns: list[TurnRecord]) -> Iterator[str]:
    at = partial(listing.local, row.tenant)
    where = {"number": row.number, "connection": row.connection, "name": row.contact_name or "–"}
    yield _("Conversation %(number)s in %(connection)s, with %(name)s") % where
    yield _("In Chatwoot: %(status)s") % {"status": row.get_status_display()}
    yield _("Who answers: %(who)s") % {"who": _who_answers(row)}
    yield _("Next due: %(when)s") % {"when": at(row.due_at)}
    if row.lease_until is not None:
        yield _("Worked on until: %(when)s") % {"when": at(row.lease_until)}
    yield from ("", _("Events"))
    for event in row.events.select_related("conversation").order_by("received_at", "pk"):
        yield listing.event_line(row.tenant, records.record_of(event))
        yield from _indented(event.text)
    yield from ("", _("Turns"))
    yield from (listing.turn_line(row.tenant, turn) for turn in turns)
    yield from ("", _("Outgoing messages"))
    for message in row.outbox.order_by("turn_id", "position"):
        name = f"{message.get_part_display()}: {message.get_state_display()}"
        yield f"{at(message.created_at)}  {message.turn_id:>8}.{message.position}  {name}"
        yield from _indented(message.last_error)
        yield from _indented(message.body)


def _who_answers(row: Conversation) -> str:
    """With the reason, and since when."""
    reason = words.reason_of(row.control_reason)
    parts = (str(row.get_control_display()), reason, listing.local(row.tenant, row.control_at))
    return ", ".join(part for part in parts if part)


def _indented(text: str) -> Iterator[str]:
    """The beginning of what was said, so that none of its lines looks like one of ours."""
    for line in mask(text[:LONGEST_TEXT]).splitlines():
        yield f"    {line}"
