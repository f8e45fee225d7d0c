"""A business rule: what the company does, and when it holds."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import (
    LONGEST_NAME,
    LONGEST_TITLE,
    Kind,
    Piece,
    newest,
    once_per_company,
    text_field,
)
from tenants.models import Domain


class BusinessRule(Piece):
    kind = Kind.RULE

    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    rule_type = models.CharField(
        _("type"),
        max_length=LONGEST_NAME,
        blank=True,
        help_text=_("For example delivery, payment, exchange, warranty, promotion."),
    )
    description = text_field(_("rule"))
    details = text_field(_("details"), blank=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("Of rules that fit equally well the higher one comes first: 0 to 100."),
    )
    domain = models.ForeignKey(
        Domain,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("domain"),
        help_text=_("Only for conversations of this domain; empty: for all."),
    )
    valid_from = models.DateTimeField(_("holds from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("holds until"), null=True, blank=True)

    class Meta:
        verbose_name = _("business rule")
        verbose_name_plural = _("business rules")
        constraints: ClassVar[Any] = [
            once_per_company("businessrule"),
            models.CheckConstraint(
                name="knowledge_businessrule_dates",
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_from__lt=models.F("valid_until")),
                violation_error_message=_("It has to begin before it ends."),
            ),
        ]
        indexes: ClassVar[Any] = [newest("businessrule")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValidationError({"valid_until": _("It has to begin before it ends.")})
