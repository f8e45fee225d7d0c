"""The system page: how each dependency does, in words, with what to do about it."""

from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chatwoot_ai import health
from chatwoot_ai.models import Pulse
from tenants.vault import encryption, sealing

NAMES = {
    "database": _("Database"),
    "migrations": _("Migrations"),
    "keys": _("Master keys"),
    "workers": _("Workers"),
    "messages": _("Customers' messages"),
    "disk": _("Disk"),
    "redis": "Redis",
    "broker": _("Message broker"),
    "qdrant": _("Search server"),
}
REMEDIES = {
    "database": _("Check DATABASE_URL and that the database server runs."),
    "migrations": _("Run: manage.py migrate"),
    "keys": _("Set MASTER_KEYS as it was, or secrets cannot be read."),
    "workers": _("Start the workers and the scheduler; they report every 30 seconds."),
    "messages": _("Start workers for the chat queue, or more of them; then they are answered."),
    "disk": _("Free some space or move DATA_DIR to a larger disk."),
    "redis": _("Check REDIS_URL. Until then everything works without a shared cache, more slowly."),
    "broker": _("Check CELERY_BROKER_URL. Messages are kept and answered once it is back."),
    "qdrant": _("Check QDRANT_URL and that the search server runs."),
}


@dataclass(frozen=True, slots=True)
class RedisUsage:
    memory: str
    peak: str
    limit: str
    keys: int
    hit_percent: int | None
    evicted: int
    clients: int


def show(site: Any, request: HttpRequest) -> HttpResponse:
    if not request.access.reaches_everything:  # type: ignore[attr-defined]  # AccessMiddleware
        raise PermissionDenied
    findings = health.examine()
    context = {
        **site.each_context(request),
        "title": _("System"),
        "overall": health.overall(findings),
        "rows": [
            {"name": NAMES[name], "found": found, "remedy": REMEDIES[name]}
            for name, found in findings.items()
        ],
        "pulses": Pulse.objects.order_by("queue"),
        "redis": redis_usage() if settings.REDIS_URL else None,
        "facts": facts(),
    }
    return TemplateResponse(request, "admin/status.html", context)


def facts() -> list[tuple[Any, str]]:
    return [
        (_("Address"), settings.PUBLIC_URL),
        (_("Database"), settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]),
        (
            _("Background work"),
            "Celery" if settings.CELERY_BROKER_URL else str(_("in this process")),
        ),
        (_("Data folder"), str(settings.DATA_DIR)),
        (_("Master keys"), _master_keys()),
        (_("Test domain"), settings.CHATWOOT_DOMAIN or "–"),
        ("Python", python_version()),
        ("Django", version("django")),
    ]


def _master_keys() -> str:
    """How far the change from old master keys is."""
    old = encryption.keys_under_old_master()
    if not old:
        return str(_("“%(id)s” protects all keys") % {"id": sealing.first_master_id()})
    message = ngettext(
        "%(count)s key is still protected by an old master key: run manage.py rotate_keys",
        "%(count)s keys are still protected by an old master key: run manage.py rotate_keys",
        old,
    )
    return message % {"count": old}


def redis_usage() -> RedisUsage | None:
    """What Redis says of itself, or None while it does not answer."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1, retry=None
        ) as client:
            return _usage(client.info(), client.dbsize())
    except (redis.RedisError, OSError):
        return None


def _usage(info: Any, keys: Any) -> RedisUsage:
    hits, misses = info.get("keyspace_hits", 0), info.get("keyspace_misses", 0)
    asked = hits + misses
    return RedisUsage(
        memory=info.get("used_memory_human", ""),
        peak=info.get("used_memory_peak_human", ""),
        limit=info.get("maxmemory_human", ""),
        keys=int(keys),
        hit_percent=round(100 * hits / asked) if asked else None,
        evicted=info.get("evicted_keys", 0),
        clients=info.get("connected_clients", 0),
    )
