"""Signs of life of the background workers."""

from typing import ClassVar

from django.db import models


class Pulse(models.Model):
    """When a queue last ran its periodic sign of life, and how long that had waited."""

    is_audited: ClassVar[bool] = False

    queue = models.CharField(max_length=40, unique=True)
    ran_at = models.DateTimeField()
    waited_seconds = models.FloatField()

    def __str__(self) -> str:
        return self.queue
