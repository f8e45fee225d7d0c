"""The stand-in for Chatwoot in a process of its own, with one account for each company.

Told what to do by `tests.benchmarks.talking`: customers write at given moments, and afterwards it
says when each message of a bot arrived.
"""

import threading
import time

from tests.benchmarks.talking import serve
from tests.fakes.chatwoot import FakeChatwoot

MOST_UNDER_WAY = 24
PATIENCE_SECONDS = 60  # longer than Chatwoot's: what is slow is to be seen as slow, not as lost

fake = FakeChatwoot()
accounts = {}  # number → (inbox, bot)


def furnish(count):
    """Accounts, each with a bot that has the only inbox."""
    fake.world.deliveries.seconds = PATIENCE_SECONDS
    fake.start()
    return {"url": fake.url, "accounts": [_furnished(number) for number in range(count)]}


def _furnished(number):
    world = fake.world
    account = world.add_account(f"Loja {number}")
    user = world.add_user(account, "Iara", "administrator")
    bot = world.add_bot(account)
    inbox = world.add_inbox(account, "Site", bot=bot)
    accounts[account.id] = (inbox, bot)
    return {
        "account": account.id,
        "inbox": inbox.id,
        "bot": bot.id,
        "bot_token": bot.token,
        "user_token": user.token,
        "secret": bot.secret,
    }


def tell(doors):
    for door in doors:
        _inbox, bot = accounts[door["account"]]
        bot.outgoing_url = door["url"]


def write(account, text="Bom dia! Vocês abrem hoje?", conversation=None):
    """A new customer, or the one of a conversation."""
    inbox, _bot = accounts[account]
    world = fake.world
    row = world.conversations[account, conversation] if conversation else None
    contact = None if row else world.add_contact(world.accounts[account], "Cliente")
    message = world.customer_writes(text, row, inbox=inbox, contact=contact)
    return {
        "account": account,
        "conversation": message.conversation.id,
        "message": message.id,
        "at": message.created_at,
    }


def write_at(plan):
    """`plan`: seconds from now, account and text; answered once all is written."""
    started, written = time.monotonic(), []
    for seconds, account, text in plan:
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        written.append(write(account, text))
    return written


_flood = None


def flood(account, conversations, messages, text):
    """Begins it; `flood_left` says how many messages are not yet delivered."""
    global _flood
    _flood = {"left": conversations * messages}
    thread = threading.Thread(
        target=_flow, args=(account, conversations, messages, text), daemon=True
    )
    thread.start()


def _flow(account, conversations, messages, text):
    numbers = [None] * conversations
    for _round in range(messages):
        for place in range(conversations):
            while fake.world.deliveries.under_way > MOST_UNDER_WAY:
                time.sleep(0.005)
            numbers[place] = write(account, text, numbers[place])["conversation"]
            _flood["left"] -= 1


def flood_left():
    return _flood["left"]


def replies(since=0.0):
    """What bots have said to customers since a message."""
    return [
        {
            "account": conversation.account_id,
            "conversation": conversation.id,
            "message": message.id,
            "at": message.created_at,
            "text": message.content,
        }
        for conversation in list(fake.world.conversations.values())
        for message in list(conversation.messages)
        if message.kind == "outgoing" and not message.is_private and message.id > since
    ]


def state():
    """What else happened: conversations given to people, and requests no documentation allows."""
    failed = [d.statuses for d in fake.world.deliveries.sent if not d.arrived]
    return {
        "handoffs": len(fake.world.handoffs),
        "complaints": fake.complaints[:5],
        "failed_deliveries": failed[:5],
        "requests": len(fake.heard),
    }


if __name__ == "__main__":
    serve(
        {
            "furnish": furnish,
            "tell": tell,
            "write": write,
            "write_at": write_at,
            "flood": flood,
            "flood_left": flood_left,
            "replies": replies,
            "state": state,
        }
    )
