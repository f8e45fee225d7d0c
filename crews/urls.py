"""Addresses under /api/v1/ for conversations."""

from django.urls import path

from crews import api

urlpatterns = [
    path("conversations", api.ConversationListView.as_view(), name="api_conversations"),
    path("conversations/<int:pk>", api.ConversationDetailView.as_view(), name="api_conversation"),
    path("admin/domain", api.ConversationDomainView.as_view(), name="api_domain"),
]
