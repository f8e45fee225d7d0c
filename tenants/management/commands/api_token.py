"""Make a token for the API and print it, once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from tenants.management.lookup import tenant_named
from tenants.models import ApiToken
from tenants.models.api_token import Scope


class Command(BaseCommand):
    help = "Make a token with which a company's machine calls the API. It is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", required=True, help=", ".join(Scope.values))
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        scopes = [word.strip() for word in options["scopes"].split(",") if word.strip()]
        token = ApiToken(tenant=tenant, name=options["name"], scopes=scopes)
        secret = token.make_secret()
        try:
            token.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        token.save()
        self.stdout.write(json.dumps({"token": secret}) if options["json"] else secret)
