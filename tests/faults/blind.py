"""Takes away what prevents losses and repetitions, so that the suite can prove it sees them."""

from unittest import mock

from django.apps import AppConfig


class BlindConfig(AppConfig):
    name = "tests.faults"
    label = "blind"

    def ready(self):
        """What arrived is not recognised, nobody is asked before speaking, nothing is read back."""
        from crews import catching_up, intake, outbox
        from crews.models import OutboundState

        take_record = intake.take_record

        def forget_own_marker(arrival, *, reason, marker=""):
            return take_record(arrival, reason=reason)

        def send_again(_desk, row):
            outbox._change(row, OutboundState.UNKNOWN, OutboundState.PENDING)
            return False

        nothing = catching_up.Reading((), ())
        mock.patch.object(intake, "take_record", forget_own_marker).start()
        mock.patch.object(outbox, "_find_out", send_again).start()
        mock.patch.object(outbox, "_ask_who_speaks").start()
        mock.patch.object(catching_up, "catch_up", return_value=nothing).start()
        mock.patch.object(catching_up, "reconcile", return_value=[]).start()
