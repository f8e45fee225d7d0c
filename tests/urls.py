"""The project's addresses and the sample API."""

from django.urls import path

from chatwoot_ai.urls import *  # noqa: F403  the error handlers too
from chatwoot_ai.urls import urlpatterns as project_urlpatterns
from tests.sample import api

urlpatterns = [
    *project_urlpatterns,
    path("api/v1/sample/lamps", api.Lamps.as_view(), name="sample_lamps"),
    path("api/v1/sample/lamps/<int:pk>", api.OneLamp.as_view(), name="sample_lamp"),
]
