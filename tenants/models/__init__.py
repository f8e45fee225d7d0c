"""Companies and their configuration, people, what people did, tokens, secrets and budgets."""

from tenants.models.api_token import ApiToken
from tenants.models.audit_entry import AuditEntry
from tenants.models.budget import Budget
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
from tenants.models.credential import Credential, CredentialAccess, InstallationCredential
from tenants.models.domain import Domain, DomainParent
from tenants.models.keys import DataKey, InstallationKey
from tenants.models.membership import Membership
from tenants.models.spending import Spending
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Budget",
    "ChannelMapping",
    "ChatwootInstallation",
    "Configuration",
    "ConfigurationVersion",
    "Credential",
    "CredentialAccess",
    "DataKey",
    "Domain",
    "DomainFieldMapping",
    "DomainHoliday",
    "DomainOpeningHours",
    "DomainParent",
    "DomainsVersion",
    "FieldMapping",
    "Holiday",
    "InstallationCredential",
    "InstallationKey",
    "Membership",
    "OpeningHours",
    "Spending",
    "Tenant",
    "UnmappedChannel",
    "User",
]
