"""The configuration in effect for a company, and every change of it.

`effective` is asked for each message: it merges the layers once and keeps the result in the
process until a version number says otherwise. `changing` wraps a change: it raises the version
and keeps a snapshot, with author and note, in the transaction of the change itself.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from tenants import audit, context, resolution
from tenants.access import Access, Area, Verb
from tenants.config import layers, options, stamps
from tenants.config.documents import Path
from tenants.config.layers import Document, Layer
from tenants.config.stamps import Version
from tenants.models import (
    ChannelMapping,
    Configuration,
    ConfigurationVersion,
    Domain,
    DomainParent,
    Tenant,
)

logger = logging.getLogger(__name__)

OF_THE_COMPANY = ("name", "language", "time_zone")
MOST_KEPT = 5_000
OLDEST_SECONDS = 300


class UnknownDomainError(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(_("There is no domain “%(name)s”.") % {"name": name})


class CircleError(ValidationError):
    """Domains that stand on each other in a circle."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for a company. Values cannot be changed; `sources` says where each came from."""

    tenant_id: int
    version: Version
    domain: str
    values: Mapping[str, Any]
    sources: Mapping[Path, Layer]
    layers: tuple[Layer, ...]

    def get(self, *path: str, default: Any = None) -> Any:
        value: Any = self.values
        for step in path:
            if not isinstance(value, Mapping) or step not in value:
                return default
            value = value[step]
        return value

    def setting(self, key: str) -> Any:
        return self.get("settings", key, default=options.OPTIONS[key].default)


def effective(
    tenant_id: int,
    *,
    domain: str | None = None,
    channel_id: int | None = None,
    version: Version | None = None,
) -> Effective:
    """At most one question to Redis or the database when nothing has changed; none for whoever
    has just asked for the version.
    """
    key = (tenant_id, domain, channel_id)
    kept = _kept.get(key)
    try:
        version = version or stamps.of_tenant(tenant_id)
        if kept is not None and kept.value.version == version and kept.is_fresh():
            return kept.value
        value = _compile(tenant_id, domain, channel_id, version)
    except DatabaseError:
        if kept is None:
            raise
        logger.warning("The database cannot be asked; the configuration known so far is used.")
        return kept.value
    _keep(key, value)
    return value


def setting_of_channels(
    key: str, channels: Collection[tuple[int, int | None]]
) -> dict[tuple[int, int | None], Any]:
    """One setting in as many questions for a thousand companies as for one.

    Channels are named by company and number; without a number it is the company's own setting.
    """
    if not channels:
        return {}
    companies = {tenant_id for tenant_id, _channel in channels}
    rows = Configuration.objects.filter(tenant__in=companies).select_related(
        "domain", "test_domain"
    )
    of_company = {row.tenant_id: row for row in rows}
    numbers = [channel_id for _tenant, channel_id in channels if channel_id is not None]
    mappings = ChannelMapping.objects.filter(pk__in=numbers)
    of_channel = dict(mappings.values_list("pk", "settings"))
    known = _domain_layers(stamps.of_domains())
    found = {}
    for tenant_id, channel_id in channels:
        company = of_company[tenant_id]
        way = layers.linearize(_chosen_domain(company), known.parents)
        domains = [known.rows[slug].settings for slug in way if slug in known.rows]
        near_to_far = [of_channel.get(channel_id, {}), company.settings, *domains]
        value = next((said[key] for said in near_to_far if key in said), None)
        chosen = options.OPTIONS[key].default if value is None else value
        found[tenant_id, channel_id] = chosen
    return found


def inherited_settings(tenant_id: int, *, until: str) -> dict[str, Any]:
    """The settings that the layers before this kind give, for the form of that layer."""
    stack = [layer for layer in effective(tenant_id).layers if layer.kind != until]
    values, _sources = layers.merge(stack)
    return dict(values.get("settings", {}))


def forget() -> None:
    """What this process knows, for tests and for a restored database."""
    global _domains
    _kept.clear()
    _domains = None


@contextmanager
def changing(*, note: str = "") -> Iterator[None]:
    """All changes within are one: one transaction, one snapshot per company."""
    if _open_change.get() is not None:
        yield
        return
    change = _Change(note)
    token = _open_change.set(change)
    try:
        with transaction.atomic():
            yield
            change.finish()
    finally:
        _open_change.reset(token)


def hold(slug: str) -> Tenant | None:
    """The company as it is now; nobody else changes what it says until the transaction ends.

    Everybody takes the company first and its configuration second, or two would wait for each
    other. `no_key` lets rows that point to the company be added meanwhile.
    """
    tenant: Tenant | None = Tenant.objects.select_for_update(no_key=True).filter(slug=slug).first()
    if tenant is not None:
        list(Configuration.objects.select_for_update().filter(tenant=tenant).values_list("pk"))
    return tenant


def say(note: str) -> None:
    """Put a note on the change that is open."""
    change = _open_change.get()
    if change is not None and note:
        change.note = note


def note_change(*, tenant_id: int | None) -> None:
    """A row of this company's configuration, or without a company of a domain's, was changed."""
    with changing():
        change = _open_change.get()
        assert change is not None  # noqa: S101  opened just above
        change.tenants |= {tenant_id} if tenant_id is not None else set()
        change.has_domains |= tenant_id is None


def restore(version: ConfigurationVersion, *, note: str, access: Access) -> None:
    """Domain, hours, mappings and the rest, and the settings of channels that are still there.

    A domain must be offered now, and name, language and time zone stay for those who may not
    change the company.
    """
    document = dict(version.document)
    document["channels"] = layers.channels_still_there(version.tenant, document)
    slug = document.get("domain")
    if slug and not Domain.objects.visible_to(access).filter(slug=slug).exists():
        raise UnknownDomainError(slug)
    if not access.may(Verb.CHANGE, Area.COMPANY):
        document = {k: v for k, v in document.items() if k not in OF_THE_COMPANY}
    with changing(note=note):
        write(version.tenant, document)


def write(tenant: Tenant, document: Mapping[str, Any]) -> None:
    """Make the company say what a checked document says. Channels are added, never removed."""
    with changing():
        now = hold(tenant.slug) or tenant
        for key in OF_THE_COMPANY:
            setattr(now, key, document.get(key) or getattr(now, key))
            setattr(tenant, key, getattr(now, key))
        now.save()
        configuration = Configuration.objects.get(tenant=tenant)
        configuration.domain = _domain_named(document.get("domain"))
        layers.write_rows_of_tenant(configuration, document)
        channels = document.get("channels") or ()
        names = {channel.get("installation") or "" for channel in channels}
        installations = {name: resolution.installation_named(name) for name in names}
        layers.write_channels(tenant, channels, installations)
        resolution.forget_unmapped(tenant)


def write_domain(domain: Domain, document: Mapping[str, Any]) -> None:
    with changing():
        domain.name = document.get("name") or domain.slug
        domain.description = document.get("description") or ""
        domain.is_offered = document.get("offered", True)
        layers.write_rows_of_domain(domain, document)
        _write_parents(domain, document.get("parents") or [])


def refuse_circles(parents: Mapping[str, list[str]]) -> None:
    circle = layers.find_cycle(parents)
    if circle:
        message = _("These domains stand on each other in a circle: %(circle)s. Remove one parent.")
        raise CircleError(message % {"circle": " → ".join(circle)}, code="circle")


@dataclass(slots=True)
class _Change:
    note: str
    tenants: set[int] = field(default_factory=set)
    has_domains: bool = False

    def finish(self) -> None:
        if self.has_domains:
            # Raised first: the row of the number lets nobody else add half of a circle meanwhile.
            stamps.raise_for_domains()
            refuse_circles(parents_of_all())
        if self.tenants:
            stamps.raise_for_tenants(self.tenants)
        for tenant in Tenant.objects.filter(pk__in=self.tenants, configuration__isnull=False):
            _keep_snapshot(tenant, self.note)


_open_change: ContextVar[_Change | None] = ContextVar("chatwootai_change", default=None)


def _keep_snapshot(tenant: Tenant, note: str) -> None:
    document = layers.document_of_tenant(tenant)
    last = ConfigurationVersion.objects.filter(tenant=tenant).order_by("-number").first()
    if last is not None and last.document == document:
        return
    ConfigurationVersion(
        tenant=tenant,
        number=last.number + 1 if last else 1,
        document=document,
        author=audit.who(),
        via=context.current().via,
        note=note,
    ).save()


def _domain_named(slug: str | None) -> Domain | None:
    if not slug:
        return None
    found: Domain | None = Domain.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownDomainError(slug)
    return found


def _write_parents(domain: Domain, slugs: list[str]) -> None:
    links = {link.parent.slug: link for link in domain.parent_links.select_related("parent")}
    for gone in set(links) - set(slugs):
        links[gone].delete()
    for position, slug in enumerate(slugs, start=1):
        link = links.get(slug) or DomainParent(domain=domain, parent=_domain_named(slug))
        if link.pk is None or link.position != position:
            link.position = position
            link.save()


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Effective
    made_at: float

    def is_fresh(self) -> bool:
        return time.monotonic() - self.made_at < OLDEST_SECONDS


_kept: OrderedDict[Any, _Kept] = OrderedDict()


def _keep(key: Any, value: Effective) -> None:
    _kept[key] = _Kept(value, time.monotonic())
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Domains:
    """All domains. Each becomes a layer when it is asked for: a broken one stops nobody else."""

    number: int
    rows: Mapping[str, Domain]
    parents: Mapping[str, list[str]]
    layers: dict[str, Layer] = field(default_factory=dict)

    def layer(self, slug: str) -> Layer:
        if slug not in self.layers:
            own = layers.own_layer_of_domain(self.rows[slug])
            self.layers[slug] = Layer("domain", slug, own)
        return self.layers[slug]


_domains: _Domains | None = None


def _compile(
    tenant_id: int, domain: str | None, channel_id: int | None, version: Version
) -> Effective:
    configuration = Configuration.objects.select_related("tenant", "domain", "test_domain").get(
        tenant=tenant_id
    )
    known = _domain_layers(version[1])
    chosen = domain or _chosen_domain(configuration)
    if chosen and chosen not in known.rows:
        raise UnknownDomainError(chosen)
    way = layers.linearize(chosen, known.parents) if chosen else []
    stack = (
        Layer("default", "", {"settings": options.defaults()}),
        *(known.layer(slug) for slug in reversed(way)),
        _company_layer(configuration),
        *_channel_layers(configuration, channel_id),
    )
    values, sources = layers.merge(stack)
    return Effective(tenant_id, version, chosen, _frozen(values), MappingProxyType(sources), stack)


def _chosen_domain(configuration: Configuration) -> str:
    """A domain for tests goes before the company's own, outside production only."""
    if settings.DEV_MODE:
        if configuration.test_domain:
            return configuration.test_domain.slug
        if settings.CHATWOOT_DOMAIN:
            return str(settings.CHATWOOT_DOMAIN)
    return configuration.domain.slug if configuration.domain else ""


def _company_layer(configuration: Configuration) -> Layer:
    own = layers.own_layer_of_tenant(configuration)
    tenant = configuration.tenant
    about = {"language": tenant.language, "time_zone": tenant.time_zone}
    return Layer("company", tenant.slug, {**about, **own})


def _channel_layers(configuration: Configuration, channel_id: int | None) -> Iterator[Layer]:
    if channel_id is not None:
        channel = ChannelMapping.objects.for_tenant(configuration.tenant).get(pk=channel_id)
        # An empty mapping would replace what the layers before it say.
        own = {"settings": channel.settings} if channel.settings else {}
        yield Layer("channel", channel.address, own)


def _domain_layers(number: int) -> _Domains:
    global _domains
    known = _domains
    if known is None or known.number != number:
        _domains = known = _read_domains(number)
    return known


def _read_domains(number: int) -> _Domains:
    rows = Domain.objects.prefetch_related(
        "domainopeninghours_set", "domainholiday_set", "domainfieldmapping_set"
    )
    return _Domains(number, {row.slug: row for row in rows}, parents_of_all())


def parents_of_all() -> dict[str, list[str]]:
    links = DomainParent.objects.order_by("position", "pk")
    parents: dict[str, list[str]] = {}
    for child, parent in links.values_list("domain__slug", "parent__slug"):
        parents.setdefault(child, []).append(parent)
    return parents


def _frozen(value: Document | Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _frozen(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
