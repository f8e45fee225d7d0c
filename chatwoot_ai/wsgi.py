"""The web process: `gunicorn chatwoot_ai.wsgi`."""

import os

from django.conf import settings
from django.db import connections

from chatwoot_ai.utf8 import make_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatwoot_ai.settings")
application = make_application()

from chatwoot_ai import checks, telemetry  # noqa: E402  they need the apps loaded

checks.stop_on_errors(needs_broker=not settings.CELERY_BROKER_URL)
checks.stop_on_wrong_master_keys()
# gunicorn forks after this, and no connection may be shared by two processes.
connections.close_all()
telemetry.start_when_asked()
