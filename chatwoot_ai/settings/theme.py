"""How the admin looks: the theme's settings. `chatwoot_ai.sidebar` says what stands where."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "ChatwootAI",
    "SITE_HEADER": "ChatwootAI",
    "SITE_SUBHEADER": "chatwoot_ai.sidebar.whose_rows",
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("chatwoot_ai/icon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {
        "action": reverse_lazy("admin:language"),
        "navigation": "chatwoot_ai.sidebar.languages",
    },
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "chatwoot_ai.sidebar.environment_label",
    "DASHBOARD_CALLBACK": "chatwoot_ai.dashboard.fill",
    "STYLES": [lambda request: static("chatwoot_ai/admin.css")],
    "COMMAND": {"search_models": True, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "chatwoot_ai.sidebar.navigation",
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("My account"), "link": reverse_lazy("admin:account")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.113)",
            "100": "oklch(95% .052 163.051)",
            "200": "oklch(90.5% .093 164.15)",
            "300": "oklch(84.5% .143 164.978)",
            "400": "oklch(76.5% .177 163.223)",
            "500": "oklch(62% .15 162.48)",
            "600": "oklch(52% .125 163.225)",
            "700": "oklch(45% .105 165.612)",
            "800": "oklch(39% .09 166.913)",
            "900": "oklch(34% .076 168.94)",
            "950": "oklch(26.2% .051 172.552)",
        }
    },
}
