"""What staff fill in to try the search: a question, and what to look among."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from knowledge.models import Kind, Language, Passage
from knowledge.models.case import LONGEST_QUESTION
from knowledge.search import Wanted
from tenants import configuration
from tenants.access import Access
from tenants.models import Domain, Tenant

ALL = (("", _("All")),)
MOST_NAMES = 200
FILTERS = ("kind", "among", "category", "rule_type", "price_from", "price_to", "domain")


class CompanyForm(forms.Form):
    company = forms.ModelChoiceField(
        label=capfirst(_("company")),
        queryset=Tenant.objects.none(),
        to_field_name="slug",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        rows = Tenant.objects.order_by("name", "pk") if access.reaches_everything else None
        if rows is not None:
            self.fields["company"].queryset = rows  # type: ignore[attr-defined]


def _choice(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, widget=UnfoldAdminSelectWidget)


def _price(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )


class TryForm(forms.Form):
    """Offers the names that are in use in the company."""

    question = forms.CharField(
        label=_("A question, as a customer types it"),
        max_length=LONGEST_QUESTION,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    language = forms.ChoiceField(
        label=_("Language of the question"),
        choices=Language.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    kind = _choice(_("Only this kind"))
    among = _choice(_("Only entries in this language"))
    category = _choice(_("Only this category"))
    rule_type = _choice(_("Only this type of rule"))
    domain = forms.ChoiceField(
        label=_("As in a conversation of the domain"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    price_from = _price(_("Price from"))
    price_to = _price(_("Price up to"))

    def __init__(self, data: Any, tenant: Tenant) -> None:
        super().__init__(data, initial={"language": tenant.language[:2]})
        self.tenant = tenant
        domains = Domain.objects.visible_to(Access(tenant=tenant)).order_by("name", "pk")
        choices: dict[str, Iterable[Any]] = {
            "kind": [*ALL, *Kind.choices],
            "among": [*ALL, *Language.choices],
            "category": [*ALL, *_names(tenant, "category")],
            "rule_type": [*ALL, *_names(tenant, "rule_type")],
            "domain": [
                ("", _("The company's own")),
                *((row.slug, row.name) for row in domains),
            ],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        low, high = cleaned.get("price_from"), cleaned.get("price_to")
        if low is not None and high is not None and low > high:
            self.add_error("price_to", _("This is less than the price from which to look."))
        return cleaned

    @property
    def filters(self) -> list[forms.BoundField]:
        return [self[name] for name in FILTERS]

    @property
    def has_filters(self) -> bool:
        return any(self[name].value() for name in FILTERS)

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        return Wanted(
            text=said["question"],
            language=said["language"] or self.tenant.language[:2],
            kinds=_only(said["kind"]),
            languages=_only(said["among"]),
            categories=_only(said["category"]),
            rule_types=_only(said["rule_type"]),
            domain=said["domain"] or configuration.effective(self.tenant.pk).domain,
            price_from=said["price_from"],
            price_to=said["price_to"],
        )


def _only(name: str) -> tuple[str, ...] | None:
    return (name,) if name else None


def _names(tenant: Tenant, column: str) -> list[tuple[str, str]]:
    rows = Passage.objects.for_tenant(tenant).there().exclude(**{column: ""}).order_by(column)
    names = rows.values_list(column, flat=True).distinct()[:MOST_NAMES]
    return [(name, name) for name in names]
