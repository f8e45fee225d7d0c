"""A product: a mirror of the ERP's where there is one, the truth where there is none."""

from typing import Any, ClassVar

from django.core.validators import MinValueValidator
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
from tenants.fields import DocumentField


class Product(Piece):
    """`attributes` are names and values as the company calls them."""

    kind = Kind.PRODUCT

    name = models.CharField(_("name"), max_length=LONGEST_TITLE)
    description = text_field(_("description"), blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    brand = models.CharField(_("brand"), max_length=LONGEST_NAME, blank=True)
    category = models.CharField(_("category"), max_length=LONGEST_NAME, blank=True)
    attributes = DocumentField(_("attributes"))
    image_url = models.URLField(_("picture"), max_length=500, blank=True)
    barcode = models.CharField(_("barcode"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints: ClassVar[Any] = [once_per_company("product")]
        indexes: ClassVar[Any] = [newest("product")]

    def __str__(self) -> str:
        return self.name
