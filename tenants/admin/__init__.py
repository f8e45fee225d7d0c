"""Admin pages for companies and their configuration, people, tokens and the audit log."""

from tenants.admin import (
    api_tokens,
    audit_log,
    budgets,
    channels,
    companies,
    config_pages,
    credentials,
    people,
    versions,
)

__all__ = [
    "api_tokens",
    "audit_log",
    "budgets",
    "channels",
    "companies",
    "config_pages",
    "credentials",
    "people",
    "versions",
]
