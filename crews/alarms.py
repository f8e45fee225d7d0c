"""What staff must know of: written down while it lasts, and told once by mail and by post."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from crews.models import Alarm, AlarmKind
from integrations.failures import RemoteError
from integrations.http import Session
from tenants import configuration
from tenants.access import Role
from tenants.models import Membership, Tenant, User

logger = logging.getLogger(__name__)

SERVICE = "alarms"
SECONDS = 10.0
MOST_POSTS = 10
MOST_LISTED = 20
CLAIM_LASTS = timedelta(minutes=5)
TRIED_FOR = timedelta(days=1)
# What ended and comes back within this time is the same matter, and is not told again.
SAME_MATTER = timedelta(minutes=15)

CONVERSATION = "conversation:"

Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Matter:
    """`text` says in the language of the company what happens and what to do, without a word of
    a customer; `about` tells apart matters of one kind.
    """

    tenant_id: int
    kind: AlarmKind
    about: str
    text: str

    @property
    def key(self) -> Key:
        return self.tenant_id, self.kind, self.about


def lasting() -> dict[Key, Alarm]:
    return {_key(row): row for row in Alarm.objects.filter(ended_at=None).order_by("pk")}


def raise_alarms(matters: Collection[Matter], *, now: datetime) -> None:
    """One row for each while it lasts, however many processes notice it at the same time."""
    known = _known(matters, now=now)
    again = Alarm.objects.filter(pk__in=[row.pk for row in known.values()])
    again.update(ended_at=None, seen_at=now, times=models.F("times") + 1)
    Alarm.objects.bulk_create(
        [_row(matter, now) for matter in matters if matter.key not in known],
        ignore_conflicts=True,
    )


def end_alarms(alarms: Iterable[Alarm], *, now: datetime) -> int:
    """Nobody is told; the rows say since when it is over."""
    rows = Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms], ended_at=None)
    count: int = rows.update(ended_at=now)
    return count


def untold(*, now: datetime) -> list[int]:
    """Companies with alarms that nobody has heard of, or not everybody."""
    rows = _due(now=now).order_by("tenant").values_list("tenant", flat=True)
    return list(rows.distinct())


def tell(tenant: Tenant, *, now: datetime) -> None:
    """One mail about everything new, and a post about each; what fails is left for the next call.

    Of several processes one gets to tell; another one may after five minutes, if it died.
    """
    if not _due(now=now).filter(tenant=tenant).update(claimed_at=now):
        return
    claimed = Alarm.objects.filter(tenant=tenant, claimed_at=now)
    alarms = list(claimed.order_by("raised_at", "pk"))
    is_mailed = _mail(tenant, [row for row in alarms if row.mailed_at is None], now=now)
    is_posted = _post(tenant, [row for row in alarms if row.posted_at is None], now=now)
    claimed.update(claimed_at=None, told_at=now if is_mailed and is_posted else None)


def name_of(conversation_id: int) -> str:
    """What an alarm about a conversation is about."""
    return f"{CONVERSATION}{conversation_id}"


def say(sentence: Any, language: str, **words: Any) -> str:
    with translation.override(language):
        return str(sentence) % words


def _key(row: Alarm) -> Key:
    return row.tenant_id, row.kind, row.about


def _known(matters: Collection[Matter], *, now: datetime) -> dict[Key, Alarm]:
    """Rows of these that last, or did a moment ago; of two the newer one."""
    wanted = {matter.key for matter in matters}
    lasts = models.Q(ended_at=None) | models.Q(ended_at__gte=now - SAME_MATTER)
    rows = Alarm.objects.filter(lasts, tenant__in={tenant_id for tenant_id, *_ in wanted})
    newest = rows.order_by(models.F("ended_at").asc(nulls_last=True), "pk")
    return {_key(row): row for row in newest if _key(row) in wanted}


def _row(matter: Matter, now: datetime) -> Alarm:
    return Alarm(
        tenant_id=matter.tenant_id,
        kind=matter.kind,
        about=matter.about,
        text=matter.text[:500],
        raised_at=now,
        seen_at=now,
    )


def _due(*, now: datetime) -> Any:
    """Also what is over already: it happened."""
    is_free = models.Q(claimed_at=None) | models.Q(claimed_at__lt=now - CLAIM_LASTS)
    return Alarm.objects.filter(is_free, told_at=None, raised_at__gte=now - TRIED_FOR)


def _mail(tenant: Tenant, alarms: Sequence[Alarm], *, now: datetime) -> bool:
    """Whether there is nothing left to try."""
    if not alarms:
        return True
    receivers = _owners(tenant) or _platform_admins()
    if not receivers or not settings.EMAIL_URL:
        logger.warning("Alarms reach nobody by e-mail: %s", tenant.slug)
        return True
    subject, body = _words(tenant, alarms)
    try:
        EmailMessage(subject, body, to=receivers).send()
    except OSError as error:
        logger.warning("Alarms could not be mailed: %s", type(error).__name__)
        return False
    Alarm.objects.filter(pk__in=[row.pk for row in alarms]).update(mailed_at=now)
    return True


def _owners(tenant: Tenant) -> list[str]:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    return list(owners.order_by("pk").values_list("user__email", flat=True))


def _platform_admins() -> list[str]:
    admins = User.objects.filter(is_superuser=True, is_active=True)
    return list(admins.order_by("pk").values_list("email", flat=True))


def _words(tenant: Tenant, alarms: Sequence[Alarm]) -> tuple[str, str]:
    with translation.override(tenant.language), timezone.override(ZoneInfo(tenant.time_zone)):
        values = {
            "company": tenant.name,
            "alarms": alarms[:MOST_LISTED],
            "more": max(len(alarms) - MOST_LISTED, 0),
            "count": len(alarms),
            "address": f"{settings.PUBLIC_URL}{reverse('admin:crews_alarm_changelist')}",
        }
        subject = render_to_string("crews/alarm_subject.txt", values)
        return " ".join(subject.split()), render_to_string("crews/alarm.txt", values)


def _post(tenant: Tenant, alarms: Sequence[Alarm], *, now: datetime) -> bool:
    """Whether there is nothing left to try. The address lets everybody post who knows it."""
    url = configuration.effective(tenant.pk).setting("alarm_webhook_url")
    if not url:
        return True
    session = Session(tenant, service=SERVICE, connection=SERVICE, seconds=SECONDS)
    for row in alarms[:MOST_POSTS]:
        news = _news(tenant, row)
        try:
            session.request("POST", url, json=news, is_idempotent=True, is_path_secret=True)
        except RemoteError as error:
            logger.warning("An alarm could not be posted: %s", type(error).__name__)
            return False
        Alarm.objects.filter(pk=row.pk).update(posted_at=now)
    return len(alarms) <= MOST_POSTS


def _news(tenant: Tenant, alarm: Alarm) -> Mapping[str, Any]:
    """`id` is the same whenever the same alarm is posted again. Chats show `text`."""
    page = reverse("admin:crews_alarm_change", args=[alarm.pk])
    return {
        "event": "alarm_raised",
        "id": alarm.pk,
        "company": tenant.slug,
        "kind": alarm.kind.replace(" ", "_"),
        "about": alarm.about,
        "text": alarm.text,
        "since": alarm.raised_at.isoformat(),
        "over_since": alarm.ended_at.isoformat() if alarm.ended_at else None,
        "address": f"{settings.PUBLIC_URL}{page}",
    }
