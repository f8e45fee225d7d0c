"""Rows that commands are given by name."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from tenants.models import Tenant

MOST_NAMED = 20


def tenant_named(slug: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is not None:
        return tenant
    known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:MOST_NAMED])
    message = _("There is no company “%(slug)s”. Known: %(known)s")
    raise CommandError(message % {"slug": slug, "known": known or "–"})
