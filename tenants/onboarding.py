"""What a new company still needs: points that show what is set and can be tried.

Each part of the product names its points in the setting ONBOARDING_POINTS: a dotted path of a
function that takes the company and gives a `Point`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from tenants import configuration, credentials, hours, resolution, usage
from tenants.access import Role
from tenants.models import ChannelMapping, Configuration, Credential, Membership, Tenant


class TestFailedError(Exception):
    """A point was tried and does not work; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Point:
    """`page` is the name of the admin address where it is set, `test` tries it and tells how."""

    key: str
    title: str
    is_done: bool
    explanation: str
    page: str
    page_args: tuple[Any, ...] = ()
    test: Callable[[], str] | None = None


def points_of(tenant: Tenant) -> list[Point]:
    return [import_string(path)(tenant) for path in settings.ONBOARDING_POINTS]


def try_point(tenant: Tenant, key: str) -> str:
    """Raises `TestFailedError` when it does not work."""
    point = next((point for point in points_of(tenant) if point.key == key), None)
    if point is None or point.test is None:
        raise TestFailedError(_("There is nothing to try here."))
    return point.test()


def domain(tenant: Tenant) -> Point:
    row = Configuration.objects.select_related("domain").get(tenant=tenant)

    def test() -> str:
        config = configuration.effective(tenant.pk)
        words = {"count": len(config.sources), "layers": len(config.layers)}
        return _("%(count)d values are in effect, from %(layers)d layers.") % words

    return Point(
        "domain",
        _("Choose the domain"),
        row.domain is not None,
        str(row.domain) if row.domain else _("The company stands on no domain yet."),
        "tenants_configuration_change",
        (row.pk,),
        test,
    )


def business_hours(tenant: Tenant) -> Point:
    row = Configuration.objects.get(tenant=tenant)
    config = configuration.effective(tenant.pk)
    now = timezone.now()

    def test() -> str:
        if hours.is_open(config, now):
            return _("The company is open now.")
        opening = hours.next_opening(config, now)
        if opening is None:
            raise TestFailedError(_("The company never opens. Check hours and holidays."))
        return _("The company is closed now and opens next on %(when)s.") % {
            "when": opening.strftime("%d/%m/%Y %H:%M")
        }

    return Point(
        "business_hours",
        _("Set business hours and holidays"),
        hours.has_hours(config),
        _("Hours are set.") if hours.has_hours(config) else _("Without hours it is always open."),
        "tenants_configuration_change",
        (row.pk,),
        test,
    )


def channels(tenant: Tenant) -> Point:
    rows = ChannelMapping.objects.for_tenant(tenant).select_related("installation")
    count = rows.count()

    def test() -> str:
        for row in rows:
            found = resolution.find(
                row.installation, account_id=row.account_id, inbox_id=row.inbox_id
            )
            if found is None or found.tenant_id != tenant.pk:
                raise TestFailedError(_("%(channel)s does not lead here.") % {"channel": row})
        return _("All %(count)d channels lead to this company.") % {"count": count}

    return Point(
        "channels",
        _("Map a Chatwoot account"),
        count > 0,
        _("%(count)d channels are mapped.") % {"count": count},
        "tenants_channelmapping_changelist",
        (),
        test if count else None,
    )


def team(tenant: Tenant) -> Point:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    names = [str(row.user) for row in owners.select_related("user").order_by("pk")[:3]]
    return Point(
        "team",
        _("Name an owner"),
        bool(names),
        ", ".join(names) or _("Nobody of the company can change its settings yet."),
        "tenants_membership_changelist",
    )


def secrets(tenant: Tenant) -> Point:
    rows = Credential.objects.for_tenant(tenant).order_by("ref")
    count = rows.count()

    def test() -> str:
        broken = [row.ref for row in rows if not credentials.is_readable(row)]
        if broken:
            message = _("These cannot be read; store them anew: %(refs)s")
            raise TestFailedError(message % {"refs": ", ".join(broken)})
        return _("All %(count)d secrets can be read.") % {"count": count}

    return Point(
        "secrets",
        _("Store the secrets of other systems"),
        count > 0,
        _("%(count)d secrets are stored.") % {"count": count},
        "tenants_credential_changelist",
        (),
        test if count else None,
    )


def budget(tenant: Tenant) -> Point:
    standing = usage.standing(tenant, now=timezone.now())
    return Point(
        "budget",
        _("Set a budget"),
        bool(standing),
        _("%(count)d budgets hold spending back.") % {"count": len(standing)}
        if standing
        else _("Without a budget spending has no end."),
        "tenants_budget_changelist",
    )
