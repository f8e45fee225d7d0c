"""The API: who may ask what, what is checked, and how it is answered."""

import json
import re
import time
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.chatwoot import shapes
from tests.fakes.chatwoot.rows import Bot, User
from tests.fakes.chatwoot.world import ACCOUNT_EVENTS

OLD = (0, 0, 0)
MOST_CHARACTERS = 150_000
MOST_FILES = 15
CONTENT_TYPES = {
    "text",
    "input_text",
    "input_textarea",
    "input_email",
    "input_select",
    "cards",
    "form",
    "article",
    "input_csat",
    "integrations",
    "sticker",
}
ITEM_KEYS = {
    "input_select": {"title", "value"},
    "cards": {"title", "description", "media_url", "actions"},
    "article": {"title", "description", "link"},
}
CONTACT_FIELDS = {
    "name",
    "email",
    "phone_number",
    "identifier",
    "avatar_url",
    "blocked",
    "custom_attributes",
    "additional_attributes",
}
MESSAGE_FIELDS = {
    "content",
    "message_type",
    "private",
    "content_type",
    "content_attributes",
    "template_params",
    "attachments",
    "is_voice_message",
    "cc_emails",
    "bcc_emails",
    "to_emails",
    "email_html_content",
    "echo_id",
    "sender_type",
    "sender_id",
}


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    raw: bytes = field(repr=False, default=b"")
    body: Any = None
    files: list = field(default_factory=list)


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict = field(default_factory=dict)

    @property
    def content(self):
        if self.body is None and self.status == 200:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class RefusedError(Exception):
    def __init__(self, status, body):
        super().__init__(status)
        self.answer = Answer(status, body)


NULL = Answer(200, b"null")


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    does: Any
    bots_since: Any = None
    is_for_administrators: bool = False
    fields: frozenset = frozenset()
    query: frozenset = frozenset()

    @property
    def pattern(self):
        return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", self.path) + r"/?")


def request_of(method, target, headers, raw):
    parts = urlsplit(target)
    request = Request(method, parts.path, parse_qs(parts.query, True), headers, raw)
    kind = headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        request.body, request.files = form_of(kind, raw)
    elif raw:
        try:
            request.body = json.loads(raw)
        except ValueError:
            request.body = None
    return request


def form_of(kind, raw):
    head = b"Content-Type: " + kind.encode() + b"\r\n\r\n"
    parsed = BytesParser(policy=HTTP).parsebytes(head + raw)
    fields, files = {}, []
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename() is None:
            fields[name] = content.decode()
        else:
            files.append((name, part.get_filename(), part.get_content_type(), content))
    if files:
        fields["attachments"] = True
    return fields, files


class Api:
    def __init__(self, world):
        self.world = world
        self.complaints = []

    def answer(self, request):
        if request.path in ("/api", "/api/"):
            return Answer(200, self._about())
        try:
            return self._routed(request)
        except RefusedError as refused:
            return refused.answer

    def _about(self):
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        states = {"queue_services": "ok", "data_services": "ok"}
        return {"version": self.world.version, "timestamp": now} | states

    def _routed(self, request):
        for route in ROUTES:
            found = route.pattern.fullmatch(request.path)
            if found and route.method == request.method:
                return self._checked(route, request, found.groupdict())
        self.complaints.append(f"{request.method} {request.path} is not documented")
        raise RefusedError(404, {"error": "Resource could not be found"})

    def _checked(self, route, request, names):
        who = self.who(request)
        if isinstance(who, Bot):
            since = route.bots_since
            if since is None or self.world.version_numbers < since:
                error = "Access to this endpoint is not authorized for bots"
                raise RefusedError(401, {"error": error})
        account = self._account(names, who)
        if route.is_for_administrators and getattr(who, "role", "") != "administrator":
            raise RefusedError(401, {"error": "You are not authorized to do this action"})
        self._complain(route, request)
        with self.world.lock:
            return route.does(self, request, who, account, names)

    def who(self, request):
        token = request.headers.get("api_access_token")
        if token is None:
            error = "You need to sign in or sign up before continuing."
            raise RefusedError(401, {"errors": [error]})
        for row in (*self.world.users.values(), *self.world.bots.values()):
            if row.token == token:
                return row
        raise RefusedError(401, {"error": "Invalid Access Token"})

    def _account(self, names, who):
        if "account" not in names:
            return None
        account = self.world.accounts.get(whole(names["account"]))
        if account is None:
            raise RefusedError(404, {"error": "Resource could not be found"})
        if isinstance(who, Bot):
            inboxes = self.world.inboxes.values()
            is_connected = any(i.bot_id == who.id and i.account_id == account.id for i in inboxes)
            if who.account_id != account.id and not is_connected:
                error = "Bot is not authorized to access this account"
                raise RefusedError(401, {"error": error})
        elif who.account_id != account.id:
            raise RefusedError(401, {"error": "You are not authorized to access this account"})
        return account

    def _complain(self, route, request):
        """Chatwoot leaves out what it does not know; tests should hear of it."""
        where = f"{request.method} {route.path}"
        if request.raw and not isinstance(request.body, dict):
            self.complaints.append(f"{where}: the body is no object")
            request.body = {}
        request.body = request.body or {}
        for name in request.body.keys() - route.fields:
            self.complaints.append(f"{where}: “{name}” is not documented")
        for name in request.query.keys() - route.query:
            self.complaints.append(f"{where}: the parameter “{name}” is not documented")

    def conversation(self, account, names, who):
        row = self.world.conversations.get((account.id, whole(names["conversation"])))
        if row is None:
            raise RefusedError(404, {"error": "Resource could not be found"})
        self.check_member(row.inbox, who)
        return row

    def check_member(self, inbox, who):
        limited = isinstance(who, User) and who.role != "administrator"
        if limited and who.inbox_ids is not None and inbox.id not in who.inbox_ids:
            raise RefusedError(401, {"error": "You are not authorized to do this action"})

    def row(self, rows, number, account):
        row = rows.get(whole(number))
        if row is None or row.account_id not in (account.id, None):
            raise RefusedError(404, {"error": "Resource could not be found"})
        return row


def whole(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return -1


def invalid(message, *names):
    raise RefusedError(422, {"message": message, "attributes": list(names)})


def profile(api, request, who, account, names):
    of = api.world.accounts[who.account_id]
    row = {"id": of.id, "name": of.name, "status": "active", "role": who.role}
    return Answer(200, shapes.user(who) | {"access_token": who.token, "accounts": [row]})


def create_message(api, request, who, account, names):
    conversation, body = api.conversation(account, names, who), request.body
    if "source_id" in body:
        api.complaints.append("A message with a source_id is never sent to the customer")
    attributes = attributes_in(body.get("content_attributes"))
    check_message(body, attributes, request.files)
    count = sum(m.created_at > time.time() - 60 for m in conversation.messages)
    if count >= api.world.most_messages_per_minute:
        raise RefusedError(422, {"error": "Validation failed: Too many messages"})
    row = api.world.add_message(
        conversation,
        body.get("message_type", "outgoing"),
        body.get("content"),
        sender=sender_of(api, who, body),
        is_private=body.get("private") in (True, "true"),
        content_type=body.get("content_type", "text"),
        content_attributes=attributes,
        attachments=[attachment(n, file, account) for n, file in enumerate(request.files)],
    )
    for part in row.attachments:
        part["message_id"] = row.id
    answer = shapes.message(row)
    if not body.get("template_params"):
        api.world.check_window(row)
    return Answer(200, answer | ({"echo_id": body["echo_id"]} if "echo_id" in body else {}))


def attributes_in(value):
    if not isinstance(value, str):
        return dict(value or {})
    try:
        return dict(json.loads(value))
    except ValueError:
        return {}


def check_message(body, attributes, files):
    """Whatever goes wrong while a message is made becomes one kind of answer."""
    content, kind = body.get("content"), body.get("content_type", "text")
    if isinstance(content, str) and len(content) > MOST_CHARACTERS:
        error = "Validation failed: Content is too long (maximum is 150000 characters)"
        raise RefusedError(422, {"error": error})
    if len(files) > MOST_FILES:
        raise RefusedError(422, {"error": "Validation failed: Attachments exceeded maximum"})
    if body.get("message_type", "outgoing") != "outgoing":
        raise RefusedError(422, {"error": "Incoming messages are only allowed in Api inboxes"})
    if kind not in CONTENT_TYPES:
        raise RefusedError(422, {"error": f"'{kind}' is not a valid content_type"})
    allowed = ITEM_KEYS.get(kind)
    for item in attributes.get("items", []):
        if allowed is not None and set(item) - allowed:
            error = "Validation failed: Content attributes contains invalid keys for items"
            raise RefusedError(422, {"error": error})


def sender_of(api, who, body):
    if isinstance(who, User) and body.get("sender_type") == "AgentBot":
        return api.world.bots.get(whole(body.get("sender_id"))) or who
    return who


def attachment(number, file, account):
    _name, filename, kind, content = file
    family = kind.partition("/")[0]
    return {
        "id": 5501 + number,
        "message_id": 0,
        "file_type": family if family in ("image", "audio", "video") else "file",
        "account_id": account.id,
        "extension": filename.rpartition(".")[2],
        "content_type": kind,
        "data_url": f"https://chat.example.com/rails/active_storage/blobs/redirect/S/{filename}",
        "thumb_url": "",
        "file_size": len(content),
        "width": None,
        "height": None,
    }


def list_messages(api, request, who, account, names):
    conversation = api.conversation(account, names, who)
    before, after = (whole(request.query.get(n, [None])[0]) for n in ("before", "after"))
    rows = conversation.messages
    if "filter_internal_messages" in request.query:
        rows = [m for m in rows if not m.is_private and m.kind != "activity"]
    if before > 0 and after > 0:
        rows = [m for m in rows if after <= m.id < before][:1000]
    elif after >= 0:
        rows = [m for m in rows if m.id > after][:100]
    elif before >= 0:
        rows = [m for m in rows if m.id < before][-20:]
    else:
        rows = rows[-20:]
    meta = {
        "labels": list(conversation.labels),
        "additional_attributes": {},
        "contact": {"payload": [shapes.contact(conversation.contact, has_type=True)]},
        "agent_last_seen_at": None,
        "assignee_last_seen_at": None,
    }
    return Answer(200, {"meta": meta, "payload": [shapes.message(m) for m in rows]})


def show_conversation(api, request, who, account, names):
    return Answer(200, shapes.conversation(api.conversation(account, names, who)))


def list_conversations(api, request, who, account, names):
    status = request.query.get("status", ["open"])[0]
    inbox_id = whole(request.query.get("inbox_id", [None])[0])
    rows = [c for c in api.world.conversations.values() if c.account_id == account.id]
    rows = [c for c in rows if inbox_id in (-1, c.inbox.id) and may_see(api, c, who)]
    rows = [c for c in rows if status in ("all", c.status)]
    rows.sort(key=lambda c: c.active_at, reverse=True)
    page = max(1, whole(request.query.get("page", ["1"])[0]))
    counts = {
        "mine_count": sum(c.assignee is who for c in rows),
        "assigned_count": sum(c.assignee is not None for c in rows),
        "unassigned_count": sum(c.assignee is None for c in rows),
        "all_count": len(rows),
    }
    shown = [shapes.conversation(c) for c in rows[25 * (page - 1) : 25 * page]]
    return Answer(200, {"data": {"meta": counts, "payload": shown}})


def may_see(api, conversation, who):
    try:
        api.check_member(conversation.inbox, who)
    except RefusedError:
        return False
    return True


def toggle_status(api, request, who, account, names):
    conversation, status = api.conversation(account, names, who), request.body.get("status")
    if status is None:
        api.complaints.append("toggle_status without a status does whatever comes next")
        status = "resolved" if conversation.status == "open" else "open"
    if status not in ("open", "resolved", "pending", "snoozed"):
        raise RefusedError(500, b"<html>ArgumentError</html>")
    is_handoff = isinstance(who, Bot) and (conversation.status, status) == ("pending", "open")
    is_agent = isinstance(who, User) and who.role == "agent"
    if is_agent and (conversation.status, status) == ("pending", "open"):
        api.world.assign(conversation, who)
    until = request.body.get("snoozed_until")
    api.world.change_status(conversation, status, by=who, snoozed_until=until)
    payload = {
        "success": None if is_handoff else True,
        "conversation_id": conversation.id,
        "current_status": conversation.status,
        "snoozed_until": shapes.iso(conversation.snoozed_until),
    }
    return Answer(200, {"meta": {}, "payload": payload})


def toggle_typing(api, request, who, account, names):
    conversation = api.conversation(account, names, who)
    status = request.body.get("typing_status")
    if status in ("on", "off"):
        api.world.types(conversation, who, status == "on")
    return Answer(200)


def toggle_priority(api, request, who, account, names):
    priority = request.body.get("priority")
    if priority not in (None, "low", "medium", "high", "urgent"):
        raise RefusedError(500, b"<html>ArgumentError</html>")
    api.world.change(api.conversation(account, names, who), priority=priority)
    return Answer(200)


def assign(api, request, who, account, names):
    conversation, body = api.conversation(account, names, who), request.body
    if "assignee_id" not in body and "team_id" in body:
        team = api.world.teams.get(whole(body["team_id"]))
        api.world.change(conversation, team=team)
        return Answer(200, shapes.team(team)) if team else NULL
    rows = api.world.bots if body.get("assignee_type") == "AgentBot" else api.world.users
    row = rows.get(whole(body.get("assignee_id")))
    row = row if row and row.account_id in (account.id, None) else None
    api.world.assign(conversation, row)
    if row is None:
        return NULL
    is_bot = isinstance(row, Bot)
    return Answer(200, shapes.bot(row, shows_secrets=False) if is_bot else shapes.user(row))


def set_attributes(api, request, who, account, names):
    values = request.body.get("custom_attributes") or {}
    if any(isinstance(value, str) and len(value) > 1500 for value in values.values()):
        invalid("Custom attributes is too long", "custom_attributes")
    conversation = api.conversation(account, names, who)
    api.world.change(conversation, custom_attributes=values)
    return Answer(200, {"custom_attributes": values})


def labels_of(api, request, who, account, names):
    return Answer(200, {"payload": list(api.conversation(account, names, who).labels)})


def set_labels(api, request, who, account, names):
    conversation = api.conversation(account, names, who)
    api.world.change(conversation, labels=list(request.body.get("labels") or []))
    return Answer(200, {"payload": list(conversation.labels)})


def mark_read(api, request, who, account, names):
    conversation = api.conversation(account, names, who)
    conversation.agent_seen_at = time.time()
    return Answer(200, shapes.conversation(conversation))


def show_contact(api, request, who, account, names):
    row = api.row(api.world.contacts, names["contact"], account)
    return Answer(200, {"payload": shapes.contact(row) | {"contact_inboxes": []}})


def search_contacts(api, request, who, account, names):
    text = request.query.get("q", [""])[0].lower()
    if not text:
        raise RefusedError(422, {"error": "Specify search string with parameter q"})
    rows = [c for c in api.world.contacts.values() if c.account_id == account.id]
    rows = [c for c in rows if any(text in (part or "").lower() for part in words_of(c))]
    page = max(1, whole(request.query.get("page", ["1"])[0]))
    meta = {"count": len(rows), "current_page": page, "has_more": len(rows) > 15 * page}
    shown = [shapes.contact(c) for c in rows[15 * (page - 1) : 15 * page]]
    return Answer(200, {"meta": meta, "payload": shown})


def words_of(contact):
    return contact.name, contact.email, contact.phone_number, contact.identifier


def update_contact(api, request, who, account, names):
    row = api.row(api.world.contacts, names["contact"], account)
    values = dict(request.body)
    phone = values.get("phone_number")
    if phone and not re.fullmatch(r"\+[1-9]\d{1,14}", phone):
        invalid("Phone number should be in e164 format", "phone_number")
    others = [c for c in api.world.contacts.values() if c.account_id == account.id and c is not row]
    for name in ("email", "identifier", "phone_number"):
        if values.get(name) and any(getattr(c, name) == values[name] for c in others):
            invalid(f"{name} has already been taken", name)
    api.world.change_contact(row, values)
    return Answer(200, {"payload": shapes.contact(row)})


def of_account(rows, account, shape):
    return [shape(row) for row in rows.values() if row.account_id in (account.id, None)]


def list_inboxes(api, request, who, account, names):
    return Answer(200, {"payload": of_account(api.world.inboxes, account, shapes.inbox)})


def list_agents(api, request, who, account, names):
    return Answer(200, of_account(api.world.users, account, shapes.user))


def list_teams(api, request, who, account, names):
    return Answer(200, of_account(api.world.teams, account, shapes.team))


def list_labels(api, request, who, account, names):
    def shape(row):
        body = {"id": row.id, "title": row.title, "description": row.description}
        return body | {"color": "#1f93ff", "show_on_sidebar": True}

    return Answer(200, {"payload": of_account(api.world.labels, account, shape)})


def list_bots(api, request, who, account, names):
    shows = who.role == "administrator"
    rows = of_account(api.world.bots, account, lambda row: shapes.bot(row, shows_secrets=shows))
    return Answer(200, rows)


def create_bot(api, request, who, account, names):
    body = request.body
    if not body.get("name"):
        invalid("Name can't be blank", "name")
    url, description = body.get("outgoing_url", ""), body.get("description", "")
    row = api.world.add_bot(account, body["name"], url, description)
    return Answer(200, shapes.bot(row, shows_secrets=True))


def update_bot(api, request, who, account, names):
    row = api.row(api.world.bots, names["bot"], account)
    if row.account_id is None:
        raise RefusedError(401, {"error": "You are not authorized to do this action"})
    for name in ("name", "description", "outgoing_url"):
        setattr(row, name, request.body.get(name, getattr(row, name)))
    return Answer(200, shapes.bot(row, shows_secrets=True))


def bot_of_inbox(api, request, who, account, names):
    inbox = api.row(api.world.inboxes, names["inbox"], account)
    bot = api.world.bots.get(inbox.bot_id)
    return Answer(200, {"agent_bot": shapes.bot(bot, shows_secrets=False) if bot else {}})


def set_bot(api, request, who, account, names):
    inbox = api.row(api.world.inboxes, names["inbox"], account)
    number = request.body.get("agent_bot")
    inbox.bot_id = None if number is None else api.row(api.world.bots, number, account).id
    return Answer(200)


def list_webhooks(api, request, who, account, names):
    rows = of_account(api.world.webhooks, account, shapes.webhook)
    return Answer(200, {"payload": {"webhooks": rows}})


def create_webhook(api, request, who, account, names):
    body = request.body.get("webhook", request.body)
    for name in body.keys() - {"url", "name", "subscriptions"}:
        api.complaints.append(f"POST webhooks: “{name}” is not documented")
    if not str(body.get("url", "")).startswith("http"):
        invalid("Url is invalid", "url")
    if any(
        w.url == body["url"] and w.account_id == account.id for w in api.world.webhooks.values()
    ):
        invalid("Url has already been taken", "url")
    if not set(body.get("subscriptions", [])) <= ACCOUNT_EVENTS:
        invalid("Subscriptions Invalid events", "subscriptions")
    row = api.world.add_webhook(account, **body)
    return Answer(200, {"payload": {"webhook": shapes.webhook(row)}})


BASE = "/api/v1/accounts/<account>"
ONE = f"{BASE}/conversations/<conversation>"
LISTED = frozenset(
    {"status", "assignee_type", "inbox_id", "team_id", "labels[]", "q", "page", "sort_by"}
)
PAGED = frozenset({"before", "after", "filter_internal_messages"})
ADMIN = {"is_for_administrators": True}


def needs(*fields):
    return {"fields": frozenset(fields)}


ROUTES = (
    Route("GET", "/api/v1/profile", profile),
    Route("POST", f"{ONE}/messages", create_message, OLD, fields=frozenset(MESSAGE_FIELDS)),
    Route("GET", f"{ONE}/messages", list_messages, query=PAGED),
    Route("GET", ONE, show_conversation, (4, 14, 2)),
    Route("GET", f"{BASE}/conversations", list_conversations, query=LISTED),
    Route("POST", f"{ONE}/toggle_status", toggle_status, OLD, **needs("status", "snoozed_until")),
    Route(
        "POST",
        f"{ONE}/toggle_typing_status",
        toggle_typing,
        (4, 11, 2),
        **needs("typing_status", "is_private"),
    ),
    Route("POST", f"{ONE}/toggle_priority", toggle_priority, OLD, **needs("priority")),
    Route(
        "POST",
        f"{ONE}/assignments",
        assign,
        (3, 6, 0),
        **needs("assignee_id", "assignee_type", "team_id"),
    ),
    Route(
        "POST",
        f"{ONE}/custom_attributes",
        set_attributes,
        (4, 2, 0),
        **needs("custom_attributes"),
    ),
    Route("GET", f"{ONE}/labels", labels_of, (4, 14, 2)),
    Route("POST", f"{ONE}/labels", set_labels, (4, 14, 2), **needs("labels")),
    Route("POST", f"{ONE}/update_last_seen", mark_read),
    Route(
        "GET", f"{BASE}/contacts/search", search_contacts, query=frozenset({"q", "page", "sort"})
    ),
    Route("GET", f"{BASE}/contacts/<contact>", show_contact),
    Route("PUT", f"{BASE}/contacts/<contact>", update_contact, fields=frozenset(CONTACT_FIELDS)),
    Route("GET", f"{BASE}/inboxes", list_inboxes),
    Route("GET", f"{BASE}/inboxes/<inbox>/agent_bot", bot_of_inbox),
    Route("POST", f"{BASE}/inboxes/<inbox>/set_agent_bot", set_bot, **ADMIN, **needs("agent_bot")),
    Route("GET", f"{BASE}/agents", list_agents),
    Route("GET", f"{BASE}/teams", list_teams),
    Route("GET", f"{BASE}/labels", list_labels),
    Route("GET", f"{BASE}/agent_bots", list_bots),
    Route(
        "POST",
        f"{BASE}/agent_bots",
        create_bot,
        **ADMIN,
        **needs("name", "description", "outgoing_url", "bot_type", "bot_config"),
    ),
    Route(
        "PATCH",
        f"{BASE}/agent_bots/<bot>",
        update_bot,
        **ADMIN,
        **needs("name", "description", "outgoing_url", "bot_type", "bot_config"),
    ),
    Route("GET", f"{BASE}/webhooks", list_webhooks, **ADMIN),
    Route(
        "POST",
        f"{BASE}/webhooks",
        create_webhook,
        **ADMIN,
        **needs("webhook", "url", "name", "subscriptions"),
    ),
)
