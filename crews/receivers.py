"""What crews do when something happened in a conversation."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from crews.models import Turn
from crews.signals import turn_ended
from knowledge import usage


@receiver(turn_ended, dispatch_uid="note_what_was_used")
def note_what_was_used(turn: Turn, **_options: Any) -> None:
    if turn.sources:
        pieces = {source["piece"] for source in turn.sources}
        usage.note(turn.tenant, pieces, now=timezone.now())
