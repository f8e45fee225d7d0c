"""Bringing people into a company's team."""

from dataclasses import dataclass

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tenants import audit
from tenants.access import Role
from tenants.audit import Action
from tenants.models import Membership, Tenant, User
from tenants.models.user import normal_email
from tenants.people import second_factor


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new team member; the path lets a person who is new to the platform choose a password."""

    membership: Membership
    password_path: str


@transaction.atomic
def invite(
    tenant: Tenant, *, email: str, role: Role, name: str = "", by_platform: bool = False
) -> Invitation:
    """A person whom one company invited may have a password that this company knows. When the
    platform adds the person to a further company, that password ends and a new link is made."""
    user = User.objects.filter(email=normal_email(email)).first()
    needs_password = user is None or not user.is_confirmed
    if user is None:
        user = User.objects.create_user(
            email, name=name, language=tenant.language, is_confirmed=by_platform
        )
    elif needs_password:
        start_afresh(user)
    membership = Membership(tenant=tenant, user=user, role=role)
    membership.full_clean()
    membership.save()
    return Invitation(membership, password_link(user) if needs_password else "")


def start_afresh(user: User) -> None:
    """Whoever knows the password so far is out. The platform hands out the next one itself."""
    second_factor.switch_off(user)
    user.set_unusable_password()
    user.is_confirmed = True
    user.save()


def password_link(user: User) -> str:
    audit.record(Action.PASSWORD_LINK_MADE, user)
    return password_path(user)


def password_path(user: User) -> str:
    """Where this person may choose a password, once, within three days."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("admin:password_set", args=[uid, token])
