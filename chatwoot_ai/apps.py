"""The project as an app, and the admin site it brings."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "chatwoot_ai.admin_site.AdminSite"


class PlatformConfig(AppConfig):
    name = "chatwoot_ai"
    verbose_name = "ChatwootAI"

    def ready(self) -> None:
        from chatwoot_ai import checks, metrics  # noqa: F401, PLC0415  they register themselves
