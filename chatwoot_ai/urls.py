"""Every address of the installation."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from chatwoot_ai import health, metrics


def home(request: HttpRequest) -> HttpResponse:
    return redirect("admin:index")


urlpatterns = [
    path("", home, name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("tenants.api.urls")),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.show, name="metrics"),
]

handler400 = "chatwoot_ai.error_pages.bad_request"
handler403 = "chatwoot_ai.error_pages.forbidden"
handler404 = "chatwoot_ai.error_pages.not_found"
handler500 = "chatwoot_ai.error_pages.broken"
