"""Alerts when a budget reaches 80 % and its limit: marked once, told once, also after a crash."""

import logging
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.db.models.functions import Least
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from tenants.access import Role
from tenants.budgets import budget_words, windows
from tenants.models import Budget, Membership, Spending
from tenants.models.budget import Period
from tenants.models.spending import LIMIT_PERCENT, WARNING_PERCENT
from tenants.signals import budget_threshold_crossed

logger = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(minutes=5)
TRIED_FOR = timedelta(days=1)


def mark(spending_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Note which thresholds the used amounts reached; returns the rows with something to tell."""
    return [row.pk for row in _rows(spending_ids) if _mark(row, row.reached_percent, now=now)]


def mark_exhausted(spending_ids: Iterable[int], *, now: datetime) -> list[int]:
    """The same for rows that had no room for a call, though less than the limit was used."""
    return [row.pk for row in _rows(spending_ids) if _mark(row, LIMIT_PERCENT, now=now)]


def rearm(budget: Budget, *, now: datetime) -> None:
    """After a limit was changed: what is below a threshold again may reach it again."""
    rows = budget.spendings.all()
    if budget.period != Period.CONVERSATION:
        rows = rows.filter(window__in=windows.present_anywhere(now=now))
    _unmark(rows.filter(exceeded_at__isnull=False), budget, LIMIT_PERCENT, exceeded_at=None)
    _unmark(rows.filter(warned_at__isnull=False), budget, WARNING_PERCENT, warned_at=None)


def send(spending_id: int, *, now: datetime) -> None:
    """Tell everybody concerned about the highest threshold they have not heard of."""
    counted = Spending.objects.filter(pk=spending_id)
    if not _due(now=now).filter(pk=spending_id).exists():
        return
    if not counted.filter(_unclaimed(now)).update(alert_claimed_at=now):
        return
    row = counted.select_related("budget", "tenant").get()
    percent = row.crossed_percent
    if row.announced_percent < percent:
        budget_threshold_crossed.send_robust(Spending, spending=row, percent=percent)
        counted.update(announced_percent=percent)
    if row.mailed_percent < percent and _mail(row, percent=percent):
        counted.update(mailed_percent=percent)
    counted.update(alert_claimed_at=None)


def left_behind(*, now: datetime) -> list[int]:
    """Rows whose alert nobody sent: the task was lost, its process died, the mail was refused."""
    return list(_due(now=now).filter(_unclaimed(now)).order_by("pk").values_list("pk", flat=True))


def _rows(spending_ids: Iterable[int]) -> models.QuerySet[Spending]:
    rows: models.QuerySet[Spending] = Spending.objects.filter(pk__in=spending_ids)
    return rows.select_related("budget").order_by("pk")


def _mark(row: Spending, percent: int, *, now: datetime) -> bool:
    """Conditional, so that of several workers one gets to tell. Conversations are only marked."""
    if percent <= row.crossed_percent:
        return False
    unmarked = Spending.objects.filter(pk=row.pk)
    is_new = unmarked.filter(warned_at=None).update(warned_at=now)
    if percent >= LIMIT_PERCENT:
        is_new = unmarked.filter(exceeded_at=None).update(exceeded_at=now)
    return bool(is_new) and row.budget.period != Period.CONVERSATION


def _unmark(rows: models.QuerySet[Spending], budget: Budget, percent: int, **marks: None) -> None:
    below = models.Q()
    if budget.token_limit is not None:
        below &= models.Q(used_tokens__lt=math.ceil(budget.token_limit * percent / Decimal(100)))
    if budget.money_limit is not None:
        below &= models.Q(used_money__lt=budget.money_limit * percent / 100)
    told = WARNING_PERCENT if percent == LIMIT_PERCENT else 0
    rows.filter(below).update(
        announced_percent=Least("announced_percent", told),
        mailed_percent=Least("mailed_percent", told),
        **marks,
    )


def _due(*, now: datetime) -> models.QuerySet[Spending]:
    """Marked but not told, and recent enough to be news."""
    since = now - TRIED_FOR
    limit = models.Q(exceeded_at__gte=since) & _not_told(LIMIT_PERCENT)
    warning = models.Q(warned_at__gte=since) & _not_told(WARNING_PERCENT)
    rows: models.QuerySet[Spending] = Spending.objects.filter(limit | warning)
    return rows.exclude(budget__period=Period.CONVERSATION)


def _not_told(percent: int) -> models.Q:
    return models.Q(announced_percent__lt=percent) | models.Q(mailed_percent__lt=percent)


def _unclaimed(now: datetime) -> models.Q:
    return models.Q(alert_claimed_at=None) | models.Q(alert_claimed_at__lt=now - CLAIM_LASTS)


def _mail(row: Spending, *, percent: int) -> bool:
    """Whether there is nothing left to try."""
    receivers = row.budget.alert_emails or _owners(row)
    if not receivers or not settings.EMAIL_URL:
        logger.warning("An alert of a budget reaches nobody by e-mail: %s", row.pk)
        return True
    subject, body = _words(row, percent=percent)
    try:
        EmailMessage(subject, body, to=receivers).send()
    except OSError as error:
        logger.warning("The alert of a budget could not be mailed: %s", type(error).__name__)
        return False
    return True


def _owners(row: Spending) -> list[str]:
    owners = Membership.objects.filter(
        tenant_id=row.tenant_id, role=Role.OWNER, user__is_active=True
    )
    return list(owners.order_by("pk").values_list("user__email", flat=True))


def _words(row: Spending, *, percent: int) -> tuple[str, str]:
    tenant, budget = row.tenant, row.budget
    page = reverse("admin:tenants_budget_change", args=[budget.pk])
    crossed_at = row.exceeded_at or row.warned_at or row.updated_at
    with translation.override(tenant.language):
        values = {
            "tenant": tenant,
            "budget": budget,
            "is_limit": percent >= LIMIT_PERCENT,
            "amounts": budget_words.amounts(row),
            "ends_at": budget_words.end(windows.end_of(budget.period, tenant, now=crossed_at)),
            "address": f"{settings.PUBLIC_URL}{page}",
        }
        subject = render_to_string("tenants/budget_alert_subject.txt", values)
        return " ".join(subject.split()), render_to_string("tenants/budget_alert.txt", values)
