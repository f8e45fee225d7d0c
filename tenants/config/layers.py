"""Layers of configuration: rows of one owner as a document and back, and how documents are merged.

From far to near: the defaults of the table of options, the domains a company stands on, the
company itself, the channel. The nearer layer wins. Mappings are merged key by key, everything else
is replaced whole (a list, the hours of a weekday, a holiday), and null hides what lies further.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.config.documents import Path
from tenants.config.schema import FURTHER_SECTIONS, LIMITS, WEEKDAY_NAMES, parse_day, parse_interval
from tenants.models import (
    ChannelMapping,
    Configuration,
    Domain,
    DomainFieldMapping,
    DomainHoliday,
    DomainOpeningHours,
    FieldMapping,
    Holiday,
    OpeningHours,
    Tenant,
)

ROW_SECTIONS = ("settings", "business_hours", "holidays", "field_mappings")
IDENTITY = frozenset(
    {
        "account_id",
        "name",
        "domain",
        "language",
        "time_zone",
        "limits",
        "channels",
        "description",
        "parents",
        "offered",
    }
)
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """One voice in the merge. `kind` is default, domain, company or channel."""

    kind: str
    name: str
    document: Mapping[str, Any]


def document_of_tenant(tenant: Tenant) -> Document:
    """Everything the company says itself, in the order in which files show it."""
    configuration = Configuration.objects.select_related("domain").get(tenant=tenant)
    channels = ChannelMapping.objects.for_tenant(tenant).select_related("installation")
    return {
        "name": tenant.name,
        **({"domain": configuration.domain.slug} if configuration.domain else {}),
        "language": tenant.language,
        "time_zone": tenant.time_zone,
        **_section("channels", [_channel(channel) for channel in _in_order(channels)]),
        **own_layer_of_tenant(configuration),
    }


def own_layer_of_tenant(configuration: Any) -> Document:
    return _document_of_rows(
        configuration.settings,
        configuration.document,
        configuration.openinghours_set.all(),
        configuration.holiday_set.all(),
        configuration.fieldmapping_set.all(),
    )


def document_of_domain(domain: Domain) -> Document:
    parents = domain.parent_links.select_related("parent").order_by("position", "pk")
    return {
        "name": domain.name,
        **_section("description", domain.description),
        **({} if domain.is_offered else {"offered": False}),
        **_section("parents", [link.parent.slug for link in parents]),
        **own_layer_of_domain(domain),
    }


def own_layer_of_domain(domain: Any) -> Document:
    return _document_of_rows(
        domain.settings,
        domain.document,
        domain.domainopeninghours_set.all(),
        domain.domainholiday_set.all(),
        domain.domainfieldmapping_set.all(),
    )


def layer_of(document: Mapping[str, Any]) -> Document:
    """The part of a document that is merged with others; who somebody is, is not."""
    return {key: value for key, value in document.items() if key not in IDENTITY}


def limits_of(tenant: Tenant) -> Document:
    values = {key: getattr(tenant, field) for key, field in LIMITS.items()}
    return {key: value for key, value in values.items() if value is not None}


def write_rows_of_tenant(configuration: Configuration, document: Mapping[str, Any]) -> None:
    """Make the rows say what the document says; a section it leaves out is emptied."""
    owner = {"configuration": configuration, "tenant": configuration.tenant}
    configuration.settings = document.get("settings") or {}
    configuration.document = _kept(document)
    configuration.save()
    _replace(OpeningHours, owner, _hours_rows(document))
    _replace(Holiday, owner, _holiday_rows(document))
    _replace(FieldMapping, owner, _mapping_rows(document))


def channels_still_there(tenant: Tenant, document: Mapping[str, Any]) -> list[Document]:
    rows = ChannelMapping.objects.for_tenant(tenant)
    known = set(rows.values_list("installation__name", "account_id", "inbox_id"))
    return [
        channel
        for channel in document.get("channels") or ()
        if (channel.get("installation"), channel["account"], channel.get("inbox")) in known
    ]


def write_channels(
    tenant: Tenant, channels: Sequence[Mapping[str, Any]], installations: Mapping[str, Any]
) -> None:
    """Add and change channels of a checked document; none is removed."""
    rows = ChannelMapping.objects.for_tenant(tenant)
    known = {(row.installation_id, row.account_id, row.inbox_id): row for row in rows}
    new = []
    for channel in channels:
        installation = installations[channel.get("installation") or ""]
        key = (installation.pk, channel["account"], channel.get("inbox"))
        row = known.get(key) or ChannelMapping(
            tenant=tenant, installation=installation, account_id=key[1], inbox_id=key[2]
        )
        said = (channel.get("name") or "", channel.get("settings") or {})
        if row.pk is not None and said == (row.name, row.settings):
            continue
        row.name, row.settings = said
        new.append(row) if row.pk is None else row.save()
    ChannelMapping.objects.bulk_create(new)


def write_rows_of_domain(domain: Domain, document: Mapping[str, Any]) -> None:
    domain.settings = document.get("settings") or {}
    domain.document = _kept(document)
    domain.save()
    _replace(DomainOpeningHours, {"domain": domain}, _hours_rows(document))
    _replace(DomainHoliday, {"domain": domain}, _holiday_rows(document))
    _replace(DomainFieldMapping, {"domain": domain}, _mapping_rows(document))


def merge(layers: Iterable[Layer]) -> tuple[Document, dict[Path, Layer]]:
    """Far to near. The second value says of every leaf which layer it came from."""
    merged: Document = {}
    sources: dict[Path, Layer] = {}
    for layer in layers:
        _merge_into(merged, layer.document, layer, sources, ())
    return merged, sources


def linearize(start: Any, parents: Mapping[Any, Sequence[Any]]) -> list[Any]:
    """A domain and all it stands on, near to far: itself, then each parent with its own parents.

    One that is reached twice counts where it is reached last, so nobody comes before those built
    on it, and of two parents the first one wins.
    """
    order: list[Any] = []
    seen: set[Any] = set()

    def visit(node: Any) -> None:
        seen.add(node)
        for parent in reversed(parents.get(node, ())):
            if parent not in seen:
                visit(parent)
        order.append(node)

    visit(start)
    return order[::-1]


def find_cycle(parents: Mapping[Any, Sequence[Any]]) -> list[Any]:
    """Domains that stand on each other in a circle, the first one again at the end; or nothing."""
    done: set[Any] = set()

    def search(node: Any, way: list[Any]) -> list[Any]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for parent in parents.get(node, ()):
            if found := search(parent, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for node in parents if (found := search(node, []))), [])


def _merge_into(
    merged: Document,
    document: Mapping[str, Any],
    layer: Layer,
    sources: dict[Path, Layer],
    path: Path,
) -> None:
    for key, value in document.items():
        here = (*path, key)
        if isinstance(value, Mapping) and value:
            inner = merged.get(key)
            if not isinstance(inner, dict):
                sources.pop(here, None)
                inner = merged[key] = {}
            _merge_into(inner, value, layer, sources, here)
        else:
            _forget(sources, here, merged.pop(key, None))
            if value is not None and value != {}:
                merged[key] = value
                sources[here] = layer


def _forget(sources: dict[Path, Layer], path: Path, gone: Any) -> None:
    """The leaves of what is replaced, found on its own branch: documents may be large."""
    if isinstance(gone, dict):
        for key, inner in gone.items():
            _forget(sources, (*path, key), inner)
    else:
        sources.pop(path, None)


def _document_of_rows(
    settings: Document, document: Document, hours: Any, holidays: Any, mappings: Any
) -> Document:
    return {
        **_section("settings", settings),
        **_section("business_hours", _hours_section(hours)),
        **_section("holidays", _holiday_section(holidays)),
        **_section("field_mappings", _mapping_section(mappings)),
        **document,
    }


def _section(key: str, value: Any) -> Document:
    return {key: value} if value else {}


def _kept(document: Mapping[str, Any]) -> Document:
    """What no row holds: the sections of later parts, then keys that nobody knows."""
    rows = {*ROW_SECTIONS, *IDENTITY}
    first = [key for key in FURTHER_SECTIONS if key in document]
    keys = [*first, *(key for key in document if key not in FURTHER_SECTIONS)]
    return {key: document[key] for key in keys if key not in rows and document[key] is not None}


def _channel(channel: ChannelMapping) -> Document:
    return {
        "installation": channel.installation.name,
        "account": channel.account_id,
        **_section("inbox", channel.inbox_id),
        **_section("name", channel.name),
        **_section("settings", channel.settings),
    }


def _in_order(channels: Any) -> list[ChannelMapping]:
    return sorted(
        channels, key=lambda row: (row.installation.name, row.account_id, row.inbox_id or 0)
    )


def _hours_section(rows: Any) -> Document:
    section: Document = {}
    for row in sorted(rows, key=lambda row: (row.weekday, str(row.opens_at or ""), row.pk)):
        intervals = section.setdefault(WEEKDAY_NAMES[row.weekday], [])
        if row.opens_at is not None:
            intervals.append(_interval(row))
    return section


def _interval(row: Any) -> str:
    closes = f"{row.closes_at:%H:%M}".replace("00:00", "24:00")
    return f"{row.opens_at:%H:%M}-{closes}"


def _holiday_section(rows: Any) -> Document:
    def day(row: Any) -> str:
        return f"{row.date:%m-%d}" if row.every_year else row.date.isoformat()

    named = {
        day(row): row.name if row.opens_at is None else {"name": row.name, "hours": _interval(row)}
        for row in rows
    }
    return dict(sorted(named.items()))


def _mapping_section(rows: Any) -> Document:
    section: Document = {}
    for row in sorted(rows, key=lambda row: row.pk):
        section.setdefault(row.kind, {})[row.field] = row.source
    return section


def _hours_rows(document: Mapping[str, Any]) -> list[Document]:
    """In the order of the week, in which documents show them."""
    section = document.get("business_hours") or {}
    rows = []
    for day in sorted(section, key=WEEKDAY_NAMES.index):
        weekday = WEEKDAY_NAMES.index(day)
        intervals: list[Any] = sorted(parse_interval(text) for text in section[day]) or [
            (None, None)
        ]
        rows += [{"weekday": weekday, "opens_at": o, "closes_at": c} for o, c in intervals]
    return rows


def _holiday_rows(document: Mapping[str, Any]) -> list[Document]:
    rows = []
    for text, value in sorted((document.get("holidays") or {}).items()):
        date, every_year = parse_day(text)
        hours = value.get("hours") if isinstance(value, Mapping) else None
        opens, closes = parse_interval(hours) if hours else (None, None)
        name = value["name"] if isinstance(value, Mapping) else value
        rows.append(
            {
                "date": date,
                "every_year": every_year,
                "name": name,
                "opens_at": opens,
                "closes_at": closes,
            }
        )
    return rows


def _mapping_rows(document: Mapping[str, Any]) -> list[Document]:
    return [
        {"kind": kind, "field": field, "source": source}
        for kind, fields in (document.get("field_mappings") or {}).items()
        for field, source in fields.items()
    ]


def _replace(model: Any, owner: Document, wanted: list[Document]) -> None:
    """Rows that say the same stay as they are, so the audit log tells only what changed."""
    rows = list(model.objects.filter(**owner).order_by("pk"))
    unchanged = [_values(row, wanted[0]) for row in rows] == wanted if wanted else not rows
    if unchanged:
        return
    for row in rows:
        row.delete()
    model.objects.bulk_create([model(**owner, **values) for values in wanted])


def _values(row: Any, like: Document) -> Document:
    return {key: getattr(row, key) for key in like}
