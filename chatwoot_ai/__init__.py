"""The project: settings, addresses, workers and health. Imports the apps; no app imports it."""

from chatwoot_ai.celery import app as celery_app

__all__ = ["celery_app"]
