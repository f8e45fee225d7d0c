"""Periodic upkeep of companies' rows."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tenants.models import CredentialAccess


@shared_task
def drop_old_credential_accesses() -> None:
    oldest = timezone.now() - timedelta(days=settings.CREDENTIAL_ACCESS_DAYS)
    CredentialAccess.objects.drop_older_than(oldest)
