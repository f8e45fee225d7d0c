"""What the import commands share: a file or a folder in, counts and problems out."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from knowledge import tasks
from knowledge.imports import direct, uploads
from knowledge.imports.drafts import RefusedError
from knowledge.imports.kinds import KINDS
from knowledge.imports.planning import Defaults
from knowledge.imports.writing import Counts
from knowledge.models import Kind, Language
from knowledge.reading.files import ENDINGS, File
from knowledge.reading.rows import Problem
from tenants.management.lookup import tenant_named
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Result:
    """`error` is why nothing (more) of the file could be taken."""

    file: str
    counts: Counts
    error: str = ""

    @property
    def is_complete(self) -> bool:
        return not self.error and not self.counts.failed


class ImportCommand(BaseCommand):
    """Broken off, it is run again: what is there already stays unchanged."""

    kind: ClassVar[Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE|FOLDER")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--language", choices=Language.values, help="of rows that do not say")
        parser.add_argument("--category", default="", help="of rows that do not say")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        defaults = _defaults(tenant, options)
        results = []
        for name, path in _files(options["path"]):
            result = self._import(tenant, name, path, defaults, is_trial=options["dry_run"])
            results.append(result)
            if not options["as_json"]:
                self._tell(result)
        if options["as_json"]:
            lines = [_as_json(result) for result in results]
            self.stdout.write(json.dumps(lines, ensure_ascii=False, indent=2))
        if not options["dry_run"]:
            tasks.sync_index.delay(tenant_id=tenant.pk)
        _fail_for(results)

    def _import(
        self, tenant: Tenant, name: str, path: Path, defaults: Defaults, *, is_trial: bool
    ) -> Result:
        counts = Counts()
        with path.open("rb") as stream:
            file = File(name, stream)
            try:
                uploads.check(KINDS[self.kind], file)
                for batch in direct.carry_out(
                    tenant, KINDS[self.kind], file, defaults=defaults, is_trial=is_trial
                ):
                    counts.add(batch)
            except RefusedError as error:
                return Result(name, counts, str(error))
        return Result(name, counts)

    def _tell(self, result: Result) -> None:
        for problem in result.counts.problems:
            self.stderr.write(f"{result.file}:{_place_of(problem)}")
        if result.error:
            self.stderr.write(f"{result.file}: {result.error}")
        words = {"file": result.file, **asdict(result.counts)}
        self.stdout.write(
            _(
                "%(file)s: %(created)d new, %(changed)d changed, %(unchanged)d unchanged,"
                " %(failed)d not taken."
            )
            % words
        )


def _defaults(tenant: Tenant, options: dict[str, Any]) -> Defaults:
    language = options["language"] or tenant.language[:2]
    known = language if language in Language.values else Language.PORTUGUESE.value
    return Defaults(language=known, category=options["category"])


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Of a folder those whose ending is known, named by their way from it. Links lead nowhere."""
    if path.is_file():
        yield path.name, path
        return
    if not path.is_dir():
        raise CommandError(_("There is no file or folder %(path)s.") % {"path": path})
    for each in sorted(path.rglob("*")):
        if each.is_file() and not each.is_symlink() and each.suffix.lower() in ENDINGS:
            yield each.relative_to(path).as_posix()[-uploads.LONGEST_NAME :], each


def _place_of(problem: Problem) -> str:
    """Line, column, what stands there, what may."""
    parts = (str(problem.row), problem.column, repr(problem.given) if problem.given else "")
    return f"{': '.join(filter(None, parts))}: {problem.allowed}"


def _as_json(result: Result) -> dict[str, Any]:
    counts = asdict(result.counts)
    problems = [
        {"line": each.row, "column": each.column, "given": each.given, "allowed": each.allowed}
        for each in result.counts.problems
    ]
    return {"file": result.file, **counts, "problems": problems, "error": result.error}


def _fail_for(results: list[Result]) -> None:
    bad = sum(not result.is_complete for result in results)
    if bad:
        message = _("Not everything was taken from %(count)d of %(all)d files.")
        raise CommandError(message % {"count": bad, "all": len(results)})
    if not results:
        raise CommandError(_("There is no file here whose ending is known."))
