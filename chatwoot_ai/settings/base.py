"""Everything the platform can be told, in the order an operator thinks about it."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from chatwoot_ai.settings.environment import Environment
from chatwoot_ai.settings.secret_key import read_or_make_secret_key
from chatwoot_ai.settings.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parents[2]
env = Environment()
ENVIRONMENT_MISTAKES = env.mistakes

# Where this installation lives
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")
DEV_MODE = env.truth("DEV_MODE", default=False)
DEBUG = DEV_MODE and env.truth("DEBUG", default=False)
HOST = env.text("HOST") or "127.0.0.1"
PORT = int(env.number("PORT", 8000, least=1, most=65535))
PUBLIC_URL = env.url("PUBLIC_URL", f"http://127.0.0.1:{PORT}", schemes=("http", "https")).rstrip(
    "/"
)
CHATWOOT_DOMAIN = env.text("CHATWOOT_DOMAIN")
DEMO = env.truth("DEMO", default=True)
SECRET_KEY = env.text("SECRET_KEY") or read_or_make_secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
MASTER_KEYS = env.master_keys("MASTER_KEYS", DATA_DIR)

# Stores and the broker: each address decides alone
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
REDIS_URL = env.redis()
CELERY_BROKER_URL = env.url(
    "CELERY_BROKER_URL", schemes=("redis", "rediss", "amqp", "amqps", "pyamqp", "unix")
)
QDRANT_URL = env.url("QDRANT_URL", schemes=("http", "https"))
QDRANT_API_KEY = env.text("QDRANT_API_KEY")

if IS_SQLITE:
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=5,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    )
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
    # Plans are kept for the hand-written statements alone. A pooler that cannot keep them for its
    # clients (PgBouncer before 1.21) needs ?prepare_threshold=1000000000 in DATABASE_URL.
    DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 1)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
_redis = {
    "BACKEND": "chatwoot_ai.cache.RedisCache",
    "LOCATION": REDIS_URL,
    "KEY_PREFIX": "chatwootai",
}
# Vectors of texts stand apart: in the memory of a process they would push out everything else.
CACHES = {
    "default": _redis if REDIS_URL else _memory,
    "embeddings": _redis
    if REDIS_URL
    else {**_memory, "LOCATION": "embeddings", "OPTIONS": {"MAX_ENTRIES": 2_000}},
}

# Who may come in, and how
TRUSTED_PROXIES = int(env.number("TRUSTED_PROXIES", 0, least=0, most=10))
IS_HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = [
    urlsplit(PUBLIC_URL).hostname or "",
    "127.0.0.1",
    "localhost",
    "[::1]",
    *env.words("ALLOWED_HOSTS"),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *env.words("CSRF_TRUSTED_ORIGINS")]
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "tenants.people.hashers.FrugalArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60
REQUIRE_2FA = env.truth("REQUIRE_2FA", default=False)
OTP_TOTP_ISSUER = "ChatwootAI"
CSRF_FAILURE_VIEW = "chatwoot_ai.error_pages.no_token"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

AXES_FAILURE_LIMIT = int(env.number("LOGIN_FAILURE_LIMIT", 5, least=3, most=100))
AXES_COOLOFF_TIME = 0.25
LOGIN_FAILURES_PER_ADDRESS = int(
    env.number("LOGIN_FAILURES_PER_ADDRESS", 50, least=5, most=100_000)
)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "tenants.people.sign_in.name_tried"
AXES_CLIENT_IP_CALLABLE = "tenants.context.client_address"
AXES_LOCKOUT_CALLABLE = "tenants.people.account.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if IS_HTTPS else 0
HSTS_WHOLE_DOMAIN = env.truth("HSTS_WHOLE_DOMAIN", default=False)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS and HSTS_WHOLE_DOMAIN
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Whether HSTS holds for a whole domain is the operator's choice (HSTS_WHOLE_DOMAIN).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# The theme's Alpine.js evaluates expressions in attributes, hence 'unsafe-eval'; see
# docs/decisions/0006-content-security-policy.md.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# What is installed
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "chatwoot_ai.apps.AdminConfig",
    "chatwoot_ai.apps.PlatformConfig",
    "tenants",
    "knowledge",
    "crews",
    "integrations",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]
MIDDLEWARE = [
    "chatwoot_ai.middleware.RequestContextMiddleware",
    "chatwoot_ai.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "chatwoot_ai.middleware.RefuseNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.AccessMiddleware",
    "tenants.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
]
# What programs send to /webhooks/ passes these alone (chatwoot_ai.utf8).
DOOR_MIDDLEWARE = [
    "chatwoot_ai.middleware.RequestContextMiddleware",
    "chatwoot_ai.metrics.MetricsMiddleware",
]
ROOT_URLCONF = "chatwoot_ai.urls"
WSGI_APPLICATION = "chatwoot_ai.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# What tries a secret of a kind: kind → dotted path of a function (tenant, secret, credential) that
# returns a sentence or raises an error with one. `tenants` may not import those who know how.
CREDENTIAL_TESTS: dict[str, str] = {
    "openai": "integrations.llm.trying.try_key",
    "model_provider": "integrations.llm.trying.try_key",
}

# What asks a Chatwoot installation how it is: dotted path of a function (installation) that
# returns a sentence or raises `tenants.onboarding.TestFailedError` with one.
INSTALLATION_TEST = "integrations.chatwoot.trying.try_installation"

# Language, time, static files
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "chatwoot_ai" / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = IS_HTTPS
TIME_ZONE = env.text("TIME_ZONE") or "America/Sao_Paulo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["chatwoot_ai.formats"]
STATIC_URL = "static/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

# E-mail
EMAIL_URL = env.text("EMAIL_URL")
locals().update(env.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL") or "chatwootai@localhost"
EMAIL_TIMEOUT = 10

# Tasks
CHAT_THREADS = int(env.number("CHAT_THREADS", 16, least=1, most=64))
TENANT_TURNS_AT_ONCE = int(env.number("TENANT_TURNS_AT_ONCE", 8, least=1, most=1_000))
LOCAL_QUEUE_THREADS = {"chat": CHAT_THREADS, "indexing": 1, "maintenance": 1}
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_ROUTES = {
    "crews.tasks.sweep": {"queue": "maintenance"},
    "crews.tasks.reconcile_*": {"queue": "maintenance"},
    "crews.tasks.purge_*": {"queue": "maintenance"},
    "crews.tasks.watch": {"queue": "maintenance"},
    "crews.tasks.tell_alarms": {"queue": "maintenance"},
    "crews.*": {"queue": "chat"},
    "knowledge.tasks.carry_out_errands": {"queue": "chat"},
    "knowledge.*": {"queue": "indexing"},
    "integrations.*": {"queue": "maintenance"},
    "tenants.*": {"queue": "maintenance"},
    "chatwoot_ai.*": {"queue": "maintenance"},
}
CELERY_BEAT_SCHEDULE = {
    **{
        f"report-alive-{queue}": {
            "task": "chatwoot_ai.tasks.report_alive",
            "schedule": 30,
            "kwargs": {"queue": queue},
            "options": {"queue": queue, "expires": 60},
        }
        for queue in LOCAL_QUEUE_THREADS
    },
    "sweep-conversations": {
        "task": "crews.tasks.sweep",
        "schedule": 2,
        "options": {"expires": 10},
    },
    "reconcile-connections": {
        "task": "crews.tasks.reconcile_connections",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "purge-old-texts": {
        "task": "crews.tasks.purge_old_texts",
        "schedule": 24 * 60 * 60,
    },
    "carry-out-errands": {
        "task": "knowledge.tasks.carry_out_errands",
        "schedule": 1,
        "options": {"expires": 5},
    },
    "sweep-index": {
        "task": "knowledge.tasks.sweep_index",
        "schedule": 10,
        "options": {"expires": 30},
    },
    "sweep-imports": {
        "task": "knowledge.tasks.sweep_imports",
        "schedule": 10,
        "options": {"expires": 30},
    },
    "sweep-websites": {
        "task": "knowledge.tasks.sweep_websites",
        "schedule": 30,
        "options": {"expires": 60},
    },
    "drop-old-uploads": {
        "task": "knowledge.tasks.drop_old_uploads",
        "schedule": 60 * 60,
    },
    "watch-over-conversations": {
        "task": "crews.tasks.watch",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "send-budget-alerts-left-behind": {
        "task": "tenants.tasks.send_budget_alerts_left_behind",
        "schedule": 5 * 60,
    },
    "drop-old-spendings": {
        "task": "tenants.tasks.drop_old_spendings",
        "schedule": 24 * 60 * 60,
    },
    "drop-expired-sessions": {
        "task": "chatwoot_ai.tasks.drop_expired_sessions",
        "schedule": 60 * 60,
    },
    "drop-old-credential-accesses": {
        "task": "tenants.tasks.drop_old_credential_accesses",
        "schedule": 24 * 60 * 60,
    },
    "drop-old-remote-calls": {
        "task": "integrations.tasks.drop_old_remote_calls",
        "schedule": 24 * 60 * 60,
    },
    "drop-old-model-calls": {
        "task": "integrations.tasks.drop_old_model_calls",
        "schedule": 24 * 60 * 60,
    },
    "settle-model-calls-left-running": {
        "task": "integrations.tasks.settle_model_calls_left_running",
        "schedule": 5 * 60,
    },
    "mail-usage-of-last-month": {
        "task": "integrations.tasks.mail_usage_of_last_month",
        "schedule": 60 * 60,
    },
}
# What answers a question: dotted path of a function (question) that returns an Answer; see
# crews.questions. While it is empty every conversation goes to a person.
ANSWERER = "crews.offline.answer"
# What may be asked of the process that owns the search index, where there is no server for it.
ERRANDS = {
    "ask": "crews.trying.answer_errand",
    "sync": "knowledge.upkeep.sync",
    "check": "knowledge.upkeep.check",
    "rebuild": "knowledge.upkeep.rebuild",
}
CREDENTIAL_ACCESS_DAYS = int(env.number("CREDENTIAL_ACCESS_DAYS", 365, least=1, most=3650))
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 30 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 29 * 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Publishing asks once: a request must not wait for a broker that is down.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Its mailbox is exclusive on RabbitMQ and named after the machine, which has several workers.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = TIME_ZONE

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.SteadyJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttling.TokenThrottle"],
    "DEFAULT_PAGINATION_CLASS": "tenants.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.Description",
    "EXCEPTION_HANDLER": "tenants.api.errors.answer_error",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ChatwootAI",
    "DESCRIPTION": "Send a token of your company as “Authorization: Bearer …” with each call.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False},
    "PREPROCESSING_HOOKS": ["tenants.api.schema.only_versioned"],
    "POSTPROCESSING_HOOKS": ["tenants.api.schema.add_refusals"],
}
CREDENTIAL_API = env.truth("CREDENTIAL_API", default=False)
API_REQUESTS_PER_MINUTE = int(env.number("API_REQUESTS_PER_MINUTE", 600, least=1, most=1_000_000))

# What parts of the product add to a new company and to its list of first steps
ONBOARDING_POINTS = [
    "tenants.onboarding.domain",
    "tenants.onboarding.business_hours",
    "integrations.chatwoot.first_step.first_step",
    "tenants.onboarding.channels",
    "tenants.onboarding.team",
    "tenants.onboarding.secrets",
    "integrations.companies.first_step",
    "tenants.onboarding.budget",
]
COPIED_WITH_COMPANY = ["tenants.usage.copy_budgets", "integrations.companies.copy_models"]

# The way out (integrations.http)
OUTBOUND_ALLOW_CIDRS = env.networks("OUTBOUND_ALLOW_CIDRS")
OUTBOUND_ALLOW_HTTP = env.truth("OUTBOUND_ALLOW_HTTP", default=False)
REMOTE_CALL_DAYS = int(env.number("REMOTE_CALL_DAYS", 30, least=1, most=3650))
LLM_CALL_DAYS = int(env.number("LLM_CALL_DAYS", 400, least=31, most=3650))

# Watching
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_HOST = env.text("METRICS_HOST") or "127.0.0.1"
METRICS_PORT = int(env.number("METRICS_PORT", 0, least=0, most=65535))
LOG_LEVEL = env.choice("LOG_LEVEL", "info", allowed=("debug", "info", "warning", "error")).upper()
LOG_FORMAT = env.choice("LOG_FORMAT", "json", allowed=("json", "text"))
SENTRY_DSN = env.url("SENTRY_DSN", schemes=("http", "https"))
OTLP_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", schemes=("http", "https"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masking": {"()": "chatwoot_ai.logs.MaskingFilter"}},
    "formatters": {
        "json": {"()": "chatwoot_ai.logs.JsonFormatter"},
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "stream": {
            "class": "logging.StreamHandler",
            "filters": ["masking"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["stream"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedModelAdminLookup": {"level": "CRITICAL"},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}

# No dependency reports home. crewai reads these at import, and looks for REDIS_URL on its own.
os.environ.update(
    CREWAI_DISABLE_TELEMETRY="true",
    CREWAI_TRACING_ENABLED="false",
    CREWAI_DISABLE_VERSION_CHECK="true",
    ANONYMIZED_TELEMETRY="false",
    DO_NOT_TRACK="1",
)
