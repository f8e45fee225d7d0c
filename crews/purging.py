"""Takes away what was said once a company no longer keeps it; what became of it stays.

Full texts are kept for `retention_days`, summaries of hand-overs for `summary_days`. What is still
to be answered or sent is not touched, however old it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crews.chunks import in_chunks
from crews.models import UNFINISHED, Conversation, InboundEvent, OutboundMessage, Turn, TurnState
from tenants import configuration
from tenants.configuration import Effective
from tenants.models import ChannelMapping, Tenant

KEYS = frozenset({"retention_days", "summary_days"})
OPEN_TURNS = (TurnState.RUNNING, TurnState.SENDING)


@dataclass(slots=True)
class Purged:
    """How many rows lost their texts."""

    events: int = 0
    messages: int = 0
    handoffs: int = 0
    contacts: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """What is older than these moments goes, in conversations of one channel or of all others."""

    texts: datetime
    summaries: datetime
    channel: int | None = None
    others: tuple[int, ...] = ()

    def among(self, rows: Any, *, path: str = "conversation__channel") -> Any:
        if self.channel is not None:
            return rows.filter(**{path: self.channel})
        return rows.exclude(**{f"{path}__in": self.others}) if self.others else rows


def purge(tenant: Tenant, *, now: datetime, is_dry_run: bool = False) -> Purged:
    """Running it again changes nothing more; a dry run only counts."""
    purged = Purged()
    for rule in _rules(tenant, now):
        purged.events += _empty(
            _events(tenant, rule), at="received_at", is_dry_run=is_dry_run, text="", payload={}
        )
        purged.messages += _empty(
            _messages(tenant, rule), at="created_at", is_dry_run=is_dry_run, body=""
        )
        purged.handoffs += _empty_handoffs(_turns(tenant, rule), rule, is_dry_run=is_dry_run)
        purged.contacts += _empty(
            _contacts(tenant, rule), at="last_customer_at", is_dry_run=is_dry_run, contact_name=""
        )
    return purged


def _rules(tenant: Tenant, now: datetime) -> Iterator[Rule]:
    """One for each channel that chooses for itself, and one for everything else."""
    channels = ChannelMapping.objects.for_tenant(tenant).order_by("pk")
    own = tuple(row.pk for row in channels if KEYS & row.settings.keys())
    for pk in own:
        yield _rule(configuration.effective(tenant.pk, channel_id=pk), now, channel=pk)
    yield _rule(configuration.effective(tenant.pk), now, others=own)


def _rule(config: Effective, now: datetime, **channels: Any) -> Rule:
    texts = now - timedelta(days=config.setting("retention_days"))
    summaries = now - timedelta(days=config.setting("summary_days"))
    return Rule(texts, summaries, **channels)


def _events(tenant: Tenant, rule: Rule) -> Any:
    rows = InboundEvent.objects.for_tenant(tenant).filter(received_at__lt=rule.texts)
    return rule.among(rows.exclude(outcome="").exclude(text="", payload={}))


def _messages(tenant: Tenant, rule: Rule) -> Any:
    rows = OutboundMessage.objects.for_tenant(tenant).filter(created_at__lt=rule.texts)
    return rule.among(rows.exclude(state__in=UNFINISHED).exclude(body=""))


def _contacts(tenant: Tenant, rule: Rule) -> Any:
    """Names in conversations in which the customer has been silent for so long."""
    rows = Conversation.objects.for_tenant(tenant).filter(last_customer_at__lt=rule.texts)
    idle = rows.filter(due_at=None, lease_until=None).exclude(contact_name="")
    return rule.among(idle, path="channel")


def _turns(tenant: Tenant, rule: Rule) -> Any:
    latest = max(rule.texts, rule.summaries)
    rows: Any = Turn.objects.filter(tenant=tenant, started_at__lt=latest)
    return rule.among(rows.exclude(state__in=OPEN_TURNS).exclude(handoff={}))


def _empty(rows: Any, *, at: str, is_dry_run: bool, **values: Any) -> int:
    count = 0
    for chunk in in_chunks(rows.only("tenant_id", at), at=at):
        if is_dry_run:
            count += len(chunk)
        else:
            count += rows.filter(pk__in=[row.pk for row in chunk]).update(**values)
    return count


def _empty_handoffs(rows: Any, rule: Rule, *, is_dry_run: bool) -> int:
    count = 0
    for chunk in in_chunks(rows.select_related("conversation"), at="started_at"):
        changed = [turn for turn in chunk if _drop_words(turn, rule)]
        count += len(changed)
        if not is_dry_run:
            rows.model.objects.bulk_update(changed, ["handoff"])
    return count


def _drop_words(turn: Turn, rule: Rule) -> bool:
    """What was tried are texts to the customer in full. Whether anything was left to drop."""
    kept = dict(turn.handoff)
    if turn.started_at < rule.texts and kept.get("tried"):
        kept["tried"] = []
    if turn.started_at < rule.summaries and kept.get("summary"):
        kept["summary"] = ""
    is_changed: bool = kept != turn.handoff
    turn.handoff = kept
    return is_changed
