"""Admin pages for companies, people, tokens and the audit log."""

from tenants.admin import api_tokens, audit_log, companies, people

__all__ = ["api_tokens", "audit_log", "companies", "people"]
