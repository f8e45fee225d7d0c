"""New companies: from a starter, or as a copy of another one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import configuration
from tenants.config import documents, layers
from tenants.models import Domain, Tenant

STARTERS = {
    "furniture": gettext_lazy("Furniture"),
    "cosmetics": gettext_lazy("Cosmetics"),
    "health": gettext_lazy("Health"),
    "retail": gettext_lazy("Retail"),
    "blank": gettext_lazy("Blank, with Brazilian holidays and hours"),
}
FOLDER = Path(settings.BASE_DIR) / "templates" / "tenants"
CopyPart = Callable[..., None]


@transaction.atomic
def make(slug: str, *, name: str = "", starter: str = "blank") -> Tenant:
    """Refuses a short name that is taken or no short name, with `ValidationError`."""
    tenant = Tenant(slug=slug, name=name or slug)
    tenant.full_clean()
    tenant.save()
    apply_starter(tenant, starter)
    return tenant


def apply_starter(tenant: Tenant, starter: str) -> None:
    """The starter's domains are made if they are missing; those that exist stay as they are."""
    document = _read(f"{starter}.yaml")
    with configuration.changing(note=_("Starter “%(name)s”") % {"name": starter}):
        if document.get("domain"):
            _ensure_domain(document["domain"])
        configuration.write(tenant, {**layers.document_of_tenant(tenant), **document})


@transaction.atomic
def copy(source: Tenant, *, slug: str, name: str) -> Tenant:
    """Configuration and what later parts copy. Never people, channels, tokens or secrets."""
    tenant = Tenant(slug=slug, name=name, language=source.language, time_zone=source.time_zone)
    tenant.full_clean()
    tenant.save()
    document = {**layers.document_of_tenant(source), "name": name}
    document.pop("channels", None)
    with configuration.changing(note=_("Copy of another company")):
        configuration.write(tenant, document)
    for path in settings.COPIED_WITH_COMPANY:
        part: CopyPart = import_string(path)
        part(source, tenant)
    return tenant


def check_starter(name: str) -> None:
    if name not in STARTERS:
        message = _("There is no starter “%(name)s”. Known: %(known)s")
        words = {"name": name, "known": ", ".join(STARTERS)}
        raise ValidationError(message, code="starter", params=words)


def _ensure_domain(slug: str) -> None:
    if Domain.objects.filter(slug=slug).exists():
        return
    document = _read(f"domains/{slug}.yaml")
    for parent in document.get("parents", ()):
        _ensure_domain(parent)
    configuration.write_domain(Domain.objects.create(slug=slug, name=slug), document)


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = documents.read((FOLDER / name).read_bytes()).value
    return document
