"""The first page: what there is, what changed lately; every number leads to its list."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from crews.admin.filters import DRAFTED, OPEN, TODAY, WAITS, last_midnight
from crews.models import Alarm, Conversation, Outcome, Reason, Turn
from tenants import usage
from tenants.access import Access, Area, Verb
from tenants.admin.base import access_of
from tenants.audit import Action
from tenants.budgets import budget_words
from tenants.models import ApiToken, AuditEntry, Budget, Membership, Tenant
from tenants.models.spending import WARNING_PERCENT

DAYS = 14
LATEST = 8
MOST_ALARMS = 5


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    access = access_of(request)
    may_see_log = admin.site._registry[AuditEntry].has_view_permission(request)
    return {
        **context,
        "has_no_company": access.tenant is None and not access.is_platform,
        "first_steps": _first_steps(access),
        "budget_warnings": _budget_warnings(request, access),
        "alarms": _alarms(request, access),
        "cards": _cards(request, access),
        "chart": _chart(access) if may_see_log else None,
        "latest": _latest(access) if may_see_log else (),
        "log_address": _address(AuditEntry),
    }


def _first_steps(access: Access) -> str:
    """The way to what a company still needs, for those who can set it."""
    if access.tenant is None or not access.may(Verb.CHANGE, Area.CONFIGURATION):
        return ""
    return reverse("admin:tenants_tenant_getting_started", args=[access.tenant.pk])


def _budget_warnings(request: HttpRequest, access: Access) -> list[dict[str, Any]]:
    """Budgets for a day or month that are nearly or quite used up."""
    page = admin.site._registry[Budget]
    if access.tenant is None or not page.has_view_permission(request):
        return []
    may_change = page.has_change_permission(request)
    return [
        {**_budget_warning(standing), "may_change": may_change}
        for standing in usage.standing(access.tenant, now=timezone.now())
        if standing.is_exceeded or budget_words.percent(standing) >= WARNING_PERCENT
    ]


def _budget_warning(standing: usage.Standing) -> dict[str, Any]:
    budget = standing.budget
    return {
        "is_exceeded": standing.is_exceeded,
        "period": budget.get_period_display(),
        "percent": budget_words.percent(standing),
        "amounts": budget_words.amounts(standing),
        "reaction": budget.get_on_exceed_display(),
        "ends_at": budget_words.end(standing.ends_at),
        "link": reverse("admin:tenants_budget_change", args=[budget.pk]),
    }


def _alarms(request: HttpRequest, access: Access) -> list[Alarm]:
    """The newest that are not over."""
    if not admin.site._registry[Alarm].has_view_permission(request):
        return []
    going_on = Alarm.objects.visible_to(access).filter(ended_at=None)
    return list(going_on.select_related("tenant").order_by("-raised_at", "-pk")[:MOST_ALARMS])


def _cards(request: HttpRequest, access: Access) -> list[dict[str, Any]]:
    cards: list[dict[str, Any] | None] = list(_of_conversations(request, access))
    if access.reaches_everything:
        cards.append(_card(request, access, Tenant, _("Companies")))
    cards.append(_card(request, access, Membership, _("People in the team")))
    cards.append(_card(request, access, ApiToken, _("API tokens")))
    cards.append(_failed_sign_ins(request, access))
    return [card for card in cards if card]


def _of_conversations(request: HttpRequest, access: Access) -> Iterator[dict[str, Any]]:
    if not admin.site._registry[Conversation].has_view_permission(request):
        return
    waiting = Conversation.objects.visible_to(access).filter(WAITS)
    link = _address(Conversation, waiting="yes")
    yield {"title": _("Waiting now"), "number": waiting.count(), "link": link}
    yield from _of_turns(access)
    alarms = Alarm.objects.visible_to(access).filter(ended_at=None)
    link = _address(Alarm, standing=OPEN)
    yield {"title": _("Alarms"), "number": alarms.count(), "link": link}


def _of_turns(access: Access) -> Iterator[dict[str, Any]]:
    """Those that began today. Drafts are shown where there are any: a company that tries the
    platform has nothing else."""
    is_draft = Q(reason=Reason.SUGGESTED)
    found = Turn.objects.visible_to(access).filter(started_at__gte=last_midnight())
    counts = found.order_by().aggregate(
        drafted=Count("pk", filter=is_draft),
        handed_off=Count("pk", filter=Q(outcome=Outcome.HANDED_OFF) & ~is_draft),
        answered=Count("pk", filter=Q(outcome=Outcome.ANSWERED)),
    )
    titles = {
        Outcome.HANDED_OFF.value: _("Handed to people today"),
        DRAFTED: _("Drafts today"),
        Outcome.ANSWERED.value: _("Answered today"),
    }
    for outcome, title in titles.items():
        if counts[outcome] or outcome != DRAFTED:
            link = _address(Turn, outcome=outcome, begun=TODAY)
            yield {"title": title, "number": counts[outcome], "link": link}


def _card(request: HttpRequest, access: Access, model: Any, title: Any) -> dict[str, Any] | None:
    if not admin.site._registry[model].has_view_permission(request):
        return None
    count = model.objects.visible_to(access).count()
    return {"title": title, "number": count, "link": _address(model)}


def _failed_sign_ins(request: HttpRequest, access: Access) -> dict[str, Any] | None:
    """Nobody knows whose a failed sign-in was, so only the platform sees them."""
    if not access.reaches_everything:
        return None
    since = timezone.now() - timedelta(days=1)
    failed = AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED, created_at__gte=since)
    link = _address(AuditEntry, action__exact=Action.SIGN_IN_FAILED)
    return {"title": _("Failed sign-ins in 24 hours"), "number": failed.count(), "link": link}


def _chart(access: Access) -> dict[str, str]:
    """Changes per day, as the theme's bar chart wants them."""
    today = timezone.localdate()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    counts = _changes_per_day(access, since=days[0])
    data = {
        "labels": [date_format(day, "SHORT_DATE_FORMAT")[:5] for day in days],
        "datasets": [
            {
                "label": str(_("Changes")),
                "data": [counts[day] for day in days],
                "backgroundColor": "var(--color-primary-500)",
            }
        ],
    }
    return {"data": json.dumps(data), "total": str(sum(counts.values()))}


def _changes_per_day(access: Access, *, since: date) -> Counter[date]:
    rows = (
        AuditEntry.objects.visible_to(access)
        .filter(
            created_at__date__gte=since, action__in=(Action.CREATED, Action.CHANGED, Action.DELETED)
        )
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(number=Count("pk"))
        .order_by("day")
    )
    return Counter({row["day"]: row["number"] for row in rows})


def _latest(access: Access) -> Any:
    return AuditEntry.objects.visible_to(access).order_by("-created_at", "-pk")[:LATEST]


def _address(model: Any, **filters: str) -> str:
    meta = model._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{page}?{urlencode(filters)}" if filters else page
