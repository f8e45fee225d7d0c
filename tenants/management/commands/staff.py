"""Give a person a role in a company, or make a platform admin."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.access import Role
from tenants.management.lookup import tenant_named
from tenants.models import Membership, User
from tenants.models.user import normal_email
from tenants.people import team


class Command(BaseCommand):
    help = "Give a person a role in a company (--tenant, --role), or the platform (--platform)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--tenant", metavar="SLUG")
        parser.add_argument("--role", choices=Role.values, default=Role.AGENT)
        parser.add_argument("--platform", action="store_true", help="make a platform admin")
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="read the password here")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["tenant"]) == options["platform"]:
            raise CommandError(_("Name either --tenant SLUG or --platform."))
        try:
            with transaction.atomic():
                user = self._person(options)
                if options["tenant"]:
                    _give_role(user, slug=options["tenant"], role=Role(options["role"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(_("%(email)s is ready.") % {"email": user.email})
        if not user.has_usable_password():
            link = f"{settings.PUBLIC_URL}{team.password_link(user)}"
            self.stdout.write(_("Password link, for three days: %(link)s") % {"link": link})

    def _person(self, options: dict[str, Any]) -> User:
        email = normal_email(options["email"])
        user: User = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=options["name"]
        )
        if not user.is_active:
            message = _("%(email)s is inactive. Make the person active first.")
            raise CommandError(message % {"email": email})
        user.name = options["name"] or user.name
        user.is_superuser = options["platform"] or user.is_superuser
        if options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
            validate_password(password, user)
            user.set_password(password)
        user.save()
        return user


def _give_role(user: User, *, slug: str, role: Role) -> None:
    tenant = tenant_named(slug)
    membership, is_new = Membership.objects.get_or_create(
        tenant=tenant, user=user, defaults={"role": role}
    )
    if not is_new and membership.role != role:
        membership.role = role
        membership.save()
