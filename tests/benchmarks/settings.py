"""Those of production, with an answerer that does what the text says."""

from chatwoot_ai.settings.base import *  # noqa: F403  Django reads settings as module attributes

ANSWERER = "tests.benchmarks.answerer.answer"
