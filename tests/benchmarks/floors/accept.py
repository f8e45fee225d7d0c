"""Floors A and B: the least that taking a webhook costs.

A is a view of REST framework that checks the signature and stores the event with one statement. B
then publishes one task. Which of the two it is, and where, the environment says.
"""

import hashlib
import hmac
import json
import os

import django
import environ
from celery import Celery
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import path

from tests.benchmarks.floors.table import STORE

BROKER = os.environ.get("FLOOR_BROKER_URL", "")
SECRETS = json.loads(os.environ.get("FLOOR_SECRETS", "{}"))  # token in the address → secret

settings.configure(
    SECRET_KEY="floor",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            **environ.Env.db_url_config(os.environ["FLOOR_DATABASE_URL"]),
            "CONN_MAX_AGE": 600,
        }
    },
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from rest_framework.response import Response  # noqa: E402  they read the settings
from rest_framework.views import APIView  # noqa: E402

app = Celery("floor", broker=BROKER)
app.conf.task_ignore_result = True


@app.task
def wake(conversation_id):
    """Nobody runs it."""


class Webhook(APIView):
    def post(self, request, token):
        signed = request.headers["X-Chatwoot-Timestamp"].encode() + b"." + request.body
        digest = hmac.new(SECRETS[token].encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Chatwoot-Signature"]):
            return Response({"status": "refused"}, status=401)
        event = request.data
        conversation = event.get("conversation", event)["id"]
        row = [token, event["event"], event["id"], conversation, json.dumps(event)]
        with connection.cursor() as cursor:
            cursor.execute(STORE, row)
        if BROKER:
            wake.delay(conversation)
        return Response({"status": "accepted"})


urlpatterns = [path("webhooks/chatwoot/<token>/", Webhook.as_view())]
application = get_wsgi_application()
