"""What a company, or a domain, says about how it is served: rows that staff edit.

Each kind of row exists twice, for a company and for a domain; `tenants.config.layers` makes one
document of the rows of one owner.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from tenants.audit import AuditedModel
from tenants.fields import DocumentField
from tenants.models.domain import Domain
from tenants.scoping import TenantModel


class Configuration(TenantModel):
    """The company's own part of its configuration; the rest comes from its domain."""

    unaudited_fields = frozenset({"version"})

    domain = models.ForeignKey(
        Domain,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="configurations",
        verbose_name=_("domain"),
        help_text=_("What the company does not say itself comes from here."),
    )
    test_domain = models.ForeignKey(
        Domain,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("domain for tests"),
    )
    settings = DocumentField(_("settings"))
    document = DocumentField(_("further configuration"))
    version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("configuration")
        verbose_name_plural = _("configurations")
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="tenants_configuration_once"),
        ]

    def __str__(self) -> str:
        return str(self.tenant)


class FieldMappingColumns(models.Model):
    """Under which name a field of ours is found in the company's own data."""

    kind = models.CharField(_("kind"), max_length=60, help_text=_("For example “product”."))
    field = models.CharField(_("field"), max_length=120, help_text=_("Our name: “price”."))
    source = models.CharField(
        _("source field"), max_length=200, help_text=_("The name over there: “valor”.")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind}.{self.field} ← {self.source}"


class OpeningHoursColumns(models.Model):
    """One interval of a weekday. An interval that ends before it begins runs past midnight."""

    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=sorted(WEEKDAYS.items()))
    opens_at = models.TimeField(
        _("opens"), null=True, blank=True, help_text=_("Empty: closed all day.")
    )
    closes_at = models.TimeField(_("closes"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        hours = f"{self.opens_at:%H:%M}–{self.closes_at:%H:%M}" if self.opens_at else "–"
        return f"{self.get_weekday_display()} {hours}"

    def clean(self) -> None:
        super().clean()
        check_interval(self.opens_at, self.closes_at)


class HolidayColumns(models.Model):
    date = models.DateField(_("date"))
    every_year = models.BooleanField(_("every year"), default=False)
    name = models.CharField(_("name"), max_length=120)
    opens_at = models.TimeField(
        _("opens"), null=True, blank=True, help_text=_("Empty: closed all day.")
    )
    closes_at = models.TimeField(_("closes"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.date:%d/%m})"

    def clean(self) -> None:
        super().clean()
        check_interval(self.opens_at, self.closes_at)


def check_interval(opens_at: Any, closes_at: Any) -> None:
    if (opens_at is None) != (closes_at is None):
        raise ValidationError(_("Fill in both times, or none for a closed day."))
    if opens_at is not None and opens_at == closes_at:
        raise ValidationError(_("The interval ends when it begins. Change one of the times."))


class OfConfiguration(TenantModel):
    configuration = models.ForeignKey(
        Configuration, models.CASCADE, verbose_name=_("configuration")
    )

    class Meta:
        abstract = True


class OfDomain(AuditedModel):
    domain = models.ForeignKey(Domain, models.CASCADE, verbose_name=_("domain"))

    class Meta:
        abstract = True


class FieldMapping(FieldMappingColumns, OfConfiguration):
    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "field"],
                name="tenants_fieldmapping_once",
                violation_error_message=_("This field is already mapped."),
            )
        ]


class OpeningHours(OpeningHoursColumns, OfConfiguration):
    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")


class Holiday(HolidayColumns, OfConfiguration):
    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "date", "every_year"],
                name="tenants_holiday_once",
                violation_error_message=_("This day is already in the list."),
            )
        ]


class DomainFieldMapping(FieldMappingColumns, OfDomain):
    class Meta:
        verbose_name = _("field mapping of a domain")
        verbose_name_plural = _("field mappings of domains")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "kind", "field"],
                name="tenants_domainfieldmapping_once",
                violation_error_message=_("This field is already mapped."),
            )
        ]


class DomainOpeningHours(OpeningHoursColumns, OfDomain):
    class Meta:
        verbose_name = _("business hours of a domain")
        verbose_name_plural = _("business hours of domains")


class DomainHoliday(HolidayColumns, OfDomain):
    class Meta:
        verbose_name = _("holiday of a domain")
        verbose_name_plural = _("holidays of domains")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "date", "every_year"],
                name="tenants_domainholiday_once",
                violation_error_message=_("This day is already in the list."),
            )
        ]


class DomainsVersion(models.Model):
    """One row: a number that grows whenever any domain changes."""

    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("version of all domains")
        verbose_name_plural = _("versions of all domains")

    def __str__(self) -> str:
        return str(self.number)


class ConfigurationVersion(TenantModel):
    """The company's own configuration as it was after one change."""

    is_audited = False

    number = models.PositiveIntegerField(_("version"))
    document = DocumentField(_("content"))
    author = models.CharField(_("author"), max_length=320)
    via = models.CharField(_("through"), max_length=100)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("configuration version")
        verbose_name_plural = _("configuration versions")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"], name="tenants_configurationversion_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant} {self.number}"
