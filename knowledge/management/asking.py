"""What the commands about the index have in common."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from knowledge import errands
from knowledge.engines.failures import EngineError
from tenants.management.lookup import tenant_named
from tenants.models import Tenant

# A first index of a large company takes its time.
SECONDS = 30 * 60.0


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("tenant", metavar="SLUG", nargs="?", help="without it: every company")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each company")


def companies(slug: str | None) -> Iterator[Tenant]:
    if slug:
        yield tenant_named(slug)
    else:
        yield from Tenant.objects.order_by("pk")


def do(tenant: Tenant, kind: str, **asked: Any) -> Any:
    try:
        return errands.do(tenant, kind, seconds=SECONDS, **asked)
    except (errands.ErrandError, EngineError) as error:
        raise CommandError(f"{tenant.slug}: {error}") from error
