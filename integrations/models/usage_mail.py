"""That the figures of a month were mailed to the owners of a company."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantModel


class UsageMail(TenantModel):
    """One per company and month: whoever makes the row sends the mail."""

    is_audited: ClassVar[bool] = False

    month = models.CharField(_("month"), max_length=7)
    claimed_at = models.DateTimeField(_("begun at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail about usage")
        verbose_name_plural = _("mails about usage")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "month"], name="integrations_usagemail_once_a_month"
            ),
        ]

    def __str__(self) -> str:
        return self.month
