"""Something staff must know of, from the moment it begins until it is over."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantModel


class AlarmKind(models.TextChoices):
    SILENT_MESSAGE = "silent message", _("a message without an outcome")
    QUEUE_AGE = "queue age", _("conversations wait too long")
    ERROR_RATE = "error rate", _("too many answers fail")
    BREAKER = "breaker", _("a connection is paused")
    CONNECTION = "connection", _("Chatwoot refuses us")


class Alarm(TenantModel):
    """One per matter while it lasts; `about` tells apart matters of one kind.

    `claimed_at`: somebody began to tell it. `told_at`: nothing is left to be told.
    """

    is_audited: ClassVar[bool] = False

    kind = models.CharField(_("kind"), max_length=20, choices=AlarmKind)
    about = models.CharField(_("about"), max_length=120, blank=True)
    text = models.CharField(_("what happened"), max_length=500)
    times = models.PositiveIntegerField(_("times seen"), default=1)
    raised_at = models.DateTimeField(_("since"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    ended_at = models.DateTimeField(_("over since"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True, blank=True)
    posted_at = models.DateTimeField(_("posted at"), null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "about"],
                condition=models.Q(ended_at=None),
                name="crews_alarm_one_while_it_lasts",
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-raised_at"], name="crews_alarm_newest"),
            models.Index(
                fields=["raised_at"],
                name="crews_alarm_untold",
                condition=models.Q(told_at=None),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
