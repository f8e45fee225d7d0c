"""Decides what an event of Chatwoot means for its conversation, and has it written down once.

The same for what a webhook brings, what was read back from Chatwoot, and what staff replay.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crews import intake, speaking
from crews.intake import Arrival, Taken
from crews.models import Conversation, Reason, Status, Via
from crews.stored import payload_of
from crews.texts import phrases
from integrations.chatwoot import values
from integrations.chatwoot.connections import Channel, Door
from integrations.chatwoot.payloads import Author, ChatwootEvent, Kind, is_takeover, who_wrote
from integrations.chatwoot.values import Message
from tenants import configuration, resolution
from tenants.configuration import Effective
from tenants.models import ChatwootInstallation
from tenants.resolution import UnknownInboxError

logger = logging.getLogger(__name__)

GROUP_SOURCE = "@g.us"
STATUS_EVENTS = frozenset(
    {
        Kind.CONVERSATION_STATUS_CHANGED,
        Kind.CONVERSATION_UPDATED,
        Kind.CONVERSATION_OPENED,
        Kind.CONVERSATION_RESOLVED,
    }
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way in, with what decides about it."""

    door: Door
    event: ChatwootEvent
    id: str
    via: Via
    now: datetime
    channel: Channel | None
    config: Effective | None

    def setting(self, key: str) -> Any:
        return self.config.setting(key) if self.config is not None else None


def take(
    door: Door, event: ChatwootEvent, *, delivery_id: str = "", via: Via, now: datetime
) -> Taken:
    """Store it, unless it is known, and let it have its effect on rows. Wakes nobody."""
    channel = door.channel_of(event.inbox_id)
    config = None
    if channel is not None:
        config = configuration.effective(
            channel.tenant_id,
            channel_id=channel.id,
            version=door.version_of(channel.tenant_id),
        )
    delivery = Delivery(door, event, delivery_id, via, now, channel, config)
    if event.kind == Kind.MESSAGE_CREATED and event.message is not None:
        return _receive_message(delivery)
    return _receive_news(delivery)


def _receive_message(delivery: Delivery) -> Taken:
    event, message = delivery.event, delivery.event.message
    assert message is not None  # noqa: S101  the caller looked
    author = who_wrote(event, bot_id=delivery.door.bot_id)
    if author == Author.CUSTOMER:
        return _receive_question(delivery, message)
    if message.marker and author in (Author.BOT, Author.OTHER_BOT):
        return _ignored(delivery, author, Reason.OWN_MESSAGE, marker=message.marker)
    if is_takeover(event, bot_id=delivery.door.bot_id):
        return _take_over(delivery, author)
    reason = Reason.OWN_MESSAGE if author == Author.BOT else Reason.NO_ANSWER_NEEDED
    return _ignored(delivery, author, reason)


def _receive_question(delivery: Delivery, message: Message) -> Taken:
    reason = _why_not(delivery, message)
    if reason is not None:
        return _ignored(delivery, Author.CUSTOMER, reason)
    return intake.take_question(
        _arrival(delivery, Author.CUSTOMER),
        mode=delivery.setting("mode"),
        resume=delivery.setting("resume"),
        quiet_seconds=delivery.setting("quiet_seconds"),
        most_seconds=delivery.setting("quiet_max_seconds"),
    )


def _why_not(delivery: Delivery, message: Message) -> Reason | None:
    """The rules that keep a customer's message from being answered, the weightiest first."""
    event, channel = delivery.event, delivery.channel
    conversation = event.conversation
    if channel is None:
        _note_unmapped(delivery)
        return Reason.UNMAPPED
    if not channel.is_active:
        return Reason.COMPANY_INACTIVE
    if message.created_at < delivery.door.listens_since.replace(microsecond=0):
        return Reason.BEFORE_CONNECTION
    if delivery.setting("mode") == "off":
        return Reason.MODE_OFF
    if message.is_deleted:
        return Reason.DELETED
    if not message.text.strip() and not message.attachments:
        return Reason.EMPTY
    sender = message.sender
    if (sender is not None and sender.is_blocked) or (
        event.contact is not None and event.contact.is_blocked
    ):
        return Reason.BLOCKED
    if _is_on_ignore_list(delivery):
        return Reason.IGNORED_CONTACT
    if conversation is None:
        return Reason.NO_ANSWER_NEEDED
    if _is_group(event) and not delivery.setting("answer_groups"):
        return Reason.GROUP
    if delivery.setting("mode") == "automatic":
        if conversation.is_with_person and not _is_given_back(delivery, conversation):
            return Reason.WITH_PERSON
        if conversation.status != Status.PENDING and not delivery.setting("answer_open"):
            return Reason.CONVERSATION_OPEN
    return _lacks_trigger(delivery, message)


def _is_given_back(delivery: Delivery, seen: values.Conversation) -> bool:
    """The person is still assigned, but has let go of it; asked only where there is one."""
    row = Conversation.objects.filter(
        connection=delivery.door.connection_id,
        number=seen.id,
        tenant=delivery.channel.tenant_id if delivery.channel else None,
    ).first()
    if row is None:
        return False
    is_new_matter = row.status == Status.RESOLVED and seen.status == Status.PENDING
    rule = delivery.setting("resume")
    comes_back = is_new_matter and rule in ("on_pending", "on_resolve")
    is_over = rule == "after_hours" and row.human_until and row.human_until < delivery.now
    return not row.is_with_person(seen) or comes_back or bool(is_over)


def _is_group(event: ChatwootEvent) -> bool:
    names = [event.conversation.source_id] if event.conversation is not None else []
    names += [event.contact.identifier] if event.contact is not None else []
    return any(name.endswith(GROUP_SOURCE) for name in names)


def _is_on_ignore_list(delivery: Delivery) -> bool:
    contact = delivery.event.contact
    listed = {line.strip().lower() for line in delivery.setting("ignored_contacts").splitlines()}
    if contact is None or not listed:
        return False
    names = {str(contact.id), contact.email.lower(), contact.identifier.lower()}
    phone = _digits(contact.phone_number)
    return bool(names & (listed - {""})) or bool(phone and phone in map(_digits, listed))


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _lacks_trigger(delivery: Delivery, message: Message) -> Reason | None:
    """A conversation that was begun goes on without the word."""
    words = [word.strip() for word in delivery.setting("trigger_words").splitlines()]
    words = [word for word in words if word]
    if not words or phrases.matches_any(message.text, words):
        return None
    conversation = delivery.event.conversation
    assert conversation is not None  # noqa: S101  rules before this one looked
    begun = Conversation.objects.filter(
        connection=delivery.door.connection_id, number=conversation.id, turns__isnull=False
    )
    return None if begun.exists() else Reason.NO_TRIGGER


def _note_unmapped(delivery: Delivery) -> None:
    """Staff of the platform see it among the channels that belong to nobody."""
    try:
        resolution.resolve(
            ChatwootInstallation(pk=delivery.door.installation_id),
            account_id=delivery.door.account_id,
            inbox_id=delivery.event.inbox_id,
            event=delivery.event.name,
            now=delivery.now,
        )
    except UnknownInboxError:
        logger.info("An inbox sent a message and belongs to no company.")


def _take_over(delivery: Delivery, author: str) -> Taken:
    """A person is there: the bot is silent from now on, in one transaction with the event."""
    return intake.take_takeover(
        _arrival(delivery, author),
        resume_hours=delivery.setting("resume_hours") or 0,
        may_open=delivery.setting("mode") in ("suggest", "automatic"),
    )


def _receive_news(delivery: Delivery) -> Taken:
    """Everything but new messages: recorded, and where it changes who speaks, acted upon."""
    event = delivery.event
    reason = Reason.UNKNOWN_EVENT if event.kind == Kind.OTHER else Reason.NO_ANSWER_NEEDED
    author = who_wrote(event, bot_id=delivery.door.bot_id) if event.message else Author.SYSTEM
    if event.kind == Kind.MESSAGE_UPDATED and event.message is not None:
        return _receive_update(delivery, event.message, author)
    if event.conversation is None or event.kind not in STATUS_EVENTS:
        return _ignored(delivery, author, reason)
    if is_takeover(event, bot_id=delivery.door.bot_id):
        return _take_over(delivery, Author.PERSON)
    if not _tells_status(event):
        return _ignored(delivery, author, reason)
    return intake.take_status(
        _arrival(delivery, author),
        is_takeover=speaking.opens_for_people(
            event.conversation.status,
            mode=delivery.setting("mode"),
            answers_open=bool(delivery.setting("answer_open")),
        ),
        resume=delivery.setting("resume") or "never",
        resume_hours=delivery.setting("resume_hours") or 0,
    )


def _tells_status(event: ChatwootEvent) -> bool:
    """An update of something else carries a status too, which may be an old one."""
    is_update = event.kind == Kind.CONVERSATION_UPDATED
    return not is_update or not event.changes or event.change_of("status") is not None


def _receive_update(delivery: Delivery, message: Message, author: str) -> Taken:
    """Of interest: a customer took a message back, or the channel refused one of ours."""
    is_deleted = message.is_deleted and author == Author.CUSTOMER
    refused_marker = message.marker if message.status == "failed" else ""
    if not is_deleted and not refused_marker:
        return _ignored(delivery, author, Reason.NO_ANSWER_NEEDED)
    return intake.take_update(
        _arrival(delivery, author),
        is_deleted=is_deleted,
        refused_marker=refused_marker,
        error=str(message.content_attributes.get("external_error") or ""),
    )


def _ignored(delivery: Delivery, author: str, reason: Reason, *, marker: str = "") -> Taken:
    return intake.take_record(_arrival(delivery, author), reason=reason, marker=marker)


def _arrival(delivery: Delivery, author: str) -> Arrival:
    event, door = delivery.event, delivery.door
    owner = delivery.channel.tenant_id if delivery.channel is not None else door.tenant.pk
    message = event.message
    return Arrival(
        tenant_id=owner,
        connection_id=door.connection_id,
        channel_id=delivery.channel.id if delivery.channel is not None else None,
        event=event,
        author=str(author),
        delivery_id=delivery.id,
        via=delivery.via,
        payload=payload_of(event),
        text=message.text if message is not None else "",
        occurred_at=message.created_at if message is not None else None,
        now=delivery.now,
    )
