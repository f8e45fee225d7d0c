"""Addresses under /api/v1/ for companies and people."""

from django.urls import path

from tenants.api import views

urlpatterns = [
    path("token", views.TokenView.as_view(), name="api_token"),
    path("audit", views.AuditListView.as_view(), name="api_audit"),
    path("audit/<int:pk>", views.AuditDetailView.as_view(), name="api_audit_entry"),
    path("team", views.TeamListView.as_view(), name="api_team"),
    path("team/<int:pk>", views.TeamDetailView.as_view(), name="api_team_member"),
]
