"""Last month's figures, mailed to the owners of each company, once."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from integrations import reports
from integrations.models import LlmCall, UsageMail
from integrations.reports import Line
from tenants.access import Role
from tenants.budgets import budget_words
from tenants.models import Membership, Tenant

logger = logging.getLogger(__name__)

# A server that was down on the first still sends it; later it is no news.
LAST_DAY = 5
CLAIM_LASTS = timedelta(hours=2)


def due(*, now: datetime) -> Iterator[tuple[int, str]]:
    """Companies, each with the month it has not been told about."""
    if not settings.EMAIL_URL:
        return
    for tenant in Tenant.objects.filter(is_active=True).order_by("pk"):
        month = reports.last_month(tenant, now=now)
        is_time = now.astimezone(ZoneInfo(tenant.time_zone)).day <= LAST_DAY
        if is_time and not _is_sent(tenant, month):
            yield tenant.pk, month


def send(tenant: Tenant, month: str, *, now: datetime) -> bool:
    """Whether a mail went out; never by two processes. A month without calls is not reported."""
    lines = reports.lines_of(tenant, month)
    receivers = _owners(tenant)
    if not lines or not receivers or not _claim(tenant, month, now=now):
        return False
    mine = UsageMail.objects.filter(tenant=tenant, month=month)
    try:
        _mail(tenant, month, lines, receivers).send()
    except OSError as error:
        logger.warning("The usage of a month could not be mailed: %s", type(error).__name__)
        mine.delete()
        return False
    mine.update(sent_at=now)
    return True


def _is_sent(tenant: Tenant, month: str) -> bool:
    mails = UsageMail.objects.filter(tenant=tenant, month=month)
    return bool(mails.exclude(sent_at=None).exists())


def _claim(tenant: Tenant, month: str, *, now: datetime) -> bool:
    """By making the row, or by taking over one whose process died before it was done."""
    try:
        with transaction.atomic():
            UsageMail(tenant=tenant, month=month, claimed_at=now).save()
    except IntegrityError:
        left = UsageMail.objects.filter(tenant=tenant, month=month, sent_at=None)
        return bool(left.filter(claimed_at__lt=now - CLAIM_LASTS).update(claimed_at=now))
    return True


def _owners(tenant: Tenant) -> list[str]:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    return list(owners.order_by("pk").values_list("user__email", flat=True))


def _mail(tenant: Tenant, month: str, lines: list[Line], receivers: list[str]) -> EmailMessage:
    cost = reports.total_cost(lines)
    page = reverse(f"admin:{LlmCall._meta.app_label}_{LlmCall._meta.model_name}_changelist")
    with translation.override(tenant.language):
        values = {
            "company": tenant.name,
            "month": f"{month[5:]}/{month[:4]}",
            "calls": budget_words.number(sum(line.calls for line in lines)),
            "tokens": budget_words.number(sum(line.tokens_in + line.tokens_out for line in lines)),
            "cost": None if cost is None else budget_words.money(cost),
            "unpriced": sum(line.unpriced for line in lines),
            "address": f"{settings.PUBLIC_URL}{page}",
        }
        subject = render_to_string("integrations/usage_mail_subject.txt", values)
        body = render_to_string("integrations/usage_mail.txt", values)
        attachment = reports.as_csv(lines)
    mail = EmailMessage(" ".join(subject.split()), body, to=receivers)
    mail.attach(f"{tenant.slug}-{month}.csv", attachment, "text/csv")
    return mail
