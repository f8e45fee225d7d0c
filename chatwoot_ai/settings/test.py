"""Settings of the test suite: the embedded footing in a folder of its own, cheap passwords."""

import os
import tempfile

for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_HOST",
    "CELERY_BROKER_URL",
    "QDRANT_URL",
    "EMAIL_URL",
    "MASTER_KEYS",
    "CREDENTIAL_API",
    "OUTBOUND_ALLOW_CIDRS",
    "OUTBOUND_ALLOW_HTTP",
):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = os.environ.get("TEST_DATA_DIR") or tempfile.mkdtemp(
    prefix="chatwootai-test-"
)
os.environ["DEV_MODE"] = "false"
os.environ["LOG_FORMAT"] = "json"
os.environ["LOG_LEVEL"] = "warning"

from chatwoot_ai.settings.base import *  # noqa: E402, F403  reads the environment set above
from chatwoot_ai.settings.base import DATABASES  # noqa: E402

if url := os.environ.get("TEST_ON_DATABASE_URL"):
    from environ import Env

    DATABASES["default"] = {**Env.db_url_config(url), "TEST": {}}
    DATABASES["default"]["OPTIONS"] = {"prepare_threshold": 1}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_URL = "memorymail://"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample"]  # noqa: F405  a small app with every shape of row
ROOT_URLCONF = "tests.urls"
