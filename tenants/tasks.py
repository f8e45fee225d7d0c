"""Background work about companies: alerts of budgets and upkeep of what they counted."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tenants.budgets import budget_alerts
from tenants.models import CredentialAccess, Spending


@shared_task
def send_budget_alert(*, spending_id: int) -> None:
    budget_alerts.send(spending_id, now=timezone.now())


@shared_task
def send_budget_alerts_left_behind() -> None:
    for spending_id in budget_alerts.left_behind(now=timezone.now()):
        send_budget_alert.delay(spending_id=spending_id)


@shared_task
def drop_old_spendings() -> None:
    Spending.objects.drop_old(now=timezone.now())


@shared_task
def drop_old_credential_accesses() -> None:
    oldest = timezone.now() - timedelta(days=settings.CREDENTIAL_ACCESS_DAYS)
    CredentialAccess.objects.drop_older_than(oldest)
