"""Admin pages for companies, people, tokens, budgets and the audit log."""

from tenants.admin import api_tokens, audit_log, budgets, companies, people

__all__ = ["api_tokens", "audit_log", "budgets", "companies", "people"]
