"""Companies, people, what people did, tokens for machines, and secrets for other systems."""

from tenants.models.api_token import ApiToken
from tenants.models.audit_entry import AuditEntry
from tenants.models.credential import Credential, CredentialAccess, InstallationCredential
from tenants.models.keys import DataKey, InstallationKey
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Credential",
    "CredentialAccess",
    "DataKey",
    "InstallationCredential",
    "InstallationKey",
    "Membership",
    "Tenant",
    "User",
]
