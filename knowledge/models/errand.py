"""Work that only the process with the search index can do, asked for by another process."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.fields import DocumentField
from tenants.scoping import TenantModel


class ErrandState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Errand(TenantModel):
    is_audited: ClassVar[bool] = False

    kind = models.CharField(max_length=20)
    asked = DocumentField()
    answer = DocumentField()
    error = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=ErrandState, default=ErrandState.WAITING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("errand")
        verbose_name_plural = _("errands")
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["created_at"],
                name="knowledge_errand_waiting",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
