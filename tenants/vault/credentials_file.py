"""Reading credentials.yaml: company → reference → secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.config import documents
from tenants.config.documents import Document, DocumentError
from tenants.credentials import Secret, check_secret
from tenants.models.credential import check_ref


class CredentialsFileError(Exception):
    """Everything that is wrong with the file, one sentence each, with line and key."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    account: str
    ref: str
    secret: Secret


def read(path: Path) -> list[Line]:
    """Every secret of the file, or `CredentialsFileError` with all that is wrong."""
    problems: list[str] = []
    lines = list(_lines(_parse(path), problems))
    if problems:
        raise CredentialsFileError(path, problems)
    return lines


def problem_of(line: Line, reason: str) -> str:
    return _at(line.number, line.account, line.ref, reason)


def _parse(path: Path) -> Document:
    try:
        return documents.read(path.read_bytes())
    except OSError as error:
        raise CredentialsFileError(path, [error.strerror or type(error).__name__]) from None
    except DocumentError as error:
        raise CredentialsFileError(path, [_problem_of_file(error)]) from None


def _problem_of_file(error: DocumentError) -> str:
    """Its own words may quote a key or a tag, which may be a secret in the wrong place."""
    if not error.line:
        return error.message
    return _("line %s: this is no plain YAML; put secrets into quotes") % error.line


def _lines(file: Document, problems: list[str]) -> Iterator[Line]:
    if not isinstance(file.value, dict) or not file.value:
        problems.append(_("line 1: write companies, and under each of them its references"))
        return
    for account, references in file.value.items():
        if not _word(account) or not isinstance(references, dict):
            number = file.line_of((account,))
            problems.append(
                _at(number, _word(account), "", _("write references and secrets under it"))
            )
            continue
        for ref, secret in references.items():
            yield from _line(file.line_of((account, ref)), account, ref, secret, problems)


def _line(number: int, account: str, ref: str, secret: Any, problems: list[str]) -> Iterator[Line]:
    try:
        check_ref(ref)
        if not isinstance(secret, str):
            raise ValidationError(_("write the secret as a text in quotes"))
        check_secret(secret)
    except ValidationError as error:
        problems.append(_at(number, account, _word(ref), " ".join(error.messages)))
        return
    yield Line(number, account, ref, Secret(secret))


def _word(key: str) -> str:
    """Keys are shown in errors; whatever is no plain word could be a secret in the wrong place."""
    return key if re.fullmatch(r"[\w.:-]{1,120}", key) else ""


def _at(number: int, account: str, ref: str, reason: str) -> str:
    words = {"line": number, "key": ".".join(filter(None, (account, ref))) or "–"}
    return _("line %(line)s, %(key)s: ") % words + reason
