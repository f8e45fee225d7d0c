"""What one person may see and do: roles of a tenant, and the rows they reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from tenants.models import Tenant, User


class Role(TextChoices):
    OWNER = "owner", pgettext_lazy("role", "Owner")
    EDITOR = "editor", pgettext_lazy("role", "Editor")
    AGENT = "agent", pgettext_lazy("role", "Agent")
    VIEWER = "viewer", pgettext_lazy("role", "Viewer")


class Area(StrEnum):
    """What a row is about; every admin page and API view belongs to one area."""

    COMPANY = "company"
    CONFIGURATION = "configuration"
    CONVERSATIONS = "conversations"
    KNOWLEDGE = "knowledge"
    PEOPLE = "people"
    SECRETS = "secrets"
    AUDIT = "audit"
    PLATFORM = "platform"


class Verb(StrEnum):
    VIEW = "view"
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


NOTHING: frozenset[Verb] = frozenset()
READ = frozenset({Verb.VIEW})
EDIT = frozenset({Verb.VIEW, Verb.CHANGE})
ALL = frozenset(Verb)

# Areas missing from a role are closed to it. PLATFORM is in none: only platform admins have it.
RIGHTS: Mapping[Role, Mapping[Area, frozenset[Verb]]] = {
    Role.OWNER: {
        Area.COMPANY: EDIT,
        Area.CONFIGURATION: ALL,
        Area.CONVERSATIONS: ALL,
        Area.KNOWLEDGE: ALL,
        Area.PEOPLE: ALL,
        Area.SECRETS: ALL,
        Area.AUDIT: READ,
    },
    Role.EDITOR: {
        Area.COMPANY: READ,
        Area.CONFIGURATION: ALL,
        Area.CONVERSATIONS: ALL,
        Area.KNOWLEDGE: ALL,
        Area.PEOPLE: READ,
    },
    Role.AGENT: {
        Area.COMPANY: READ,
        Area.CONFIGURATION: READ,
        Area.CONVERSATIONS: EDIT,
        Area.KNOWLEDGE: EDIT,
    },
    Role.VIEWER: {
        Area.COMPANY: READ,
        Area.CONFIGURATION: READ,
        Area.CONVERSATIONS: READ,
        Area.KNOWLEDGE: READ,
    },
}


@dataclass(frozen=True, slots=True)
class Access:
    """The rows and rights of one request.

    `tenant` None with `is_platform` true reaches every tenant. Without both, nothing is reached.
    """

    user: "User | None" = None
    tenant: "Tenant | None" = None
    role: Role | None = None
    is_platform: bool = False

    def may(self, verb: Verb, area: Area) -> bool:
        if self.is_platform:
            return True
        if self.role is None or self.tenant is None:
            return False
        return verb in RIGHTS[self.role].get(area, NOTHING)

    @property
    def reaches_everything(self) -> bool:
        return self.is_platform and self.tenant is None


NO_ACCESS = Access()
