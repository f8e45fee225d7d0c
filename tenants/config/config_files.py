"""Configuration files by place and name: whom each speaks about, and what it says.

All shapes in use are read: a tree (domains/furniture/account_2/config.yaml beside *_crew.yaml), one
file per account (furniture/account_2.yaml), a file of a domain (domains/furniture.yaml), and a file
that maps accounts to domains (account_mapping.yaml, chatwoot_mapping.yaml).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from tenants import account_names
from tenants.config import documents, schema
from tenants.config.documents import Document as File
from tenants.config.documents import DocumentError, Path
from tenants.config.layers import Document

MAPPING_FILES = frozenset({"account_mapping", "chatwoot_mapping"})
CREW_ENDING = "_crew"
ENDINGS = frozenset({".yaml", ".yml"})

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """A file: the name people know it by, and how to read it, twice, so that nothing is held."""

    name: str
    read: Callable[[], bytes]

    @property
    def place(self) -> PurePosixPath:
        parts = PurePosixPath(self.name).parts
        return PurePosixPath(*parts[1:] if parts[:1] == ("config",) else parts)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that speaks about one company (`account`) or one domain (`domain`).

    `inside` is where the part stands in the file, `becomes` where it belongs in the document.
    """

    source: Source
    account: str = ""
    domain: str = ""
    inside: Path = ()
    becomes: Path = ()
    folder: str = ""

    def load(self) -> tuple[Document, File]:
        file = documents.read(self.source.read())
        value = file.value
        for step in self.inside:
            value = value[step]
        for step in reversed(self.becomes):
            value = {step: value}
        if self.folder and not value.get("domain"):
            value = {**value, "domain": self.folder}
        return value, file

    def place_of(self, path: Path) -> Path:
        """Where in the file something of the document stands."""
        return (*self.inside, *path[len(self.becomes) :])


def sources_in(path: FilePath) -> list[Source]:
    """The file, or all configuration files below the folder; secrets have their own import."""
    if path.is_file():
        return [Source(path.name, path.read_bytes)]
    files = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())
    named = [Source(file.relative_to(path).as_posix(), file.read_bytes) for file in files]
    return [source for source in named if source.place.stem != "credentials"]


def pieces_of(source: Source, file: File, *, default_account: str = "") -> Iterator[Piece]:
    """What a file is says its content first, and its place second. Raises `DocumentError`."""
    content, place = file.value, source.place
    if not isinstance(content, Mapping):
        raise DocumentError(_("Write keys with values here, one per line: “name: …”."), line=1)
    if place.stem in MAPPING_FILES or set(content) == {"accounts"}:
        yield from _pieces_of_mapping(source, file)
    elif place.stem.endswith(CREW_ENDING) and len(place.parts) > 1:
        name = place.stem.removesuffix(CREW_ENDING)
        account, folder = place.parent.name, _folder_of_domain(place, is_tree=True)
        yield Piece(source, account=account, becomes=("crews", name), folder=folder)
    elif "account_id" in content:
        folder = _folder_of_domain(place, is_tree=place.stem == "config")
        yield Piece(source, account=_account_in(file), folder=folder)
    elif place.stem == "config" and len(place.parts) > 1:
        folder = _folder_of_domain(place, is_tree=True)
        yield Piece(source, account=place.parent.name, folder=folder)
    elif default_account:
        yield Piece(source, account=default_account)
    else:
        yield Piece(source, domain=_domain_in(place))


def slug_of_new(account: str) -> str:
    slug = account_names.slug_of(account)
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?", slug):
        message = _("“%(account)s” cannot name a company. Write an account such as account_2.")
        raise DocumentError(message % {"account": account[:80]}, path=("account_id",))
    return slug


def is_file_name(text: str) -> bool:
    return bool(_SAFE_NAME.match(text))


def _pieces_of_mapping(source: Source, file: File) -> Iterator[Piece]:
    for key in file.value:
        if key != "accounts":
            message = _("“%(value)s” is not allowed. Allowed: %(allowed)s.")
            words = {"value": key, "allowed": "accounts"}
            raise DocumentError(message % words, line=file.line_of((key,)), path=(key,))
    accounts = file.value.get("accounts")
    if not isinstance(accounts, Mapping):
        message = _('Write the accounts here, each with its domain, for example “"1": furniture”.')
        raise DocumentError(message, line=file.line_of(("accounts",)), path=("accounts",))
    for account in accounts:
        path: Path = ("accounts", account)
        if account_names.number_of(account) is None:
            message = _("Write the number of the account, for example “1” or account_1.")
            raise DocumentError(message, line=file.line_of(path), path=path)
        yield Piece(source, account=account, inside=path, becomes=("domain",))


def _account_in(file: File) -> str:
    value = file.value["account_id"]
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        message = _("Write the account here, for example account_2.")
        raise DocumentError(message, line=file.line_of(("account_id",)), path=("account_id",))
    return str(value)


def _folder_of_domain(place: PurePosixPath, is_tree: bool) -> str:
    """The name of the folder around the account, where the file itself names no domain."""
    folders = place.parts[:-1]
    around = folders[:-1] if is_tree else folders
    name = around[-1] if around else ""
    return name if name != "domains" and schema.is_slug(name) else ""


def _domain_in(place: PurePosixPath) -> str:
    if not schema.is_slug(place.stem):
        message = _(
            "This file names no account (account_id), and its name “%(name)s” is no short name of "
            "a domain: small letters, digits, hyphens, underscores."
        )
        raise DocumentError(message % {"name": place.stem}, line=1)
    return place.stem
