"""Start the stand-in by hand; commands come from the keyboard, or by POST to /_control."""

import argparse
import contextlib
import sys
import threading

from tests.fakes.chatwoot import CONTROL, FakeChatwoot
from tests.fakes.chatwoot.commands import HELP, do


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", default="4.15.1", help="which Chatwoot to be")
    parser.add_argument("--bot-url", default="", help="where the bot is told what happens")
    options = parser.parse_args()
    fake = FakeChatwoot(options.port, options.version)
    fake.tell_bot(options.bot_url)
    fake.start()
    say(f"address     {fake.url}", f"control     {fake.url}{CONTROL}")
    say(
        f"account     {fake.account.id}",
        f"inbox       {fake.inbox.id}",
        f"bot         {fake.bot.id}",
    )
    say(f"bot token   {fake.bot.token}", f"user token  {fake.admin.token}")
    say(f"secret      {fake.bot.secret}", HELP)
    for line in sys.stdin:
        say(do(fake, line))
    threading.Event().wait()


def say(*lines):
    print(*lines, sep="\n", flush=True)  # noqa: T201  this is what it is started for


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
