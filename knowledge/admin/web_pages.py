"""Pages of websites, as text: read by visits, or written by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from knowledge.admin import words
from knowledge.admin.filters import CategoryFilter
from knowledge.admin.pages import COLUMNS, EXPORTED, FILTERS, IN_SEARCH, LATER, WHERE_FROM
from knowledge.admin.texts import TextAdmin
from knowledge.models import PageReport, WebPage
from tenants.showing import visible

WRITTEN = frozenset({"title", "body"})
UNREAD = {"etag": "", "last_modified": "", "fingerprint": ""}


@admin.register(WebPage)
class WebPageAdmin(TextAdmin):
    list_display = ("title", "shown_address", "is_by_hand", "category", *COLUMNS)
    list_filter = (*FILTERS, CategoryFilter, "website", ("is_by_hand", BooleanRadioFilter))
    list_select_related: Any = ("tenant", "website")
    search_fields = ("title", "category", "address")
    search_help_text = _("Searches by title, category and address.")
    readonly_fields: ClassVar[Any] = (
        *LATER,
        "beginning",
        "shown_address",
        "shown_website",
        "last_visit",
    )
    fieldsets = (
        (None, {"fields": ("title", "category", "body", "is_by_hand")}),
        (_("On the website"), {"fields": ("shown_address", "shown_website", "last_visit")}),
        IN_SEARCH,
        WHERE_FROM,
    )
    export_fields = ("title", "address", "is_by_hand", "category", *EXPORTED)
    nothing_yet = _("No page yet. Add a website, and its pages are read.")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A page comes from its website."""
        return False

    def save_model(self, request: HttpRequest, obj: WebPage, form: Any, change: bool) -> None:
        """What was only just unmarked has to be read anew, whatever its tag says."""
        if WRITTEN & set(form.changed_data):
            obj.is_by_hand = True
        elif "is_by_hand" in form.changed_data and not obj.is_by_hand:
            for name, value in UNREAD.items():
                setattr(obj, name, value)
        super().save_model(request, obj, form, change)

    @display(description=_("address"), ordering="address")
    def shown_address(self, page: WebPage) -> SafeString:
        link = '<a class="text-link" href="{}" target="_blank" rel="noreferrer noopener">{}</a>'
        return format_html(link, page.address, visible(page.address))

    @display(description=_("website"))
    def shown_website(self, page: WebPage) -> str:
        return visible(page.website.address)

    @display(description=_("last visit"))
    def last_visit(self, page: WebPage) -> Any:
        report = PageReport.objects.filter(website=page.website, address=page.address).first()
        if report is None:
            return words.NOTHING
        return words.over(report.get_status_display(), visible(report.reason))
