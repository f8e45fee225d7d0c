"""Facts that are announced to parts further up."""

from django.dispatch import Signal

# A day or month budget reached a threshold. `spending` is the counted row with its budget and
# tenant, `percent` is 80 or 100. Sent by a task, again if that task died before it was done.
budget_threshold_crossed = Signal()
