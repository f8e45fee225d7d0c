"""The crews app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrewsConfig(AppConfig):
    name = "crews"
    verbose_name = _("Crews")

    def ready(self) -> None:
        from crews import receivers  # noqa: F401, PLC0415  models are loaded by now
