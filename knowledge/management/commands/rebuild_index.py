"""Build the collections of the search index anew from the database, while they are searched."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from knowledge.management import asking
from knowledge.models import Space
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Fill a new collection from the database, compare it, and switch to it. Searches use the"
        " old one until then, and find everything meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("space", metavar="SPACE", nargs="?", help="without it: all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        spaces = Space.objects.order_by("key")
        if options["space"]:
            spaces = spaces.filter(key=options["space"])
            if not spaces:
                known = ", ".join(Space.objects.order_by("key").values_list("key", flat=True))
                message = _("There is no search space “%(name)s”. There are: %(known)s.")
                raise CommandError(message % {"name": options["space"], "known": known or "-"})
        for space in spaces:
            tenant = Tenant.objects.filter(index__space=space).order_by("pk").first()
            if tenant is None:
                continue
            built = asking.do(tenant, "rebuild", key=space.key)
            sentence = _("%(space)s: built anew for %(count)d companies.")
            self.stdout.write(sentence % {"space": space.key, "count": built["companies"]})
