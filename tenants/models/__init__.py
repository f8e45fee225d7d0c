"""Companies, people, what people did, and tokens for machines."""

from tenants.models.api_token import ApiToken
from tenants.models.audit_entry import AuditEntry
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = ["ApiToken", "AuditEntry", "Membership", "Tenant", "User"]
