"""Which Chatwoot can do what."""

import re
from collections.abc import Mapping
from enum import StrEnum

Version = tuple[int, int, int]

NUMBERS = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:$|[-+. ])")


class Feature(StrEnum):
    AGENT_BOTS = "agent bots that administrators manage"
    SIGNED_ACCOUNT_WEBHOOKS = "signed deliveries of account webhooks"
    SIGNED_BOT_WEBHOOKS = "signed deliveries to agent bots and from API inboxes"
    BOT_READS_CONVERSATIONS = "agent bots that read conversations and labels"


SINCE: Mapping[Feature, Version] = {
    Feature.AGENT_BOTS: (4, 1, 0),
    Feature.SIGNED_ACCOUNT_WEBHOOKS: (4, 11, 2),
    Feature.SIGNED_BOT_WEBHOOKS: (4, 13, 0),
    Feature.BOT_READS_CONVERSATIONS: (4, 14, 2),
}


def numbers_of(version: str) -> Version | None:
    """None when it does not look like a version."""
    found = NUMBERS.match(version.strip())
    if found is None:
        return None
    major, minor, patch = found.groups()
    return int(major), int(minor), int(patch or 0)


def can(version: Version, feature: Feature) -> bool:
    return version >= SINCE[feature]
