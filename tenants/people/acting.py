"""For which company and in which role a signed-in person works right now.

People of several companies choose one. Whoever has more rights may look through the eyes of a
role with fewer; the choice lives in the session and can only take rights away.
"""

from collections.abc import MutableMapping
from typing import Any

from django.db.models import QuerySet

from tenants.access import Access, Role
from tenants.models import Membership, Tenant, User

TENANT_KEY = "acting_tenant"
ROLE_KEY = "acting_role"

RANK = {role: rank for rank, role in enumerate(Role)}


def access_of(user: User, session: MutableMapping[str, Any]) -> Access:
    if user.is_superuser:
        return _as_role(_platform_access(user, session), session)
    memberships = memberships_of(user)
    if not memberships:
        return Access(user=user)
    chosen = session.get(TENANT_KEY)
    membership = next((m for m in memberships if m.tenant_id == chosen), memberships[0])
    access = Access(user=user, tenant=membership.tenant, role=Role(membership.role))
    return _as_role(access, session)


def memberships_of(user: User) -> list[Membership]:
    rows = user.memberships.filter(tenant__is_active=True).select_related("tenant")
    return list(rows.order_by("tenant__name", "pk"))


def tenants_of(user: User) -> QuerySet[Tenant]:
    """The companies a person may choose from."""
    tenants: QuerySet[Tenant] = Tenant.objects.order_by("name", "pk")
    if user.is_superuser:
        return tenants
    return tenants.filter(membership__user=user, is_active=True)


def roles_below(user: User, access: Access) -> list[Role]:
    """The roles whose eyes this person may borrow in the chosen company."""
    if access.tenant is None:
        return []
    if user.is_superuser:
        return list(Role)
    own = user.memberships.filter(tenant=access.tenant).values_list("role", flat=True).first()
    return [role for role in Role if own and RANK[role] > RANK[Role(own)]]


def choose(user: User, session: MutableMapping[str, Any], *, tenant: str, role: str) -> bool:
    """Remember the choice; False when it is not this person's to make."""
    wanted = tenants_of(user).filter(slug=tenant).first()
    if wanted is None and (tenant or not user.is_superuser):
        return False
    session[TENANT_KEY] = wanted.pk if wanted else None
    session.pop(ROLE_KEY, None)
    if role in roles_below(user, access_of(user, session)):
        session[ROLE_KEY] = role
    return not role or ROLE_KEY in session


def _platform_access(user: User, session: MutableMapping[str, Any]) -> Access:
    chosen = session.get(TENANT_KEY)
    tenant = Tenant.objects.filter(pk=chosen).first() if chosen else None
    return Access(user=user, tenant=tenant, is_platform=True)


def _as_role(access: Access, session: MutableMapping[str, Any]) -> Access:
    """Fewer rights than the person has, never more."""
    wanted = session.get(ROLE_KEY)
    if access.tenant is None or wanted not in Role.values:
        return access
    is_fewer = access.is_platform or (access.role and RANK[Role(wanted)] > RANK[access.role])
    if not is_fewer:
        return access
    return Access(user=access.user, tenant=access.tenant, role=Role(wanted))
