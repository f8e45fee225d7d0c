"""Asks one account of a Chatwoot: one method for each thing that can be asked."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from integrations.chatwoot import shapes
from integrations.chatwoot.failures import (
    BotTokenMissingError,
    TokenMissingError,
    TooMuchToReadError,
    UnfitMessageError,
    UnknownAssigneeError,
    UnreadableReplyError,
    explained,
)
from integrations.chatwoot.forms import File, multipart
from integrations.chatwoot.reading import LONGEST_TEXT, Node, PayloadError, clean
from integrations.chatwoot.values import (
    MARKER,
    Agent,
    AgentBot,
    Contact,
    ContactPage,
    Conversation,
    ConversationPage,
    Inbox,
    Label,
    Message,
    Priority,
    Profile,
    Status,
    Team,
    Webhook,
)
from integrations.failures import NotJsonError, StatusError
from integrations.http import Reply, Session
from tenants.credentials import Secret

T = TypeVar("T")

SERVICE = "chatwoot"
TOKEN_HEADER = "api_access_token"  # noqa: S105  the header's name
SECONDS = 10.0
MOST_BYTES = 20_000_000
# Chatwoot allows 3,000 calls a minute from one address, which all companies share.
PER_MINUTE = 600
MOST_FILES = 15
MOST_PAGES = 50
LIQUID = re.compile(r"\{(?=[{%])")


class Token(StrEnum):
    BOT = "bot"
    USER = "user"
    USER_ELSE_BOT = "user, else bot"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below the account, unless it begins with a slash.

    `is_repeatable`: doing it twice is the same as doing it once.
    """

    method: str
    path: str
    token: Token
    is_repeatable: bool = True


# A bot's token hands over as a bot does, and may do little; a person's may what the person may.
OPERATIONS: Mapping[str, Operation] = {
    "version": Operation("GET", "/api", Token.NONE),
    "profile": Operation("GET", "/api/v1/profile", Token.USER),
    "send_message": Operation(
        "POST", "conversations/{conversation}/messages", Token.BOT, is_repeatable=False
    ),
    "messages": Operation("GET", "conversations/{conversation}/messages", Token.USER),
    "conversation": Operation("GET", "conversations/{conversation}", Token.USER_ELSE_BOT),
    "conversations": Operation("GET", "conversations", Token.USER),
    "set_status": Operation("POST", "conversations/{conversation}/toggle_status", Token.BOT),
    "set_typing": Operation("POST", "conversations/{conversation}/toggle_typing_status", Token.BOT),
    "set_priority": Operation("POST", "conversations/{conversation}/toggle_priority", Token.BOT),
    "assign": Operation("POST", "conversations/{conversation}/assignments", Token.BOT),
    "set_attributes": Operation(
        "POST", "conversations/{conversation}/custom_attributes", Token.BOT
    ),
    "labels_of": Operation("GET", "conversations/{conversation}/labels", Token.USER_ELSE_BOT),
    "set_labels": Operation("POST", "conversations/{conversation}/labels", Token.USER_ELSE_BOT),
    "mark_read": Operation("POST", "conversations/{conversation}/update_last_seen", Token.USER),
    "contact": Operation("GET", "contacts/{contact}", Token.USER),
    "search_contacts": Operation("GET", "contacts/search", Token.USER),
    "update_contact": Operation("PUT", "contacts/{contact}", Token.USER),
    "inboxes": Operation("GET", "inboxes", Token.USER),
    "agents": Operation("GET", "agents", Token.USER),
    "teams": Operation("GET", "teams", Token.USER),
    "labels": Operation("GET", "labels", Token.USER),
    "agent_bots": Operation("GET", "agent_bots", Token.USER),
    "create_agent_bot": Operation("POST", "agent_bots", Token.USER, is_repeatable=False),
    "update_agent_bot": Operation("PATCH", "agent_bots/{bot}", Token.USER),
    "agent_bot_of_inbox": Operation("GET", "inboxes/{inbox}/agent_bot", Token.USER),
    "attach_agent_bot": Operation("POST", "inboxes/{inbox}/set_agent_bot", Token.USER),
    "webhooks": Operation("GET", "webhooks", Token.USER),
    "create_webhook": Operation("POST", "webhooks", Token.USER, is_repeatable=False),
}


class ChatwootClient:
    """Cheap to make. Every method raises RemoteError when there is no result.

    Numbers of conversations are those of the account, as in addresses. Reading or writing
    conversations with the bot's token reaches all of the account: whoever calls guards the numbers.
    """

    def __init__(
        self,
        tenant: Any,
        *,
        base_url: str,
        account_id: int,
        connection: str,
        bot_token: Secret | None = None,
        user_token: Secret | None = None,
        per_minute: int = PER_MINUTE,
        turn: int | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.account_id = account_id
        self._bot_token = bot_token
        self._user_token = user_token
        self._turn = turn
        self._session = Session(
            tenant,
            service=SERVICE,
            connection=connection,
            seconds=SECONDS,
            most_bytes=MOST_BYTES,
            per_minute=per_minute,
        )

    def __repr__(self) -> str:
        return f"<ChatwootClient {self._session.connection} {self.account_id}>"

    def version(self) -> str:
        return self._read("version", lambda node: node["version"].word())

    def profile(self) -> Profile:
        """Whose user token it is."""
        return self._read("profile", shapes.profile)

    def send_message(
        self,
        conversation_id: int,
        text: str,
        *,
        marker: str,
        is_private: bool = False,
        files: Iterable[File] = (),
    ) -> Message:
        """Sent once and never repeated here. When the error says `outcome_unknown`, it may have
        arrived: look for the marker with `find_message`, not before Chatwoot can be done with it.
        """
        files = tuple(files)
        text = without_liquid(clean(text))
        if len(text) > LONGEST_TEXT or len(files) > MOST_FILES:
            raise UnfitMessageError
        attributes = {MARKER: marker}
        return self._read(
            "send_message",
            shapes.message,
            conversation=conversation_id,
            **_message_body(text, attributes, is_private=is_private, files=files),
        )

    def messages(
        self, conversation_id: int, *, before: int | None = None, after: int | None = None
    ) -> tuple[Message, ...]:
        """One page, oldest first: the newest 20, the 20 before a message, or the 100 after one."""
        params = {"before": before, "after": after}
        return self._read(
            "messages",
            lambda node: tuple(shapes.message(part) for part in node["payload"].items()),
            conversation=conversation_id,
            params={name: number for name, number in params.items() if number is not None},
        )

    def messages_after(self, conversation_id: int, after: int) -> Iterator[Message]:
        """All that are newer than a message, oldest first."""
        for _page in range(MOST_PAGES):
            page = [m for m in self.messages(conversation_id, after=after) if m.id > after]
            if not page:
                return
            yield from page
            after = max(message.id for message in page)
        raise TooMuchToReadError

    def newest_messages(self, conversation_id: int) -> Iterator[Message]:
        """All, newest first; stop asking for more when there are enough."""
        before = None
        for _page in range(MOST_PAGES):
            page = self.messages(conversation_id, before=before)
            page = tuple(m for m in page if before is None or m.id < before)
            if not page:
                return
            yield from sorted(page, key=lambda message: message.id, reverse=True)
            before = min(message.id for message in page)
        raise TooMuchToReadError

    def find_message(
        self, conversation_id: int, marker: str, *, after: int | None = None
    ) -> Message | None:
        """The one sent with this marker. `after`: a message that was there before it was sent."""
        if after is None:
            rows = self.newest_messages(conversation_id)
        else:
            rows = self.messages_after(conversation_id, after)
        return next((message for message in rows if message.marker == marker), None)

    def conversation(self, conversation_id: int) -> Conversation:
        return self._read("conversation", shapes.conversation, conversation=conversation_id)

    def conversations(
        self,
        *,
        status: Status | None = None,
        inbox_id: int | None = None,
        page: int = 1,
    ) -> ConversationPage:
        """25 of them, the last active first. No status means all."""
        params = {"status": status or "all", "page": page, "sort_by": "last_activity_at_desc"}
        if inbox_id is not None:
            params["inbox_id"] = inbox_id
        return self._read("conversations", shapes.conversation_page, params=params)

    def set_status(
        self, conversation_id: int, status: Status, *, snoozed_until: datetime | None = None
    ) -> None:
        """OPEN is what hands a conversation to people, PENDING gives it back to the bot."""
        body: dict[str, Any] = {"status": status}
        if snoozed_until is not None:
            body["snoozed_until"] = int(snoozed_until.timestamp())
        self._ask("set_status", conversation=conversation_id, json=body)

    def assign_agent(self, conversation_id: int, agent_id: int) -> None:
        self._assign(conversation_id, {"assignee_id": agent_id})

    def assign_bot(self, conversation_id: int, bot_id: int) -> None:
        self._assign(conversation_id, {"assignee_id": bot_id, "assignee_type": "AgentBot"})

    def assign_team(self, conversation_id: int, team_id: int) -> None:
        """Chatwoot drops an assignee who is not in the team, and may choose another one."""
        self._assign(conversation_id, {"team_id": team_id})

    def unassign(self, conversation_id: int) -> None:
        self._ask("assign", conversation=conversation_id, json={"assignee_id": None})

    def set_priority(self, conversation_id: int, priority: Priority | None) -> None:
        self._ask("set_priority", conversation=conversation_id, json={"priority": priority})

    def set_typing(self, conversation_id: int, is_typing: bool) -> None:
        """Seen in the widget and by staff; other channels do not pass it on."""
        body = {"typing_status": "on" if is_typing else "off", "is_private": False}
        self._ask("set_typing", conversation=conversation_id, json=body)

    def mark_read(self, conversation_id: int) -> None:
        self._ask("mark_read", conversation=conversation_id, json={})

    def add_labels(self, conversation_id: int, titles: Iterable[str]) -> tuple[str, ...]:
        """Those it has now. Chatwoot replaces them all, so they are read first."""
        present = self.labels_of(conversation_id)
        return self._set_labels(conversation_id, present, dict.fromkeys((*present, *titles)))

    def remove_labels(self, conversation_id: int, titles: Iterable[str]) -> tuple[str, ...]:
        present, gone = self.labels_of(conversation_id), set(titles)
        return self._set_labels(conversation_id, present, [t for t in present if t not in gone])

    def labels_of(self, conversation_id: int) -> tuple[str, ...]:
        return self._read(
            "labels_of", lambda node: shapes.texts(node["payload"]), conversation=conversation_id
        )

    def merge_custom_attributes(
        self, conversation_id: int, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Those it has now. Chatwoot replaces them all, so they are read first."""
        present = self.conversation(conversation_id).custom_attributes
        merged = {**present, **values}
        if merged != present:
            body = {"custom_attributes": merged}
            self._ask("set_attributes", conversation=conversation_id, json=body)
        return merged

    def contact(self, contact_id: int) -> Contact:
        return self._read("contact", shapes.contact_in_payload, contact=contact_id)

    def search_contacts(self, text: str, *, page: int = 1) -> ContactPage:
        """By part of name, e-mail, phone number or identifier; 15 of them."""
        params = {"q": text, "page": page}
        return self._read("search_contacts", shapes.contact_page, params=params)

    def update_contact(
        self,
        contact_id: int,
        *,
        name: str | None = None,
        email: str | None = None,
        phone_number: str | None = None,
        identifier: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
    ) -> Contact:
        """What is not named stays; custom attributes are merged by Chatwoot."""
        values = {
            "name": name,
            "email": email,
            "phone_number": phone_number,
            "identifier": identifier,
            "custom_attributes": custom_attributes,
        }
        body = {field: value for field, value in values.items() if value is not None}
        return self._read(
            "update_contact", shapes.contact_in_payload, contact=contact_id, json=body
        )

    def inboxes(self) -> tuple[Inbox, ...]:
        return self._list("inboxes", shapes.inbox)

    def agents(self) -> tuple[Agent, ...]:
        return self._list("agents", shapes.agent)

    def teams(self) -> tuple[Team, ...]:
        return self._list("teams", shapes.team)

    def labels(self) -> tuple[Label, ...]:
        """Those the account offers; conversations may have others."""
        return self._list("labels", shapes.label)

    def agent_bots(self) -> tuple[AgentBot, ...]:
        return self._list("agent_bots", shapes.agent_bot)

    def create_agent_bot(self, *, name: str, description: str, outgoing_url: str) -> AgentBot:
        """With its token and secret, which only administrators get."""
        body = {
            "name": name,
            "description": description,
            "outgoing_url": outgoing_url,
            "bot_type": "webhook",
        }
        return self._read("create_agent_bot", shapes.agent_bot, json=body)

    def update_agent_bot(self, bot_id: int, *, outgoing_url: str) -> AgentBot:
        """Where it is told what happens."""
        body = {"outgoing_url": outgoing_url}
        return self._read("update_agent_bot", shapes.agent_bot, bot=bot_id, json=body)

    def agent_bot_of_inbox(self, inbox_id: int) -> AgentBot | None:
        return self._read("agent_bot_of_inbox", shapes.agent_bot_if_any, inbox=inbox_id)

    def attach_agent_bot(self, inbox_id: int, bot_id: int | None) -> None:
        """An inbox has one bot, so this takes the place of another; None takes it away."""
        self._ask("attach_agent_bot", inbox=inbox_id, json={"agent_bot": bot_id})

    def webhooks(self) -> tuple[Webhook, ...]:
        return self._list("webhooks", shapes.webhook)

    def create_webhook(self, *, name: str, url: str, subscriptions: Iterable[str]) -> Webhook:
        body = {"webhook": {"name": name, "url": url, "subscriptions": list(subscriptions)}}
        return self._read("create_webhook", shapes.webhook_in_payload, json=body)

    def _assign(self, conversation_id: int, body: Mapping[str, Any]) -> None:
        reply = self._ask("assign", conversation=conversation_id, json=body)
        if not _read(reply, lambda node: node.is_there, outcome_unknown=False):
            raise UnknownAssigneeError

    def _set_labels(
        self, conversation_id: int, present: tuple[str, ...], wanted: Iterable[str]
    ) -> tuple[str, ...]:
        titles = tuple(wanted)
        if titles == present:
            return present
        return self._read(
            "set_labels",
            lambda node: shapes.texts(node["payload"]),
            conversation=conversation_id,
            json={"labels": titles},
        )

    def _list(self, name: str, shape: Callable[[Node], T]) -> tuple[T, ...]:
        return self._read(name, lambda node: tuple(shape(part) for part in shapes.rows(node)))

    def _read(self, name: str, shape: Callable[[Node], T], **details: Any) -> T:
        reply = self._ask(name, **details)
        return _read(reply, shape, outcome_unknown=not OPERATIONS[name].is_repeatable)

    def _ask(
        self,
        name: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        content_type: str = "",
        params: Mapping[str, Any] | None = None,
        **numbers: int,
    ) -> Reply:
        operation = OPERATIONS[name]
        headers = self._token_for(name, operation.token)
        if content_type:
            headers["Content-Type"] = content_type
        try:
            return self._session.request(
                operation.method,
                self._address(operation.path, numbers),
                json=json,
                content=content,
                params=params,
                headers=headers,
                is_idempotent=operation.is_repeatable,
                turn=self._turn,
            )
        except StatusError as error:
            raise explained(error, is_message=name == "send_message") from error

    def _address(self, path: str, numbers: Mapping[str, int]) -> str:
        """Only whole numbers become part of an address."""
        path = path.format(**{name: int(number) for name, number in numbers.items()})
        if path.startswith("/"):
            return self.base_url + path
        return f"{self.base_url}/api/v1/accounts/{int(self.account_id)}/{path}"

    def _token_for(self, name: str, token: Token) -> dict[str, str]:
        if token == Token.NONE:
            return {}
        if token == Token.USER_ELSE_BOT:
            secret = self._user_token or self._bot_token
        else:
            secret = self._bot_token if token == Token.BOT else self._user_token
        if secret is None:
            raise (BotTokenMissingError if token == Token.BOT else TokenMissingError)(name)
        return {TOKEN_HEADER: secret.text}


def without_liquid(text: str) -> str:
    """Chatwoot fills in what stands in double braces, so these are taken apart."""
    return LIQUID.sub("{ ", text)


def _message_body(
    text: str, attributes: Mapping[str, str], *, is_private: bool, files: tuple[File, ...]
) -> dict[str, Any]:
    body = {"content": text, "message_type": "outgoing", "private": is_private}
    if not files:
        return {"json": {**body, "content_attributes": attributes}}
    fields = {
        "content": text,
        "message_type": "outgoing",
        "private": "true" if is_private else "false",
        "content_attributes": json.dumps(attributes),
    }
    content, content_type = multipart(fields, files, name="attachments[]")
    return {"content": content, "content_type": content_type}


def _read(reply: Reply, shape: Callable[[Node], T], *, outcome_unknown: bool) -> T:
    try:
        return shape(Node(reply.json()))
    except NotJsonError:
        raise UnreadableReplyError("$", outcome_unknown=outcome_unknown) from None
    except PayloadError as error:
        raise UnreadableReplyError(error.path, outcome_unknown=outcome_unknown) from None
