"""One request to a remote system, as a record: to whom, how it ended, how long it took."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.scoping import TenantModel


class Outcome(models.TextChoices):
    """How a call ended; what went wrong without an answer is one outcome, on purpose."""

    ANSWERED = "answered", pgettext_lazy("call", "answered")
    REFUSED = "refused", pgettext_lazy("call", "request refused")
    FAILED = "failed", pgettext_lazy("call", "service failed")
    NO_ANSWER = "no answer", pgettext_lazy("call", "no usable answer")
    TOO_LARGE = "too large", pgettext_lazy("call", "answer too large")
    CLOSED_ADDRESS = "closed address", pgettext_lazy("call", "address not allowed")
    HELD_BACK = "held back", pgettext_lazy("call", "held back")
    INTERRUPTED = "interrupted", pgettext_lazy("call", "interrupted")


class RemoteCall(TenantModel):
    is_audited: ClassVar[bool] = False

    service = models.CharField(_("service"), max_length=40)
    connection = models.CharField(_("connection"), max_length=120)
    method = models.CharField(_("method"), max_length=10)
    address = models.CharField(_("address"), max_length=300)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    bytes_out = models.PositiveBigIntegerField(_("bytes sent"), default=0)
    bytes_in = models.PositiveBigIntegerField(_("bytes received"), default=0)
    tries = models.PositiveSmallIntegerField(_("tries"), default=1)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    turn = models.BigIntegerField(_("turn"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("remote call")
        verbose_name_plural = _("remote calls")
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-created_at"], name="integrations_remotecall_newest"),
            models.Index(fields=["created_at"], name="integrations_remotecall_age"),
            models.Index(fields=["tenant", "turn"], name="integrations_remotecall_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.address}"
