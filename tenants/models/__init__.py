"""Companies and their configuration, people, what people did, and tokens for machines."""

from tenants.models.api_token import ApiToken
from tenants.models.audit_entry import AuditEntry
from tenants.models.channels import ChannelMapping, ChatwootInstallation, UnmappedChannel
from tenants.models.configuration import (
    Configuration,
    ConfigurationVersion,
    DomainFieldMapping,
    DomainHoliday,
    DomainOpeningHours,
    DomainsVersion,
    FieldMapping,
    Holiday,
    OpeningHours,
)
from tenants.models.domain import Domain, DomainParent
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ChannelMapping",
    "ChatwootInstallation",
    "Configuration",
    "ConfigurationVersion",
    "Domain",
    "DomainFieldMapping",
    "DomainHoliday",
    "DomainOpeningHours",
    "DomainParent",
    "DomainsVersion",
    "FieldMapping",
    "Holiday",
    "Membership",
    "OpeningHours",
    "Tenant",
    "UnmappedChannel",
    "User",
]
