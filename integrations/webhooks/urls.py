"""Addresses that remote systems call; each is good with and without the slash at its end."""

from django.urls import path

from integrations.webhooks.chatwoot import ChatwootWebhook

urlpatterns = [
    path("chatwoot/<str:token>/", ChatwootWebhook.as_view(), name="chatwoot_webhook"),
    path("chatwoot/<str:token>", ChatwootWebhook.as_view()),
]
