"""Facts that integrations announce."""

from django.dispatch import Signal

# A call to a remote system ended: service, outcome, seconds.
call_ended = Signal()

# A call of a model ended: use, outcome, seconds, tokens_in, tokens_out.
model_called = Signal()
