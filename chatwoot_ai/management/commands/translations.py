"""Keep the Portuguese (Brazil) catalogue complete: our own texts and those of the admin theme."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from babel.messages import Catalog, Message

PROJECT = Path(__file__).resolve().parents[3]
CATALOGUE = PROJECT / "chatwoot_ai/locale/pt_BR/LC_MESSAGES/django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
PACKAGES = ("chatwoot_ai", "tenants", "crews", "knowledge", "integrations")
THEME_ADD_ONS = ("contrib/filters", "contrib/forms", "contrib/inlines")
DJANGO_PARTS = ("contrib/admin", "contrib/auth", "contrib/contenttypes", "contrib/sessions", "conf")
# Babel's own header holds dates and its version: it would change although no text did.
HEADERS = (
    ("Project-Id-Version", "ChatwootAI"),
    ("Language", "pt_BR"),
    ("Plural-Forms", "nplurals=2; plural=(n > 1);"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit\n"),
)
# Which arguments of these functions are texts, in babel's notation ("c" is the context).
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (1,)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%%|%(?:\(\w+\))?[-+#0-9.]*[a-z]|\{\w*(?:[!:][^{}]*)?\}")
NEXT_STEP = (
    "The Portuguese catalogue needs work. Next step: run `manage.py translations`, translate the"
    f" texts it names in {CATALOGUE.relative_to(PROJECT)} and run it once more."
)


class Command(BaseCommand):
    help = "Update the Portuguese (Brazil) catalogue to the texts in use."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Write nothing and fail when the catalogue is stale.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            update_catalogue()
        problems = find_problems()
        for problem in problems:
            self.stdout.write(problem)
        if problems and options["check"]:
            raise CommandError(NEXT_STEP)
        self.stdout.write(NEXT_STEP if problems else "The Portuguese catalogue is complete.")


def find_problems() -> list[str]:
    """One line for each thing that makes the catalogue stale or incomplete."""
    stored = _read(CATALOGUE)
    stored_names = {_name(message) for message in _messages(stored)}
    used_names = {_name(message) for message in _messages(_texts_in_use())}
    problems = [f"Not in the catalogue: {name}" for name in sorted(used_names - stored_names)]
    problems += [f"No longer used: {name}" for name in sorted(stored_names - used_names)]
    for message in _messages(stored):
        problems += _flaws(message)
    if not COMPILED.exists() or COMPILED.read_bytes() != _as_mo(stored):
        problems.append(f"Not compiled from {CATALOGUE.name} as it is now: {COMPILED.name}")
    return problems


def update_catalogue() -> None:
    """Write the texts in use: with the translation they have, else Django's own, else empty."""
    known = [_read(CATALOGUE), *_django_catalogues()]
    catalogue = _texts_in_use()
    for message in _messages(catalogue):
        _translate(message, known)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(_as_po(catalogue))
    COMPILED.write_bytes(_as_mo(catalogue))


def _django_catalogues() -> list[Catalog]:
    folder, file = Path(django.__file__).parent, "locale/pt_BR/LC_MESSAGES/django.po"
    # Babel prints a warning for every third plural form in these files; two are in use.
    with redirect_stdout(None):
        return [_read(folder / part / file) for part in DJANGO_PARTS]


def _translate(message: Message, known: list[Catalog]) -> None:
    for catalogue in known:
        found = catalogue.get(message.id, message.context)
        if found and _name(found) == _name(message) and all(_forms(found.string)):
            message.string = found.string
            message.flags |= found.flags & {"fuzzy"}
            message.user_comments = found.user_comments
            return


def _texts_in_use() -> Catalog:
    from babel.messages.extract import extract  # noqa: PLC0415  dev-only dependency

    catalogue = _empty_catalogue()
    for path in _source_files():
        source = BytesIO(_gettext_calls(path).encode())
        for _line, text, _comments, context in extract("python", source, KEYWORDS):
            catalogue.add(text, context=context)
    return catalogue


def _source_files() -> Iterator[Path]:
    """Python files and templates that may hold texts, in an order that is always the same."""
    theme = _theme_folder()
    ours = [PROJECT / "templates", *(PROJECT / package for package in PACKAGES)]
    for root in [*ours, theme, *(theme / add_on for add_on in THEME_ADD_ONS)]:
        # The theme's add-ons stand in our list one by one, so the folder as a whole is left out.
        left_out = {"migrations", "tests"} | ({"contrib"} if root == theme else set())
        for path in sorted(root.rglob("*")):
            folders = set(path.relative_to(root.parent).parts[:-1])
            is_template = path.suffix in {".html", ".txt"} and "templates" in folders
            if (path.suffix == ".py" or is_template) and not folders & left_out:
                yield path


def _theme_folder() -> Path:
    spec = find_spec("unfold")
    if spec is None or spec.origin is None:
        raise CommandError("The admin theme is not installed. Next step: install django-unfold.")
    return Path(spec.origin).parent


def _gettext_calls(path: Path) -> str:
    """The file's calls of gettext and its relatives, in a form that babel reads completely."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        # One call a line: babel does not look into f-strings before Python 3.12.
        nodes = ast.walk(ast.parse(text, filename=str(path)))
        calls = (node for node in nodes if isinstance(node, ast.Call))
        return "\n".join(ast.unparse(call) for call in calls if _called_name(call) in KEYWORDS)
    # A template's indentation means nothing, but Python's tokenizer refuses it.
    lines = templatize(text, origin=path.name).splitlines()
    return "\n".join(line.strip() for line in lines)


def _called_name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _flaws(message: Message) -> Iterator[str]:
    translations = _forms(message.string)
    if message.fuzzy:
        yield f"Marked as fuzzy: {_name(message)}"
    if not all(translations):
        yield f"Not translated: {_name(message)}"
    elif not _has_same_placeholders(_forms(message.id), translations):
        yield f"Placeholders differ in the translation of: {_name(message)}"


def _has_same_placeholders(texts: Sequence[str], translations: Sequence[str]) -> bool:
    """Portuguese counts 0 as singular, so "one item" may become "%(count)s item"."""
    expected = [sorted(PLACEHOLDER.findall(text)) for text in texts]
    first, *others = [sorted(PLACEHOLDER.findall(translation)) for translation in translations]
    return first in expected and all(other == expected[-1] for other in others)


def _name(message: Message) -> str:
    """Tells one text from all others, and is readable in a report."""
    context = f" (context {message.context!r})" if message.context else ""
    return " / ".join(repr(form) for form in _forms(message.id)) + context


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _messages(catalogue: Catalog) -> list[Message]:
    """All but the header, which babel keeps as a message without id."""
    return [message for message in catalogue if message.id]


def _read(path: Path) -> Catalog:
    from babel.messages.pofile import read_po  # noqa: PLC0415  dev-only dependency

    catalogue = _empty_catalogue()
    if path.exists():
        # A file of ours that cannot be read completely must not be overwritten.
        is_strict = path == CATALOGUE
        stored = read_po(BytesIO(path.read_bytes()), locale="pt_BR", abort_invalid=is_strict)
        for message in _messages(stored):
            catalogue[message.id] = message
    return catalogue


def _empty_catalogue() -> Catalog:
    from babel.messages import Catalog  # noqa: PLC0415  dev-only dependency

    class CatalogWithConstantHeader(Catalog):
        mime_headers = property(lambda self: HEADERS)

    comment = "# Portuguese (Brazil) texts of ChatwootAI and of its admin theme."
    return CatalogWithConstantHeader(locale="pt_BR", header_comment=comment, fuzzy=False)


def _as_po(catalogue: Catalog) -> bytes:
    from babel.messages.pofile import write_po  # noqa: PLC0415  dev-only dependency

    file = BytesIO()
    write_po(file, catalogue, no_location=True, sort_output=True, ignore_obsolete=True)
    return file.getvalue().rstrip() + b"\n"


def _as_mo(catalogue: Catalog) -> bytes:
    from babel.messages.mofile import write_mo  # noqa: PLC0415  dev-only dependency

    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()
