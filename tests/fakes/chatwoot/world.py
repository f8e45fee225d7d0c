"""The accounts of a Chatwoot, what people and bots do in them, and whom it tells."""

import re
import secrets
import threading
import time

from tests.fakes.chatwoot import shapes
from tests.fakes.chatwoot.deliveries import Deliveries, Delivery
from tests.fakes.chatwoot.rows import (
    API,
    WHATSAPP,
    WIDGET,
    Account,
    Bot,
    Contact,
    Conversation,
    Inbox,
    Label,
    Message,
    Numbers,
    Team,
    User,
    Webhook,
)

ACCOUNT_EVENTS = {
    "message_created",
    "message_updated",
    "conversation_created",
    "conversation_updated",
    "conversation_status_changed",
    "conversation_typing_on",
    "conversation_typing_off",
    "webwidget_triggered",
    "contact_created",
    "contact_updated",
    "inbox_created",
    "inbox_updated",
}
BOT_EVENTS = {
    "message_created",
    "message_updated",
    "conversation_updated",
    "conversation_status_changed",
    "conversation_opened",
    "conversation_resolved",
    "webwidget_triggered",
}
BOT_EVENTS_SINCE_4_13 = {"conversation_updated", "conversation_status_changed"}
INBOX_EVENTS = ACCOUNT_EVENTS - {
    "contact_created",
    "contact_updated",
    "inbox_created",
    "inbox_updated",
}
MESSAGE_EVENTS = {"message_created", "message_updated"}
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


class World:
    """Everything that happens in the stand-in, whoever does it. Times are seconds since 1970."""

    def __init__(self, version="4.15.1"):
        self.version = version
        self.deliveries = Deliveries()
        self.accounts, self.users, self.bots, self.teams = {}, {}, {}, {}
        self.labels, self.inboxes, self.contacts, self.webhooks = {}, {}, {}, {}
        self.conversations = {}
        self.most_messages_per_minute = 200
        self.handoffs = []  # conversations that a bot gave to people
        self.lock = threading.RLock()
        self._numbers = Numbers()

    @property
    def version_numbers(self):
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])

    def add_account(self, name="Loja Aurora"):
        return self._keep(self.accounts, Account(self._numbers.next("account", 3), name))

    def add_user(self, account, name="Rafael", role="agent", inboxes=None):
        number = self._numbers.next("user", 2)
        email = f"{name.lower()}{number}@chat.example.com"
        ids = None if inboxes is None else {inbox.id for inbox in inboxes}
        row = User(number, account.id, name, email, role, new_token("user"), ids)
        return self._keep(self.users, row)

    def add_bot(self, account, name="Aurora Bot", url="", description=""):
        number = self._numbers.next("bot", 7)
        owner = account.id if account else None
        token, secret = new_token("bot"), secrets.token_urlsafe(24)
        row = Bot(number, owner, name, token, secret, url, description)
        return self._keep(self.bots, row)

    def add_team(self, account, name="vendas"):
        return self._keep(self.teams, Team(self._numbers.next("team", 5), account.id, name))

    def add_label(self, account, title):
        return self._keep(self.labels, Label(self._numbers.next("label"), account.id, title))

    def add_inbox(self, account, name="Site", channel=WIDGET, bot=None, webhook_url=""):
        secret = secrets.token_urlsafe(24) if channel == API else ""
        number = self._numbers.next("inbox", 12)
        bot_id = bot.id if bot else None
        row = Inbox(number, account.id, name, channel, bot_id, webhook_url, secret)
        return self._keep(self.inboxes, row)

    def add_webhook(self, account, url, subscriptions=("message_created",), name=""):
        number = self._numbers.next("webhook")
        secret = secrets.token_urlsafe(24)
        row = Webhook(number, account.id, url, name, list(subscriptions), secret)
        return self._keep(self.webhooks, row)

    def add_contact(self, account, name="Marina Prado", **values):
        row = Contact(self._numbers.next("contact", 640), account.id, name, **values)
        self._keep(self.contacts, row)
        self._tell_account("contact_created", account.id, lambda: self._contact_event(row))
        return row

    def _keep(self, rows, row):
        with self.lock:
            rows[row.id] = row
        return row

    def customer_writes(self, text, conversation=None, *, inbox=None, contact=None, **values):
        """In a conversation, or the first message of a new one."""
        with self.lock:
            conversation = conversation or self._open_conversation(inbox, contact)
            self._wake_up(conversation)
            conversation.can_reply = True
            conversation.waiting_since = conversation.waiting_since or time.time()
            return self.add_message(
                conversation, "incoming", text, sender=conversation.contact, **values
            )

    def _open_conversation(self, inbox, contact):
        account = self.accounts[inbox.account_id]
        contact = contact or self.add_contact(account)
        number = self._numbers.next(f"conversation of {account.id}", 205)
        bot = self.bots.get(inbox.bot_id)
        status = "pending" if bot else "open"
        row = Conversation(
            number, account.id, inbox, contact, "resolved" if contact.is_blocked else status
        )
        if bot and self.version_numbers >= (4, 16):
            row.assignee = bot
        self.conversations[account.id, number] = row
        self._tell("conversation_created", row, lambda: self._conversation_event(row))
        return row

    def _wake_up(self, conversation):
        """A resolved one goes back to the bot, one that was put off goes to people."""
        if conversation.status == "resolved" and not conversation.contact.is_blocked:
            has_bot = conversation.inbox.bot_id is not None
            self.change_status(conversation, "pending" if has_bot else "open")
        elif conversation.status == "snoozed":
            self.change_status(conversation, "open")

    def customer_types(self, conversation, is_typing=True):
        self._typing(conversation, conversation.contact, is_typing)

    def customer_opens_widget(self, inbox, contact):
        body = {
            "id": contact.id + 900,
            "contact": shapes.contact(contact, of=self.accounts[contact.account_id]),
            "inbox": {"id": inbox.id, "name": inbox.name},
            "account": shapes.account(self.accounts[inbox.account_id]),
            "current_conversation": None,
            "source_id": f"visitor-{contact.id}",
            "event_info": {"referer": "https://loja.example.com/", "widget_language": "pt_BR"},
        }
        self._tell_inbox("webwidget_triggered", inbox, lambda: body)

    def agent_replies(self, conversation, text, user=None, *, is_private=False):
        """Does not open a conversation that is with the bot, and does not assign it."""
        user = user or self.someone(conversation.account_id)
        return self.add_message(conversation, "outgoing", text, sender=user, is_private=is_private)

    def agent_takes_over(self, conversation, user=None):
        """Assigns it to a person, who opens it."""
        user = user or self.someone(conversation.account_id)
        self.assign(conversation, user)
        if conversation.status != "open":
            self.change_status(conversation, "open", by=user)

    def agent_replies_on_phone(self, conversation, text):
        attributes = {"external_echo": True}
        return self.add_message(conversation, "outgoing", text, content_attributes=attributes)

    def agent_resolves(self, conversation):
        self.change_status(conversation, "resolved", by=self.someone(conversation.account_id))

    def agent_snoozes(self, conversation, until=None):
        user = self.someone(conversation.account_id)
        self.change_status(conversation, "snoozed", by=user, snoozed_until=until)

    def agent_gives_back(self, conversation):
        self.change_status(conversation, "pending", by=self.someone(conversation.account_id))

    def agent_deletes(self, message):
        message.content = "This message was deleted"
        message.content_attributes = {**message.content_attributes, "deleted": True}
        self._tell_message("message_updated", message)

    def template_greets(self, conversation, text):
        return self.add_message(conversation, "template", text)

    def someone(self, account_id):
        return next(user for user in self.users.values() if user.account_id == account_id)

    def add_message(self, conversation, kind, text, **values):
        if kind == "outgoing" and text:
            text = LIQUID.sub("", text)
        with self.lock:
            number = self._numbers.next("message", 88110)
            row = Message(number, conversation, kind, text, **values)
            conversation.messages.append(row)
            conversation.active_at = row.created_at
            if kind == "outgoing" and not row.is_private:
                conversation.waiting_since = 0
            self._tell_message("message_created", row)
            return row

    def check_window(self, message):
        """What is sent too late is taken, and fails afterwards."""
        conversation = message.conversation
        is_late = conversation.inbox.channel == WHATSAPP and not conversation.can_reply
        if is_late and not message.is_private:
            self.channel_fails(message, "131047: Re-engagement message")

    def channel_fails(self, message, error):
        message.status = "failed"
        message.content_attributes = {**message.content_attributes, "external_error": error}
        self._tell_message("message_updated", message)

    def channel_reports(self, message, status):
        message.status = status
        message.source_id = message.source_id or f"wamid.{message.id}"
        self._tell_message("message_updated", message)

    def change_status(self, conversation, status, *, by=None, snoozed_until=None):
        with self.lock:
            before = conversation.status
            if before == status:
                return
            conversation.status = status
            conversation.snoozed_until = snoozed_until if status == "snoozed" else None
            if isinstance(by, Bot) and (before, status) == ("pending", "open"):
                self.handoffs.append(conversation)
                conversation.waiting_since = time.time()
            self._release_bot(conversation)
            changes = {"status": (before, status)}
            self._tell_conversation("conversation_status_changed", conversation)
            self._tell_conversation("conversation_updated", conversation, changes)
            if status in OLD_EVENTS:
                self._tell_conversation(OLD_EVENTS[status], conversation)

    def _release_bot(self, conversation):
        is_of_bot = isinstance(conversation.assignee, Bot)
        if self.version_numbers >= (4, 16) and conversation.status == "open" and is_of_bot:
            conversation.assignee = None

    def assign(self, conversation, row):
        """To a person, a bot, or nobody."""
        with self.lock:
            before, conversation.assignee = conversation.assignee, row
            column = "assignee_agent_bot_id" if isinstance(row, Bot) else "assignee_id"
            change = (before.id if before else None, row.id if row else None)
            self._tell_conversation("conversation_updated", conversation, {column: change})
            is_taken = isinstance(before, Bot) and isinstance(row, User)
            if self.version_numbers >= (4, 16) and is_taken and conversation.status == "pending":
                self.change_status(conversation, "open", by=row)

    def change(self, conversation, **values):
        """Labels, priority, custom attributes, team."""
        with self.lock:
            changes = {}
            for name, value in values.items():
                changes[COLUMNS.get(name, name)] = (
                    _plain(getattr(conversation, name)),
                    _plain(value),
                )
                setattr(conversation, name, value)
            self._tell_conversation("conversation_updated", conversation, changes)

    def change_contact(self, contact, values):
        changes = {}
        for name, value in values.items():
            if name in ("custom_attributes", "additional_attributes"):
                value = {**getattr(contact, name), **value}
            changes[name] = (getattr(contact, name), value)
            setattr(contact, name, value)
        body = self._contact_event(contact) | {"changed_attributes": _changed(changes)}
        self._tell_account("contact_updated", contact.account_id, lambda: body)

    def types(self, conversation, who, is_typing):
        self._typing(conversation, who, is_typing)

    def _typing(self, conversation, who, is_typing):
        account = self.accounts[conversation.account_id]
        body = {
            "user": shapes.sender(who, of=account),
            "conversation": self._conversation_event(conversation),
            "is_private": False,
        }
        event = f"conversation_typing_{'on' if is_typing else 'off'}"
        self._tell(event, conversation, lambda: body)

    def _tell_message(self, event, message):
        message.conversation.updated_at = time.time()
        account = self.accounts[message.conversation.account_id]

        def body():
            conversation = self._conversation_event(message.conversation)
            return shapes.message_event(message, account) | {"conversation": conversation}

        self._tell(event, message.conversation, body, message=message)

    def _tell_conversation(self, event, conversation, changes=None):
        conversation.updated_at = time.time()
        changed = _changed(changes) if changes else None

        def body():
            return self._conversation_event(conversation) | {"changed_attributes": changed}

        self._tell(event, conversation, body)

    def _tell(self, event, conversation, body, message=None):
        self._tell_bots(event, conversation, body, message)
        self._tell_account(event, conversation.account_id, body)
        self._tell_api_inbox(event, conversation.inbox, body, message)

    def _tell_inbox(self, event, inbox, body):
        bot = self.bots.get(inbox.bot_id)
        if bot and bot.outgoing_url:
            self._send(event, bot.outgoing_url, self._bot_secret(bot), body(), is_tried_again=True)
        self._tell_account(event, inbox.account_id, body)
        self._tell_api_inbox(event, inbox, body, None)

    def _tell_bots(self, event, conversation, body, message):
        """The bot of the inbox and the bot it is assigned to; what they get is as of now."""
        if event not in BOT_EVENTS:
            return
        if event in BOT_EVENTS_SINCE_4_13 and self.version_numbers < (4, 13):
            return
        bots = {conversation.inbox.bot_id: self.bots.get(conversation.inbox.bot_id)}
        if isinstance(conversation.assignee, Bot):
            bots[conversation.assignee.id] = conversation.assignee
        now = body()
        for bot in bots.values():
            if bot and bot.outgoing_url:
                self._send(
                    event,
                    bot.outgoing_url,
                    self._bot_secret(bot),
                    now,
                    is_tried_again=True,
                    on_failure=lambda: self._bot_failed(event, conversation),
                )

    def _bot_secret(self, bot):
        return bot.secret if self.version_numbers >= (4, 13) else ""

    def _bot_failed(self, event, conversation):
        account = self.accounts[conversation.account_id]
        if event in MESSAGE_EVENTS and not account.keeps_pending_on_failure:
            with self.lock:
                if conversation.status == "pending":
                    self.change_status(conversation, "open")
                    text = "Conversation was marked open by system due to an error with the bot."
                    self.add_activity(conversation, text)

    def add_activity(self, conversation, text):
        """Lines between messages; no webhook tells of them."""
        number = self._numbers.next("message", 88110)
        conversation.messages.append(Message(number, conversation, "activity", text))

    def _tell_account(self, event, account_id, body):
        """What these get is built when it is sent."""
        is_signed = self.version_numbers >= (4, 11, 2)
        for row in list(self.webhooks.values()):
            if row.account_id == account_id and event in row.subscriptions:
                self._send(event, row.url, row.secret if is_signed else "", body)

    def _tell_api_inbox(self, event, inbox, body, message):
        if event not in INBOX_EVENTS or inbox.channel != API or not inbox.webhook_url:
            return
        secret = inbox.secret if self.version_numbers >= (4, 13) else ""
        if event in MESSAGE_EVENTS:
            self._send(
                event,
                inbox.webhook_url,
                secret,
                body,
                on_failure=lambda: self._mark_failed(message),
            )
        else:
            self._send(event, inbox.webhook_url, secret, body)

    def _mark_failed(self, message):
        message.status = "failed"

    def _send(self, event, url, secret, body, *, is_tried_again=False, on_failure=None):
        def make_body():
            with self.lock:
                return (body() if callable(body) else body) | {"event": event}

        settings = {} if on_failure is None else {"on_failure": on_failure}
        if not secret:
            settings["id"] = ""
        self.deliveries.send(Delivery(event, url, secret, is_tried_again, make_body, **settings))

    def _conversation_event(self, conversation):
        is_named = self.version_numbers >= (4, 14, 2)
        account = self.accounts[conversation.account_id] if is_named else None
        return shapes.conversation_event(conversation, account)

    def _contact_event(self, contact):
        return shapes.contact(contact, of=self.accounts[contact.account_id])


OLD_EVENTS = {"open": "conversation_opened", "resolved": "conversation_resolved"}
COLUMNS = {"labels": "label_list", "team": "team_id"}


def new_token(what):
    return f"{what}-{secrets.token_hex(12)}"


def _plain(value):
    return value.id if isinstance(value, Team) else value


def _changed(changes):
    return [
        {name: {"previous_value": before, "current_value": after}}
        for name, (before, after) in changes.items()
    ]
