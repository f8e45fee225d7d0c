"""How other programs write the name of a company: account_1 for the short name account-1."""

from tenants.models import Tenant

PREFIX = "account-"


def short_names(account: str) -> list[str]:
    """The short names that may be meant, the likeliest first."""
    plain = account.strip().lower().replace("_", "-")
    other = plain.removeprefix(PREFIX) if plain.startswith(PREFIX) else f"{PREFIX}{plain}"
    return list(dict.fromkeys(name for name in (account.strip(), plain, other) if name))


def fits(account: str, tenant: Tenant) -> bool:
    return tenant.slug in short_names(account)
