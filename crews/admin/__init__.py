"""Admin pages of conversations: who answers, what came in, what the bot did, what went out."""

from crews.admin import alarms, conversations, events, outbox, turns

__all__ = ["alarms", "conversations", "events", "outbox", "turns"]
