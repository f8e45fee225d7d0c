"""Periodic upkeep of what integrations record."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from integrations import budget_webhooks, usage_mails
from integrations.llm import calls
from integrations.models import LlmCall, RemoteCall
from tenants.models import Tenant

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


@shared_task
def post_budget_alert(*, spending_id: int, percent: int) -> None:
    budget_webhooks.post(spending_id, percent=percent)


@shared_task
def mail_usage_of_last_month() -> None:
    for tenant_id, month in usage_mails.due(now=timezone.now()):
        mail_usage.delay(tenant_id=tenant_id, month=month)


@shared_task
def mail_usage(*, tenant_id: int, month: str) -> None:
    tenant = Tenant.objects.filter(pk=tenant_id, is_active=True).first()
    if tenant is not None:
        usage_mails.send(tenant, month, now=timezone.now())
