"""A company that is served: the root of everything it owns."""

import zoneinfo
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import AuditedModel, AuditedQuerySet

SHORT_NAME_RULE = _("Use small letters, digits and hyphens, for example “moveis-silva”.")
LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        message = _("“%(name)s” is no time zone. Write one such as America/Sao_Paulo.")
        raise ValidationError(message, code="time_zone", params={"name": name})


class TenantQuerySet(AuditedQuerySet):
    def visible_to(self, access: Access) -> Self:
        if access.tenant is not None:
            return self.filter(pk=access.tenant.pk)
        return self.all() if access.reaches_everything else self.none()


class Tenant(AuditedModel):
    slug = models.SlugField(
        _("short name"),
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", SHORT_NAME_RULE)],
        help_text=_("Stands in addresses and commands. Small letters, digits and hyphens."),
        error_messages={"unique": _("Another company already has this short name.")},
    )
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(
        _("language"), max_length=10, choices=LANGUAGES, default=LANGUAGES[0][0]
    )
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="America/Sao_Paulo", validators=[check_time_zone]
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("An inactive company is not served: its people and tokens cannot come in."),
    )
    most_people = models.PositiveIntegerField(
        _("most people"), null=True, blank=True, help_text=_("Empty: as many as they like.")
    )
    most_channels = models.PositiveIntegerField(
        _("most channels"), null=True, blank=True, help_text=_("Empty: as many as they like.")
    )
    api_requests_per_minute = models.PositiveIntegerField(
        _("API calls a minute"),
        null=True,
        blank=True,
        help_text=_("Of all tokens together. Empty: each token as the installation allows."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name
