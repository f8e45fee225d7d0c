"""Companies, people, what people did, tokens for machines, and what may be spent."""

from tenants.models.api_token import ApiToken
from tenants.models.audit_entry import AuditEntry
from tenants.models.budget import Budget
from tenants.models.membership import Membership
from tenants.models.spending import Spending
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = ["ApiToken", "AuditEntry", "Budget", "Membership", "Spending", "Tenant", "User"]
