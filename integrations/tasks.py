"""Periodic upkeep of what integrations record."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from integrations.llm import calls
from integrations.models import LlmCall, RemoteCall

CHUNK = 1_000


@shared_task
def drop_old_remote_calls() -> None:
    """In chunks, so that no statement holds the table for long."""
    oldest = timezone.now() - timedelta(days=settings.REMOTE_CALL_DAYS)
    old = RemoteCall.objects.filter(created_at__lt=oldest).order_by("created_at")
    while pks := list(old.values_list("pk", flat=True)[:CHUNK]):
        RemoteCall.objects.filter(pk__in=pks).delete()


@shared_task
def drop_old_model_calls() -> None:
    oldest = timezone.now() - timedelta(days=settings.LLM_CALL_DAYS)
    LlmCall.objects.drop_older_than(oldest)


@shared_task
def settle_model_calls_left_running() -> None:
    calls.settle_left_running(now=timezone.now())
