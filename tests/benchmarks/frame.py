"""The frame every request and every log line passes through."""

import io
import logging

from django.http import JsonResponse
from django.test import Client, RequestFactory

from chatwoot_ai.logs import JsonFormatter, MaskingFilter
from tenants.access import Role
from tenants.models import Membership
from tests import factories
from tests.benchmarks.measure import compare


def request_through_all_middleware():
    """/health/live through the whole chain, against its view called directly."""
    from chatwoot_ai.health import live

    whole, make = Client(), RequestFactory()

    return compare(
        "a request through all middleware",
        lambda: whole.get("/health/live"),
        "its view alone",
        lambda: live(make.get("/health/live")),
        calls=60,
    )


def masked_log_line():
    """A masked JSON line against the same line formatted plainly."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    masking, plain = MaskingFilter(), logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    text = "Conversation 4711 of account 3 answered in 812 ms by crew %s"

    def make():
        return logging.LogRecord("x", logging.INFO, __file__, 1, text, ("sales",), None)

    def write_masked():
        record = make()
        masking.filter(record)
        handler.format(record)

    return compare(
        "a masked JSON log line",
        write_masked,
        "a plain line",
        lambda: plain.format(make()),
        calls=1000,
    )


def list_page_for_an_owner():
    """The team list of an owner against the same rows as JSON from the API's own queryset."""
    tenant = factories.TenantFactory(slug="bench")
    owner = factories.member(tenant, Role.OWNER)
    for _ in range(49):
        factories.MembershipFactory(tenant=tenant)
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    team = Membership.objects.for_tenant(tenant).select_related("user")

    def as_json():
        rows = [{"name": member.user.name, "email": member.user.email} for member in team.all()]
        return JsonResponse({"rows": rows})

    return compare(
        "the team page with 50 people",
        lambda: client.get("/admin/tenants/membership/"),
        "the same rows as JSON",
        as_json,
        calls=3,
    )


BENCHMARKS = [request_through_all_middleware, masked_log_line, list_page_for_an_owner]
