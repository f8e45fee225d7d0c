"""Addresses under /api/v1/ for companies, people and secrets."""

from django.urls import path

from tenants.api import configs, credential_sync, credentials, views

CONFIGURATION = [
    path(
        "configs/<str:tenant>/<str:domain>/<str:config_type>",
        configs.ConfigurationView.as_view(),
        name="api_config",
    ),
    path("mapping", configs.MappingView.as_view(), name="api_mapping"),
]

urlpatterns = [
    path("token", views.TokenView.as_view(), name="api_token"),
    path("audit", views.AuditListView.as_view(), name="api_audit"),
    path("audit/<int:pk>", views.AuditDetailView.as_view(), name="api_audit_entry"),
    *CONFIGURATION,
    path("config-changed", configs.ConfigChangedView.as_view(), name="api_config_changed"),
    path("credentials", credentials.CredentialListView.as_view(), name="api_credentials"),
    path("credentials/sync", credential_sync.SyncView.as_view(), name="api_credential_sync"),
    path("credentials/<str:ref>", credentials.CredentialView.as_view(), name="api_credential"),
    path(
        "credentials/<str:ref>/secret",
        credentials.SecretView.as_view(),
        name="api_credential_secret",
    ),
    path("team", views.TeamListView.as_view(), name="api_team"),
    path("team/<int:pk>", views.TeamDetailView.as_view(), name="api_team_member"),
]
