"""A question to try out: answered as a customer's would be, in no conversation, and never sent."""

import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from crews import answering, gathering
from crews.models import Outcome, Reason
from crews.questions import Question, Said, Source, Talk
from crews.texts import languages
from integrations.models import LlmCall
from tenants import configuration, context
from tenants.configuration import Effective
from tenants.models import ChannelMapping, Tenant


@dataclass(frozen=True, slots=True)
class Tried:
    """What a message would have got; drafts and sandboxes are about sending, not about this."""

    answer: str
    outcome: Outcome
    reason: Reason
    model_calls: int
    sources: tuple[Source, ...] = ()


def ask(tenant: Tenant, text: str, *, channel: ChannelMapping | None = None) -> Tried:
    begun_at = timezone.now()
    config = configuration.effective(tenant.pk, channel_id=channel.pk if channel else None)
    with context.bind(request_id=context.current().request_id or uuid.uuid4().hex) as bound:
        given = answering.process_message(_question(tenant, text, channel, config))
    calls = LlmCall.objects.for_tenant(tenant).filter(
        created_at__gte=begun_at, request_id=bound.request_id[:64]
    )
    return Tried(
        answer=given.text,
        outcome=Outcome.ANSWERED if given.handoff is None else Outcome.HANDED_OFF,
        reason=Reason.REPLIED if given.handoff is None else given.handoff.reason,
        model_calls=calls.count(),
        sources=given.sources,
    )


def answer_errand(tenant: Tenant, *, text: str, channel: int | None) -> dict[str, Any]:
    """The same for a command that cannot search by itself."""
    row = ChannelMapping.objects.for_tenant(tenant).filter(pk=channel).first()
    return asdict(ask(tenant, text, channel=row))


def _question(
    tenant: Tenant, text: str, channel: ChannelMapping | None, config: Effective
) -> Question:
    language = languages.language_of(
        text,
        known=config.get("language", default=""),
        allowed=gathering.allowed_languages(config),
    )
    return Question(
        tenant=tenant,
        talk=Talk(
            id=None,
            number=None,
            inbox_id=channel.inbox_id if channel is not None else None,
            language=language,
        ),
        messages=(Said(message_id=0, text=text, written=text, at=timezone.now()),),
        history=(),
        config=config,
        deadline=time.monotonic() + config.setting("turn_deadline_seconds"),
        checkpoint=lambda: None,
    )
