"""Bringing people into a company's team."""

from dataclasses import dataclass

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tenants.access import Role
from tenants.models import Membership, Tenant, User
from tenants.models.user import normal_email


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new team member; the path lets a person who is new to the platform choose a password."""

    membership: Membership
    password_path: str


@transaction.atomic
def invite(tenant: Tenant, *, email: str, role: Role, name: str = "") -> Invitation:
    user = User.objects.filter(email=normal_email(email)).first()
    is_new = user is None
    if user is None:
        user = User.objects.create_user(email, name=name, language=tenant.language)
    membership = Membership(tenant=tenant, user=user, role=role)
    membership.full_clean()
    membership.save()
    return Invitation(membership, password_path(user) if is_new else "")


def password_path(user: User) -> str:
    """Where this person may choose a password, once, within three days."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("admin:password_set", args=[uid, token])
