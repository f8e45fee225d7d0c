"""Who may speak in a conversation."""

from crews.models import Control, Status


def may_speak(control: str, *, mode: str) -> bool:
    """Drafts for people go on while people have the conversation."""
    if mode == "off":
        return False
    return control == Control.BOT or (mode == "suggest" and control == Control.HUMAN)


def opens_for_people(status: str, *, mode: str | None, answers_open: bool) -> bool:
    """Whether a conversation in this status is one that people have."""
    if status == Status.SNOOZED:
        return mode == "automatic"
    return status == Status.OPEN and mode == "automatic" and not answers_open
