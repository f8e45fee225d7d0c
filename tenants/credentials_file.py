"""Reading credentials.yaml: company → reference → secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.credentials import Secret, check_secret
from tenants.models.credential import check_ref

LARGEST_FILE_BYTES = 1_000_000
TEXT_TAG = "tag:yaml.org,2002:str"


class AnchorError(Exception):
    """A name for a part of the file; its argument is the line."""


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
    root = _parse(path)
    lines = list(_lines(root, problems))
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        first = seen.setdefault((line.account, line.ref), line.number)
        if first != line.number:
            problems.append(
                _at(line.number, line.account, line.ref, _("stands in line %s too") % first)
            )
    if problems:
        raise CredentialsFileError(path, problems)
    return lines


def problem_of(line: Line, reason: str) -> str:
    return _at(line.number, line.account, line.ref, reason)


def _parse(path: Path) -> yaml.Node | None:
    try:
        text = path.read_bytes()[: LARGEST_FILE_BYTES + 1]
        if len(text) > LARGEST_FILE_BYTES:
            raise CredentialsFileError(path, [_("The file is larger than 1 MB.")])
        return _compose(text.decode())
    except OSError as error:
        raise CredentialsFileError(path, [error.strerror or type(error).__name__]) from None
    except UnicodeDecodeError:
        raise CredentialsFileError(path, [_("The file is not written in UTF-8.")]) from None
    except AnchorError as error:
        problem = _("line %s: write every value out; & and * are not allowed here")
        raise CredentialsFileError(path, [problem % error]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise CredentialsFileError(path, [_yaml_problem(error)]) from None


def _compose(text: str) -> yaml.Node | None:
    """Nodes with their lines. Names for parts (& and *) could hide what stands where."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise AnchorError(event.start_mark.line + 1 if event.start_mark else 1)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _yaml_problem(error: Exception) -> str:
    """The library's own words may quote the line, and with it a secret."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    return _("line %s: this is no YAML; put secrets into quotes") % line


def _lines(root: yaml.Node | None, problems: list[str]) -> Iterator[Line]:
    if not isinstance(root, yaml.MappingNode) or not root.value:
        problems.append(_("line 1: write companies, and under each of them its references"))
        return
    for account, references in root.value:
        name = _word(account)
        number = account.start_mark.line + 1
        if not name or not isinstance(references, yaml.MappingNode):
            problems.append(_at(number, name, "", _("write references and secrets under it")))
            continue
        for key, value in references.value:
            yield from _line(name, key, value, problems)


def _line(account: str, key: yaml.Node, value: yaml.Node, problems: list[str]) -> Iterator[Line]:
    number, ref = key.start_mark.line + 1, _word(key)
    try:
        check_ref(ref)
        if not isinstance(value, yaml.ScalarNode) or value.tag != TEXT_TAG:
            raise ValidationError(_("write the secret as a text in quotes"))
        check_secret(value.value)
    except ValidationError as error:
        problems.append(_at(number, account, ref, " ".join(error.messages)))
        return
    yield Line(number, account, ref, Secret(value.value))


def _word(node: yaml.Node) -> str:
    """Keys are shown in errors; whatever is no plain word could be a secret in the wrong place."""
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    return text if re.fullmatch(r"[\w.:-]{1,120}", text) else ""


def _at(number: int, account: str, ref: str, reason: str) -> str:
    words = {"line": number, "key": ".".join(filter(None, (account, ref))) or "–"}
    return _("line %(line)s, %(key)s: ") % words + reason
