"""What models cost, as their providers publish it; kept by the operator for all companies."""

from typing import Any, ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit import AuditedModel
from tenants.budgets.money import MoneyField

check_pattern = RegexValidator(
    r"\A[^*\s]+\*?\Z", _("Write the name of a model, or its beginning and a * at the end.")
)


class ModelPrice(AuditedModel):
    """US dollars per million tokens, from a day on."""

    pattern = models.CharField(
        _("model"),
        max_length=120,
        validators=[check_pattern],
        help_text=_("A * at the end stands for anything; the longest fitting name counts."),
    )
    price_in = MoneyField(_("read"), validators=[MinValueValidator(0)])
    price_cached = MoneyField(
        _("read again"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("For what the provider still had in its cache. Empty: the same as read."),
    )
    price_out = MoneyField(_("written"), default=0, validators=[MinValueValidator(0)])
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("price of a model")
        verbose_name_plural = _("prices of models")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["pattern", "valid_from"],
                name="integrations_modelprice_once_a_day",
                violation_error_message=_("There is already a price of this model for this day."),
            ),
        ]

    def __str__(self) -> str:
        return self.pattern

    def fits(self, model: str) -> bool:
        if self.pattern.endswith("*"):
            return model.startswith(self.pattern[:-1])
        return model == self.pattern
