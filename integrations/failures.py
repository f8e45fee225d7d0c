"""What can go wrong with a remote system, as callers see it and as staff read it.

The sentences do not tell a closed port from a slow one or from one that speaks no HTTP: whoever
may type an address could otherwise use them to look around in a network. Logs name the cause.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

# Asking again may help; every other 4xx says that the request itself is wrong.
PASSING_STATUSES = frozenset({408, 425, 429})


class RemoteError(Exception):
    """A call that gave no result; `str()` is a sentence for staff that names the next step.

    `permanent`: asking again will not help. `outcome_unknown`: the call may have had its effect.
    `is_unwell`: it says something about the health of the remote system.
    """

    sentence: Any = _("The service could not be asked. Try again later.")
    permanent = False
    is_unwell = False

    def __init__(
        self,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__()
        self.status = status
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown

    def __str__(self) -> str:
        return str(self.sentence)


class NoAnswerError(RemoteError):
    """Not reached, too slow, broken off, or no HTTP."""

    sentence = _(
        "The service gave no usable answer in time. Check the address and whether it is running."
    )
    is_unwell = True


class AddressRefusedError(RemoteError):
    sentence = _(
        "This address may not be called. Use a public https address, or ask the operator to open "
        "its network with OUTBOUND_ALLOW_CIDRS."
    )
    permanent = True


class UnsendableError(RemoteError):
    sentence = _(
        "The request holds characters that cannot be sent. Enter the credentials again, without "
        "line breaks and accents."
    )
    permanent = True


class AnswerTooLargeError(RemoteError):
    sentence = _("The answer of the service is larger than allowed. Ask for less at a time.")
    permanent = True


class NotJsonError(RemoteError):
    sentence = _("The service answered something else than JSON. Check the address.")
    permanent = True


class TooManyCallsError(RemoteError):
    sentence = _("Too many calls to this service at the same time. Try again in a moment.")


class CircuitOpenError(RemoteError):
    sentence = _("The service failed several times and is left alone for a while. Try again later.")


class StatusError(RemoteError):
    """The service answered, and refused or failed. `reply` is the answer."""

    def __init__(self, reply: Any, **details: Any) -> None:
        super().__init__(status=reply.status, **details)
        self.reply = reply
        self.permanent = reply.status < 500 and reply.status not in PASSING_STATUSES
        self.is_unwell = reply.status >= 500

    def __str__(self) -> str:
        return str(_sentence_for(self.status or 0)) % {"status": self.status}


def _sentence_for(status: int) -> Any:
    if status in {401, 403}:
        return _("The service refused the credentials (status %(status)s). Check them.")
    if status == 429:
        return _("The service asks for fewer calls (status %(status)s). Try again later.")
    if status >= 500:
        return _("The service failed (status %(status)s). Try again later.")
    return _("The service refused the request (status %(status)s). Check address and settings.")
