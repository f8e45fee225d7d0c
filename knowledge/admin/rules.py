"""Business rules: what the company does, for whom, and from when to when."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from knowledge.admin.filters import RuleTypeFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, WHERE_FROM, PieceAdmin
from knowledge.models import BusinessRule


@admin.register(BusinessRule)
class BusinessRuleAdmin(PieceAdmin):
    list_display = ("title", "rule_type", "valid_until", *COLUMNS)
    list_filter = (*FILTERS, RuleTypeFilter, ("domain", RelatedDropdownFilter))
    search_fields = ("title", "rule_type", "description", "=external_id")
    search_help_text = _("Searches by title, type, text and own number.")
    fieldsets = (
        (_("What the company does"), {"fields": ("tenant", "title", "rule_type", "description")}),
        (_("More about it"), {"fields": ("details",)}),
        (
            _("When and for whom it holds"),
            {"fields": ("valid_from", "valid_until", "domain", "priority")},
        ),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = (
        "title",
        "rule_type",
        "description",
        "details",
        "priority",
        "domain",
        "valid_from",
        "valid_until",
        *EXPORTED,
    )
    actions_list = ("import_file",)
    nothing_yet = _(
        "No rule yet. Write down what customers ask about most: delivery, payment, exchange,"
        " warranty."
    )
