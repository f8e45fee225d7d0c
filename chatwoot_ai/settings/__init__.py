"""Settings come from the environment alone; `.env.example` explains every key."""

from chatwoot_ai.settings.base import *  # noqa: F403  Django reads settings as module attributes
