"""How files and other programs name a company: account_2, account-2, 2, or its short name."""

import re

from tenants.models import ChannelMapping, Tenant

_NUMBER = re.compile(r"(?:chatwoot[_-])?(?:account[_-])?([0-9]{1,18})\Z")


def find_tenant(account: str) -> Tenant | None:
    """The company of this short name, else the one that has the account of this number."""
    slug = slug_of(account)
    if not re.fullmatch(r"[a-z0-9-]+", slug):
        return None
    named = Tenant.objects.filter(slug__in=[slug, slug.removeprefix("account-")])
    by_name: Tenant | None = named.order_by("-slug").first()
    number = number_of(account)
    if by_name is not None or number is None:
        return by_name
    rows = ChannelMapping.objects.filter(account_id=number, inbox_id=None).select_related("tenant")
    found = list(rows[:2])
    return found[0].tenant if len(found) == 1 else None


def slug_of(account: str) -> str:
    text = account.strip().lower().replace("_", "-").removeprefix("chatwoot-")
    return f"account-{text}" if text.isascii() and text.isdigit() else text


def number_of(account: str) -> int | None:
    found = _NUMBER.match(account.strip().lower())
    return int(found[1]) or None if found else None


def name_of(tenant_slug: str) -> str:
    """The name of a company in files."""
    is_numbered = re.match(r"account-[0-9]+\Z", tenant_slug)
    return tenant_slug.replace("-", "_") if is_numbered else tenant_slug
