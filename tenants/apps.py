"""The tenants app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Companies and people")

    def ready(self) -> None:
        from tenants import receivers  # noqa: F401, PLC0415  models are loaded by now
