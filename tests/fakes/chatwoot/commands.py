"""What a person at a keyboard, or another process, can let happen in the stand-in."""

import shlex

HELP = """\
write TEXT               a new customer writes
write-in N TEXT          the customer of conversation N writes
reply N TEXT             a person answers
note N TEXT              a person writes a private note
phone N TEXT             a person answers on the phone
take N | resolve N | snooze N | give-back N
bot URL                  where the bot is told what happens
webhook URL              an account webhook for messages and conversations
lose [EVENT] | double [EVENT] | hold | release | release-reversed
show [N] | deliveries | complaints | heard | help
"""


def do(fake, line):
    """One line in, lines out."""
    try:
        name, *words = shlex.split(line) or ["help"]
        command = COMMANDS.get(name)
        return command(fake, *words) if command else f"Unknown: {name}\n{HELP}"
    except (ValueError, TypeError, KeyError) as error:
        return f"That did not work: {error!r}\n{HELP}"


def write(fake, *words):
    contact = fake.world.add_contact(fake.account, "Cliente")
    row = fake.world.customer_writes(" ".join(words), inbox=fake.inbox, contact=contact)
    return f"conversation {row.conversation.id}, message {row.id}"


def in_conversation(act):
    def command(fake, number, *words):
        row = fake.world.conversations[fake.account.id, int(number)]
        act(fake, row, " ".join(words))
        return f"conversation {row.id}: {row.status}"

    return command


def show(fake, number=None):
    rows = fake.world.conversations.values()
    lines = []
    for row in rows:
        if number in (None, str(row.id)):
            who = row.assignee.name if row.assignee else "nobody"
            lines.append(f"{row.id} {row.status}, {who}, labels {row.labels}")
            lines += [f"  {line_of(m)}" for m in row.messages]
    return "\n".join(lines) or "nothing yet"


def line_of(message):
    who = message.sender.name if message.sender else "–"
    private = " (private)" if message.is_private else ""
    return f"{message.id} {message.kind}{private} {who}: {message.content}"


def set_bot_url(fake, url):
    fake.tell_bot(url)
    return f"secret {fake.bot.secret}"


def add_webhook(fake, url):
    events = ["message_created", "conversation_updated", "conversation_status_changed"]
    return f"secret {fake.world.add_webhook(fake.account, url, events).secret}"


def deliveries(fake):
    sent = [f"{d.event} {d.statuses}" for d in fake.world.deliveries.sent]
    return "\n".join(sent) or "none"


def heard(fake):
    return "\n".join(f"{h.method} {h.path} {h.status}" for h in fake.heard) or "nothing"


def of_deliveries(act):
    def command(fake, *words):
        act(fake.world.deliveries, *words)
        return "ok"

    return command


COMMANDS = {
    "write": write,
    "write-in": in_conversation(lambda f, row, text: f.world.customer_writes(text, row)),
    "reply": in_conversation(lambda f, row, text: f.world.agent_replies(row, text)),
    "note": in_conversation(lambda f, row, text: f.world.agent_replies(row, text, is_private=True)),
    "phone": in_conversation(lambda f, row, text: f.world.agent_replies_on_phone(row, text)),
    "take": in_conversation(lambda f, row, _text: f.world.agent_takes_over(row)),
    "resolve": in_conversation(lambda f, row, _text: f.world.agent_resolves(row)),
    "snooze": in_conversation(lambda f, row, _text: f.world.agent_snoozes(row)),
    "give-back": in_conversation(lambda f, row, _text: f.world.agent_gives_back(row)),
    "bot": set_bot_url,
    "webhook": add_webhook,
    "lose": of_deliveries(lambda d, *words: d.lose(*words)),
    "double": of_deliveries(lambda d, *words: d.double(*words)),
    "hold": of_deliveries(lambda d: d.hold()),
    "release": of_deliveries(lambda d: d.release()),
    "release-reversed": of_deliveries(lambda d: d.release(is_reversed=True)),
    "show": show,
    "deliveries": deliveries,
    "complaints": lambda fake: "\n".join(fake.complaints) or "none",
    "heard": heard,
    "help": lambda _fake: HELP,
}
