"""Products: a name, a price, and whatever else the company knows about them."""

from django import forms
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from knowledge.admin.attributes import AttributesField
from knowledge.admin.filters import BrandFilter, CategoryFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, WHERE_FROM, PieceAdmin
from knowledge.models import Product
from tenants.admin.base import ScopedForm


class ProductForm(ScopedForm):
    price = forms.DecimalField(
        label=capfirst(_("price")),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=UnfoldAdminTextInputWidget,
    )
    attributes = AttributesField(label=capfirst(_("attributes")))
    image_url = forms.URLField(
        label=capfirst(_("picture")),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
    )


@admin.register(Product)
class ProductAdmin(PieceAdmin):
    form = ProductForm
    list_display = ("name", "price", "category", *COLUMNS)
    list_filter = (*FILTERS, CategoryFilter, BrandFilter)
    search_fields = ("name", "brand", "category", "=external_id", "=barcode")
    search_help_text = _("Searches by name, brand, category, own number and barcode.")
    fieldsets = (
        (None, {"fields": ("tenant", "name", "price", "brand", "category")}),
        (_("What customers want to know"), {"fields": ("description", "attributes")}),
        (_("Picture and barcode"), {"fields": ("image_url", "barcode")}),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = (
        "name",
        "price",
        "brand",
        "category",
        "description",
        "image_url",
        "barcode",
        *EXPORTED,
    )
    actions_list = ("import_file",)
    nothing_yet = _("No product yet. Import a table of them, or connect an ERP.")
