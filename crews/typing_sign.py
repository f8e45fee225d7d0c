"""The sign that somebody types, where the channel shows it: after a moment, and never for ever."""

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crews.desk import Desk
from crews.texts import channels
from integrations.failures import RemoteError

logger = logging.getLogger(__name__)

SHOWN_AFTER_SECONDS = 1.0


@contextmanager
def shown(desk: Desk, *, was_interrupted: bool) -> Iterator[None]:
    """An answer that is ready at once needs no sign. `was_interrupted`: a worker that died may have
    left it on.
    """
    is_seen = desk.mode == "automatic" and not desk.is_sandbox
    if not is_seen or not channels.shows_typing(desk.conversation.channel_kind):
        yield
        return
    context = contextvars.copy_context()
    timer = threading.Timer(SHOWN_AFTER_SECONDS, context.run, [_set, desk, True])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if was_interrupted or desk.is_typing:
            _set(desk, is_typing=False)


def _set(desk: Desk, is_typing: bool) -> None:
    desk.is_typing = is_typing
    try:
        desk.client.set_typing(desk.conversation.number, is_typing)
    except RemoteError as error:
        logger.info("Typing could not be shown: %s", type(error).__name__)
