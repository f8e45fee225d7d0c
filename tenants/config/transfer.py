"""Configuration in and out, for one company or the whole installation.

Everything is checked before anything is written, and one bad file stops all. What a file does not
mention stays as it is. Files are read when they are checked and again when they are written, so
that memory does not grow with their number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from tenants import account_names, configuration, resolution
from tenants.access import Access
from tenants.config import config_files, documents, layers, schema
from tenants.config.config_files import Piece, Source
from tenants.config.documents import DocumentError
from tenants.config.layers import Document
from tenants.config.schema import LIMITS, Problem
from tenants.models import ChannelMapping, ChatwootInstallation, Configuration, Domain, Tenant

MOST_FILES = 50_000
MOST_DIFFERENT_LINES = 400


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a file, and where."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.path, self.message) if part)


@dataclass(slots=True)
class Item:
    """One company or domain that files speak about."""

    slug: str
    is_domain: bool
    pieces: list[Piece]
    is_new: bool
    may_map: bool

    @property
    def account(self) -> str:
        return self.pieces[0].account

    def document(self) -> Document:
        """What all files together say about it."""
        said: Document = {}
        for piece in self.pieces:
            value, _file = piece.load()
            crews = {**(said.get("crews") or {}), **(value.get("crews") or {})}
            said = {**said, **value, **({"crews": crews} if crews else {})}
        said.pop("account_id", None)
        return said


@dataclass(slots=True)
class Plan:
    """What an import would do. With troubles it does nothing."""

    is_platform: bool
    may_rename: bool = True
    items: list[Item] = field(default_factory=list)
    troubles: list[Remark] = field(default_factory=list)
    unknown: list[Remark] = field(default_factory=list)
    new_domains: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Done:
    created: int
    changed: int
    unchanged: int


def plan(
    sources: Iterable[Source],
    *,
    tenant: Tenant | None = None,
    is_platform: bool = False,
    may_rename: bool = True,
) -> Plan:
    """Read and check every file. With a company, files may speak about that one only.

    Without `may_rename` they leave its name, language and time zone alone.
    """
    if tenant is None and not is_platform:
        raise ValueError("Without a company only the platform may import.")
    made = Plan(is_platform, may_rename)
    grouped: dict[tuple[bool, str], Item] = {}
    for source in sources:
        _collect(source, made, grouped, tenant)
    made.items = sorted(grouped.values(), key=lambda item: not item.is_domain)
    _Check(made, tenant).run()
    if not made.items and not made.troubles:
        made.troubles.append(Remark("", 0, "", _("There is no configuration file (.yaml) here.")))
    return made


def difference(item: Item) -> str:
    """How the file that is exported for it would change; empty when it would not."""
    old, new = _before_and_after(item)
    if old == new:
        return ""
    before, after = (documents.write(text) if text else "" for text in (old, new))
    return "\n".join(documents.difference(before, after)[:MOST_DIFFERENT_LINES])


def carry_out(made: Plan, *, note: str = "") -> Done:
    """All or nothing. Each company gets one new version, with the note."""
    if made.troubles:
        raise ValueError("A plan with troubles is not carried out.")
    outcomes = {"created": 0, "changed": 0, "unchanged": 0}
    with configuration.changing(note=note):
        for slug in sorted(made.new_domains):
            Domain.objects.create(slug=slug, name=slug)
        for item in made.items:
            outcomes[_write(item)] += 1
    return Done(**outcomes)


def export_tenant(tenant: Tenant) -> str:
    """One file with everything; secrets are only named."""
    return documents.write(_file_of(tenant))


def export_tree(tenants: Iterable[Tenant]) -> Iterator[tuple[str, str]]:
    """Paths and contents: domains, the companies below their domains."""
    for domain in Domain.objects.order_by("slug"):
        yield f"domains/{domain.slug}.yaml", documents.write(layers.document_of_domain(domain))
    for tenant in tenants:
        yield from _tree_of(tenant)


def _collect(
    source: Source, made: Plan, grouped: dict[tuple[bool, str], Item], tenant: Tenant | None
) -> None:
    """Sort a file's pieces to whom they are about."""
    try:
        file = documents.read(source.read())
        default = tenant.slug if tenant else ""
        for piece in config_files.pieces_of(source, file, default_account=default):
            slug, is_new = _subject(piece, made.is_platform, tenant)
            new = Item(slug, bool(piece.domain), [], is_new, may_map=made.is_platform)
            grouped.setdefault((bool(piece.domain), slug), new).pieces.append(piece)
    except DocumentError as error:
        path = documents.shown(error.path)
        made.troubles.append(Remark(source.name, error.line, path, error.message))


def _subject(piece: Piece, is_platform: bool, tenant: Tenant | None) -> tuple[str, bool]:
    if piece.domain:
        if not is_platform or tenant is not None:
            raise DocumentError(
                _("Only the platform changes domains. Name the account: account_id.")
            )
        return piece.domain, not Domain.objects.filter(slug=piece.domain).exists()
    found = account_names.find_tenant(piece.account)
    if tenant is not None and found != tenant:
        message = _("This is about “%(account)s”. Here only “%(company)s” can be imported.")
        raise DocumentError(message % {"account": piece.account, "company": tenant.slug})
    if found is not None:
        return found.slug, False
    if not is_platform:
        raise DocumentError(_("Only the platform makes new companies."))
    return config_files.slug_of_new(piece.account), True


class _Check:
    """Holds every document against the rules, the database and the other files."""

    def __init__(self, made: Plan, tenant: Tenant | None) -> None:
        self.plan = made
        self.tenant = tenant
        reach = Access(tenant=None if made.is_platform else tenant, is_platform=made.is_platform)
        self.domains = set(Domain.objects.visible_to(reach).values_list("slug", flat=True))
        self.domains |= {item.slug for item in made.items if item.is_domain}
        self.parents = configuration.parents_of_all()
        self.installations: dict[str, ChatwootInstallation | None] = {}
        self.claimed: dict[tuple[str, int, Any], str] = {}

    def run(self) -> None:
        for item in self.plan.items:
            for piece in item.pieces:
                self.check_piece(item, piece)
        self.refuse_circles()

    def check_piece(self, item: Item, piece: Piece) -> None:
        try:
            document, file = piece.load()
        except (DocumentError, LookupError, TypeError):  # changed since it was read
            message = _("The file changed while it was read. Try again.")
            self.plan.troubles.append(Remark(piece.source.name, 0, "", message))
            return
        check = schema.problems_of_domain if item.is_domain else schema.problems_of_tenant
        problems = check(document) or list(self.problems_of_references(item, document))
        for problem in problems:
            self.plan.troubles.append(_remark(piece, file, problem))
        for path in schema.unknown_keys(document, is_domain=item.is_domain):
            message = _("Nothing knows this key. It is kept.")
            self.plan.unknown.append(_remark(piece, file, Problem(path, message)))

    def problems_of_references(self, item: Item, document: Document) -> Iterator[Problem]:
        if item.is_domain:
            for position, parent in enumerate(document.get("parents") or ()):
                yield from self.problems_of_domain(parent, ("parents", position))
            if "parents" in document:
                self.parents[item.slug] = list(document["parents"] or ())
            return
        if document.get("domain"):
            yield from self.problems_of_domain(document["domain"], ("domain",))
        if "limits" in document and not self.plan.is_platform:
            yield from self.problems_of_limits(item, document["limits"] or {})
        if not self.plan.may_rename:
            yield from self.problems_of_company(item, document)
        yield from self.problems_of_number(item, document)
        for position, channel in enumerate(document.get("channels") or ()):
            yield from self.problems_of_channel(item, channel, ("channels", position))

    def problems_of_domain(self, slug: str, path: documents.Path) -> Iterator[Problem]:
        if slug in self.domains:
            return
        if self.plan.is_platform:
            self.plan.new_domains.add(slug)
        else:
            yield Problem(path, _("There is no domain “%(name)s”.") % {"name": slug})

    def problems_of_limits(self, item: Item, limits: Mapping[str, Any]) -> Iterator[Problem]:
        present = layers.limits_of(Tenant.objects.get(slug=item.slug))
        if dict(limits) != present:
            yield Problem(("limits",), _("Only the platform changes the limits of a company."))

    def problems_of_company(self, item: Item, document: Document) -> Iterator[Problem]:
        tenant = Tenant.objects.get(slug=item.slug)
        for key in configuration.OF_THE_COMPANY:
            if document.get(key) not in (None, getattr(tenant, key)):
                yield Problem((key,), _("Only an owner changes this. Leave the line out."))

    def problems_of_channel(
        self, item: Item, channel: Mapping[str, Any], path: documents.Path
    ) -> Iterator[Problem]:
        name = channel.get("installation") or ""
        key = (name, channel["account"], channel.get("inbox"))
        owners = {self.claimed.setdefault(key, item.slug), self.owner_of(*key) or item.slug}
        if owners != {item.slug}:
            yield Problem(path, _("This account or inbox belongs to another company."))
        elif not self.may_map(*key):
            yield Problem(path, _("Only the platform maps a new account to a company."))

    def problems_of_number(self, item: Item, document: Document) -> Iterator[Problem]:
        tenant = Tenant.objects.filter(slug=item.slug).first()
        limits = document.get("limits") or (layers.limits_of(tenant) if tenant else {})
        most = limits.get("channels")
        if most is None:
            return
        known = layers.document_of_tenant(tenant).get("channels", ()) if tenant else ()
        told = document.get("channels") or ()
        if len({_channel_key(channel) for channel in (*known, *told)}) > most:
            message = _("The company may have %(most)d channels.") % {"most": most}
            yield Problem(("channels",), message)

    def owner_of(self, name: str, account: int, inbox: int | None) -> str | None:
        rows = ChannelMapping.objects.filter(
            installation=self.installation(name), account_id=account, inbox_id=inbox
        )
        slug: str | None = rows.values_list("tenant__slug", flat=True).first()
        return slug

    def may_map(self, name: str, account: int, inbox: int | None) -> bool:
        """A company may also speak about what it has already."""
        if self.plan.is_platform or self.owner_of(name, account, inbox) is not None:
            return True
        assert self.tenant is not None  # noqa: S101  plan() asks for it
        return resolution.may_map(
            self.tenant,
            installation=self.installation(name),
            account_id=account,
            inbox_id=inbox,
            is_platform=False,
        )

    def installation(self, name: str) -> ChatwootInstallation | None:
        if name not in self.installations:
            self.installations[name] = resolution.find_installation(name)
        return self.installations[name]

    def refuse_circles(self) -> None:
        try:
            configuration.refuse_circles(self.parents)
        except configuration.CircleError as error:
            self.plan.troubles.append(Remark("", 0, "parents", error.messages[0]))


def _remark(piece: Piece, file: documents.Document, problem: Problem) -> Remark:
    path = piece.place_of(problem.path)
    return Remark(piece.source.name, file.line_of(path), documents.shown(path), problem.message)


def _before_and_after(item: Item) -> tuple[Document, Document]:
    if item.is_domain:
        domain = Domain.objects.filter(slug=item.slug).first()
        before = _in_order(layers.document_of_domain(domain)) if domain else {}
    else:
        tenant = Tenant.objects.filter(slug=item.slug).first()
        before = _with_limits(tenant) if tenant else {}
    return before, _in_order(_after(item, before))


def _after(item: Item, before: Document) -> Document:
    said = item.document()
    after = {**before, **said}
    if not item.is_domain:
        after["channels"] = _channels_after(item, before, said)
    after["name"] = after.get("name") or before.get("name") or account_names.name_of(item.slug)
    return {key: value for key, value in after.items() if value not in (None, [], {})}


def _channels_after(item: Item, before: Document, said: Document) -> list[Document]:
    """Those known and those told; from the platform, the number in the account's name is one."""
    channels = {_channel_key(channel): channel for channel in before.get("channels", ())}
    channels |= {_channel_key(channel): channel for channel in said.get("channels") or ()}
    number = account_names.number_of(item.account)
    if item.may_map and number and not any(key[1] == number for key in channels):
        channels["", number, None] = {"account": number}
    return list(channels.values())


def _channel_key(channel: Mapping[str, Any]) -> tuple[str, int, Any]:
    return channel.get("installation") or "", channel["account"], channel.get("inbox")


def _write(item: Item) -> str:
    if not item.is_domain:
        configuration.hold(item.slug)
    before, after = _before_and_after(item)
    if before == after:
        return "unchanged"
    if item.is_domain:
        domain, _made = Domain.objects.get_or_create(slug=item.slug)
        configuration.write_domain(domain, after)
    else:
        tenant, _made = Tenant.objects.get_or_create(
            slug=item.slug, defaults={"name": after["name"]}
        )
        if after.get("limits") != before.get("limits"):
            for key, name in LIMITS.items():
                setattr(tenant, name, (after.get("limits") or {}).get(key))
            tenant.save()
        configuration.write(tenant, after)
    return "changed" if before else "created"


def _with_limits(tenant: Tenant) -> Document:
    document = layers.document_of_tenant(tenant)
    limits = layers.limits_of(tenant)
    return _in_order({**document, **({"limits": limits} if limits else {})})


def _in_order(document: Document) -> Document:
    known = (*schema.TENANT_SECTIONS, "description", "offered", "parents")
    first = [key for key in known if key in document]
    return {key: document[key] for key in [*first, *(k for k in document if k not in known)]}


def _file_of(tenant: Tenant) -> Document:
    return {"account_id": account_names.name_of(tenant.slug), **_with_limits(tenant)}


def _tree_of(tenant: Tenant) -> Iterator[tuple[str, str]]:
    document = _file_of(tenant)
    configuration_row = Configuration.objects.select_related("domain").get(tenant=tenant)
    domain = configuration_row.domain.slug if configuration_row.domain else "_"
    folder = f"domains/{domain}/{document['account_id']}"
    crews = document.pop("crews", {})
    own_files = [name for name in crews if config_files.is_file_name(name)]
    kept = {name: crews[name] for name in crews if name not in own_files}
    if kept:
        document["crews"] = kept
    yield f"{folder}/config.yaml", documents.write(_in_order(document))
    for name in sorted(own_files):
        yield f"{folder}/{name}{config_files.CREW_ENDING}.yaml", documents.write(crews[name])
