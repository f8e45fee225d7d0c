"""Store the secrets of a credentials.yaml."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import account_names, credentials
from tenants.credentials import CredentialError, Outcome
from tenants.management.lookup import tenant_named
from tenants.models import Tenant
from tenants.vault import credentials_file
from tenants.vault.credentials_file import CredentialsFileError, Line


class Command(BaseCommand):
    help = (
        "Store the secrets of a credentials.yaml (templates/tenants/credentials.yaml.example)."
        " One error imports nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            lines = credentials_file.read(path)
            with transaction.atomic():
                done = _store_all(path, lines)
                transaction.set_rollback(options["dry_run"])
        except (CredentialsFileError, CredentialError) as error:
            raise CommandError(str(error)) from None
        for line, tenant, outcome in done:
            self.stdout.write(f"{line.account} → {tenant.slug}  {line.ref}  {outcome.label}")
        if options["dry_run"]:
            self.stdout.write(_("Nothing was stored (--dry-run)."))


def _store_all(path: Path, lines: list[Line]) -> list[tuple[Line, Tenant, Outcome]]:
    problems: list[str] = []
    done: list[tuple[Line, Tenant, Outcome]] = []
    for line in lines:
        try:
            tenant = _tenant_of(line.account)
            _row, outcome = credentials.merge(tenant, line.ref, line.secret)
            done.append((line, tenant, outcome))
        except CommandError as error:
            problems.append(credentials_file.problem_of(line, str(error)))
        except ValidationError as error:
            problems.append(credentials_file.problem_of(line, " ".join(error.messages)))
    if problems:
        raise CredentialsFileError(path, problems)
    return done


def _tenant_of(account: str) -> Tenant:
    return account_names.find_tenant(account) or tenant_named(account)
