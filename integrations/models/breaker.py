"""Which remote systems are left alone at the moment, for staff to see; the cache decides."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantModel, TenantQuerySet


class State(models.TextChoices):
    CLOSED = "closed", _("in use")
    OPEN = "open", _("paused")


class BreakerQuerySet(TenantQuerySet):
    def about(self, tenant: models.Model, *, service: str, connection: str) -> Self:
        return self.for_tenant(tenant).filter(service=service, connection=connection)

    def open(self) -> Self:
        return self.filter(state=State.OPEN)


class Breaker(TenantModel):
    """One connection to one service that failed at least once too often."""

    is_audited: ClassVar[bool] = False

    service = models.CharField(_("service"), max_length=40)
    connection = models.CharField(_("connection"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.CLOSED)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    opened_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    tries_again_at = models.DateTimeField(_("tries again at"), null=True, blank=True)
    last_error = models.CharField(_("last failure"), max_length=300, blank=True)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)

    objects: ClassVar[Any] = BreakerQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause of a connection")
        verbose_name_plural = _("pauses of connections")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "service", "connection"],
                name="integrations_breaker_once_per_connection",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} ({self.connection})"
