"""Make a company from a starter."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants import starting


class Command(BaseCommand):
    help = "Make a company with the configuration of a starter."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--name", default="")
        parser.add_argument("--template", default="blank", help=", ".join(starting.STARTERS))
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            starting.check_starter(options["template"])
            tenant = starting.make(
                options["slug"], name=options["name"], starter=options["template"]
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        path = reverse("admin:tenants_tenant_getting_started", args=[tenant.pk])
        page = settings.PUBLIC_URL + path
        if options["json"]:
            self.stdout.write(
                json.dumps({"tenant": tenant.slug, "name": tenant.name, "next": page})
            )
        else:
            words = {"name": tenant.name, "page": page}
            self.stdout.write(_("%(name)s is there. What comes next: %(page)s") % words)
