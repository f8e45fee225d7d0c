"""What stands in the sidebar, by job, and the small labels around it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crews.models import Alarm, Conversation, InboundEvent, OutboundMessage, Turn
from integrations.models import (
    Breaker,
    Connection,
    LlmCall,
    ModelPrice,
    ModelProfile,
    Provider,
    RemoteCall,
)
from knowledge.models import (
    Article,
    BusinessRule,
    Document,
    Faq,
    Import,
    Index,
    Product,
    SearchCase,
    Space,
    WebPage,
    Website,
)
from tenants.models import (
    ApiToken,
    AuditEntry,
    Budget,
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    ConfigurationVersion,
    Credential,
    CredentialAccess,
    Domain,
    InstallationCredential,
    Membership,
    Spending,
    Tenant,
    UnmappedChannel,
    User,
)


class Item(NamedTuple):
    """Leads to the list of the rows, unless another page of the model and its title are named."""

    icon: str
    model: Any
    page: str = "changelist"
    title: Any = ""


# The five jobs. A job without pages is not shown; every registered page stands here (a test).
SECTIONS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        pgettext_lazy("job", "Serve"),
        (Item("chat", Conversation), Item("notifications_active", Alarm)),
    ),
    (
        pgettext_lazy("job", "Teach"),
        (
            Item("gavel", BusinessRule),
            Item("quiz", Faq),
            Item("article", Article),
            Item("description", Document),
            Item("web", WebPage),
            Item("inventory_2", Product),
            Item("upload_file", Import),
            Item("travel_explore", Website),
            Item("troubleshoot", SearchCase, "try", _("Try the search")),
            Item("manage_search", Index),
            Item("hub", Space),
        ),
    ),
    (pgettext_lazy("job", "Act"), ()),
    (
        pgettext_lazy("job", "Measure"),
        (
            Item("question_answer", Turn),
            Item("move_to_inbox", InboundEvent),
            Item("outbox", OutboundMessage),
            Item("payments", Spending),
            Item("psychology", LlmCall),
            Item("sync_alt", RemoteCall),
            Item("electrical_services", Breaker),
            Item("history", AuditEntry),
            Item("visibility", CredentialAccess),
        ),
    ),
    (
        pgettext_lazy("job", "Set up"),
        (
            Item("storefront", Tenant),
            Item("tune", Configuration),
            Item("history_edu", ConfigurationVersion),
            Item("cable", Connection),
            Item("forum", ChannelMapping),
            Item("group", Membership),
            Item("lock", Credential),
            Item("smart_toy", Provider),
            Item("model_training", ModelProfile),
            Item("savings", Budget),
            Item("key", ApiToken),
            Item("account_tree", Domain),
            Item("dns", ChatwootInstallation),
            Item("link_off", UnmappedChannel),
            Item("sell", ModelPrice),
            Item("encrypted", InstallationCredential),
            Item("manage_accounts", User),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    groups = [_home(request)]
    for title, items in SECTIONS:
        links = list(_links(request, items))
        if links:
            groups.append({"title": title, "separator": True, "items": links})
    return groups


def _home(request: HttpRequest) -> dict[str, Any]:
    items = [{"title": _("Overview"), "icon": "dashboard", "link": reverse("admin:index")}]
    if request.access.reaches_everything:  # type: ignore[attr-defined]
        status = {"title": _("System"), "icon": "monitor_heart", "link": reverse("admin:status")}
        items.append(status)
    return {"items": items}


def _links(request: HttpRequest, items: tuple[Item, ...]) -> Iterator[dict[str, Any]]:
    for item in items:
        page = admin.site._registry[item.model]
        if page.has_view_permission(request):
            meta = item.model._meta
            link = reverse(f"admin:{meta.app_label}_{meta.model_name}_{item.page}")
            title = item.title or capfirst(meta.verbose_name_plural)
            yield {"title": title, "icon": item.icon, "link": link}


def whose_rows(request: HttpRequest) -> Any:
    """Under the product's name: whose rows the pages show."""
    access = getattr(request, "access", None)
    if access is None or access.user is None:
        return ""
    if access.tenant is None:
        return _("All companies") if access.is_platform else ""
    return access.tenant.name


def environment_label(request: HttpRequest) -> list[Any]:
    if settings.DEV_MODE:
        return [_("Development"), "warning"]
    if settings.CELERY_BROKER_URL:
        return [_("Production"), "success"]
    return [_("Embedded"), "info"]


def languages(request: HttpRequest) -> list[dict[str, str]]:
    names = {"pt-br": "Português (Brasil)", "en": "English"}
    return [
        {"code": code, "name": names[code], "name_local": names[code], "bidi": ""}
        for code, _name in settings.LANGUAGES
    ]
