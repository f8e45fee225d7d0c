"""How many alarm clocks a company has running.

Each worker that is woken works off whatever is due, so more than a few would only fill the broker.
"""

from django.core.cache import cache

MOST_OUTSTANDING = 16
FORGOTTEN_SECONDS = 60


def may_set(tenant_id: int) -> bool:
    """Counts one more, if there may be one more. Without a cache there always may."""
    key = _key(tenant_id)
    try:
        return (cache.incr(key) or 0) <= MOST_OUTSTANDING
    except ValueError:  # nobody has counted yet
        cache.add(key, 1, FORGOTTEN_SECONDS)
        return True


def rang(tenant_id: int) -> None:
    try:
        if (cache.decr(_key(tenant_id)) or 0) < 0:
            cache.delete(_key(tenant_id))
    except ValueError:
        return


def _key(tenant_id: int) -> str:
    return f"wakes:{tenant_id}"
