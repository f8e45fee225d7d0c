"""Every address of the installation."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chatwoot_ai import health, metrics
from crews.api import ConversationDomainView
from knowledge.urls import SECOND
from tenants.api.urls import CONFIGURATION


def home(request: HttpRequest) -> HttpResponse:
    return redirect("admin:index")


urlpatterns = [
    path("webhooks/", include("integrations.webhooks.urls")),
    path("", home, name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("tenants.api.urls")),
    path("api/v1/", include("crews.urls")),
    path("api/v1/", include("knowledge.urls")),
    # The same views under the addresses that other systems already call.
    path("", include(CONFIGURATION)),
    path("", include(SECOND)),
    path("api/admin/domain", ConversationDomainView.as_view()),
    path("api/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.show, name="metrics"),
]

handler400 = "chatwoot_ai.error_pages.bad_request"
handler403 = "chatwoot_ai.error_pages.forbidden"
handler404 = "chatwoot_ai.error_pages.not_found"
handler500 = "chatwoot_ai.error_pages.broken"
