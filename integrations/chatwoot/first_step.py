"""What a new company still needs of Chatwoot: a connection whose events arrive."""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from integrations.chatwoot import rights
from integrations.models import Connection
from tenants.models import Tenant
from tenants.onboarding import Point, TestFailedError


def first_step(tenant: Tenant) -> Point:
    rows = Connection.objects.for_tenant(tenant).filter(is_enabled=True)
    seen_first = models.F("webhook_seen_at").asc(nulls_last=True)
    connection: Any = rows.order_by(seen_first, "pk").first()

    def test() -> str:
        failed = rights.failed(rights.check(connection))
        if failed:
            raise TestFailedError(" ".join(row.sentence for row in failed[:2]))
        return _("All rights of “%(name)s” are there.") % {"name": connection}

    is_seen = connection is not None and connection.webhook_seen_at is not None
    return Point(
        key="chatwoot",
        title=_("Connect a Chatwoot"),
        is_done=is_seen,
        explanation=_explanation(connection, is_seen=is_seen),
        page="integrations_connection_change"
        if connection
        else "integrations_connection_changelist",
        page_args=(connection.pk,) if connection else (),
        test=test if connection else None,
    )


def _explanation(connection: Connection | None, *, is_seen: bool) -> str:
    if connection is None:
        return _("No Chatwoot is connected yet.")
    if not is_seen:
        return _("“%(name)s” is connected, but nothing has arrived yet.") % {"name": connection}
    return _("Events of “%(name)s” arrive.") % {"name": connection}
