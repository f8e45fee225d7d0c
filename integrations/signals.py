"""Facts that integrations announce."""

from django.dispatch import Signal

# A call to a remote system ended: service, outcome, seconds.
call_ended = Signal()
