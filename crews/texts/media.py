"""Media."""

from collections.abc import Sequence

from integrations.chatwoot.values import Attachment


def describe(attachments: Sequence[Attachment], language: str) -> str:
    return "\n".join(part.kind for part in attachments)


def unreadable_kinds(attachments: Sequence[Attachment]) -> tuple[str, ...]:
    return tuple(part.kind for part in attachments)
