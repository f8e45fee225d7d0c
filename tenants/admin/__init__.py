"""Admin pages for companies, people, tokens, secrets and the audit log."""

from tenants.admin import api_tokens, audit_log, companies, credentials, people

__all__ = ["api_tokens", "audit_log", "companies", "credentials", "people"]
