"""Which column of a table holds what: names in two languages, case and accents aside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from knowledge.reading import values
from knowledge.reading.values import Parse
from knowledge.texts.folding import in_words


@dataclass(frozen=True, slots=True)
class Field:
    """Something wanted: other names for it, and how a cell of it is read."""

    name: str
    synonyms: tuple[str, ...] = ()
    parse: Parse = values.text
    is_required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)


@dataclass(frozen=True, slots=True)
class Matching:
    """`columns` maps the name of a field to the column of the file."""

    columns: Mapping[str, str]
    unknown: tuple[str, ...]
    missing: tuple[Field, ...]
    suggestions: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        return not any(field.is_required for field in self.missing)

    def sentences(self) -> list[str]:
        return [*self._about_missing(), *self._about_unknown()]

    def _about_missing(self) -> Iterable[str]:
        for field in self.missing:
            if field.is_required:
                yield _("The column “%(column)s” is missing. These names are known: %(names)s.") % {
                    "column": field.synonyms[0] if field.synonyms else field.name,
                    "names": ", ".join(field.names),
                }

    def _about_unknown(self) -> Iterable[str]:
        for column in self.unknown:
            words = {"column": column[:80], "name": self.suggestions.get(column, "")}
            if words["name"]:
                yield _("The column “%(column)s” is not read. Is it “%(name)s”?") % words
            else:
                yield _("The column “%(column)s” is not read.") % words


def match(columns: Sequence[str], fields: Sequence[Field]) -> Matching:
    """A column goes to the field that has its name; of two such columns the first one does."""
    names = {in_words(name): field for field in fields for name in field.names}
    found: dict[str, str] = {}
    unknown = []
    for column in columns:
        field = names.get(in_words(column)) or names.get(in_words(_without_unit(column)))
        if field is None or field.name in found:
            unknown.append(column)
        else:
            found[field.name] = column
    missing = tuple(field for field in fields if field.name not in found)
    return Matching(found, tuple(unknown), missing, _suggestions(unknown, missing))


def _without_unit(column: str) -> str:
    """Preço (R$) is a price."""
    return column.partition("(")[0].partition("[")[0]


def _suggestions(unknown: Iterable[str], missing: Iterable[Field]) -> dict[str, str]:
    known = {in_words(name): name for field in missing for name in field.names}
    close = {column: get_close_matches(in_words(column)[:60], known, n=1) for column in unknown}
    return {column: known[names[0]] for column, names in close.items() if names}
