"""Facts about conversations that are announced to whoever listens."""

from django.dispatch import Signal

# A turn came to its end: `turn` with its outcome and reason.
turn_ended = Signal()
