"""List what the platform keeps in Redis."""

from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django_redis import get_redis_connection

from tenants.config import stamps
from tenants.management.lookup import tenant_named

PATTERN = "chatwootai:*"


class Command(BaseCommand):
    help = "List the keys in Redis with the seconds they will live, and -1 for no end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this company's")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError(_("REDIS_URL is not set: the cache is inside each process."))
        try:
            self.show(
                stamps.keys_of(tenant_named(options["tenant"])) if options["tenant"] else None
            )
        except redis.RedisError as error:
            raise CommandError(_("Redis does not answer. Check REDIS_URL.")) from error

    def show(self, wanted: list[str] | None) -> None:
        client = get_redis_connection("default")
        found = wanted or sorted(key.decode() for key in client.scan_iter(PATTERN, count=1_000))
        for key in found:
            seconds = client.ttl(key)
            if seconds != -2:
                self.stdout.write(f"{seconds:>8}  {key}")
