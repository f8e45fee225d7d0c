"""Makes and asks the companies of a product under load, in a process with its settings.

Told what to do by `tests.benchmarks.talking`; the environment says which database it is.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from crews.models import Conversation, InboundEvent, Turn  # noqa: E402
from integrations.chatwoot import connections  # noqa: E402
from integrations.models import Connection  # noqa: E402
from tenants import configuration, starting  # noqa: E402
from tenants.config import layers  # noqa: E402
from tenants.models import (  # noqa: E402
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    Tenant,
)
from tests.benchmarks.talking import serve  # noqa: E402

SETTINGS = {"mode": "automatic", "disclosure": False, "outside_hours": "answer"}


@transaction.atomic
def connect(url, accounts, settings):
    """One company for each account; the doors of their webhooks."""
    installation, _made = ChatwootInstallation.objects.get_or_create(name="bench", base_url=url)
    return [door_of(installation, account, SETTINGS | settings) for account in accounts]


def door_of(installation, account, settings):
    tenant = starting.make(f"bench-{account['account']}", starter="furniture")
    document = layers.document_of_tenant(tenant)
    document["settings"] = {**document.get("settings", {}), **settings}
    with configuration.changing():
        configuration.write(tenant, document)
    ChannelMapping.objects.create(
        tenant=tenant,
        installation=installation,
        account_id=account["account"],
        inbox_id=account["inbox"],
    )
    row = connections.connect(
        tenant,
        installation=installation,
        account_id=account["account"],
        bot_token=account["bot_token"],
        user_token=account["user_token"],
        secrets=[account["secret"]],
        bot_id=account["bot"],
    )
    return account | {"url": connections.webhook_address(row)}


def turns(first, last):
    """When the turn of each of these messages was due and began."""
    rows = InboundEvent.objects.filter(
        event="message_created", message_id__range=(first, last), turn__isnull=False
    )
    return [
        {
            "message": row.message_id,
            "received_at": row.received_at.timestamp(),
            "due_at": row.turn.due_at.timestamp(),
            "started_at": row.turn.started_at.timestamp(),
        }
        for row in rows.select_related("turn")
    ]


def outcomes(since):
    rows = InboundEvent.objects.filter(pk__gt=since).values_list("outcome", "reason")
    counted = {}
    for outcome, reason in rows:
        name = f"{outcome or 'open'} {reason}".strip()
        counted[name] = counted.get(name, 0) + 1
    return counted


def unfinished():
    return Turn.objects.exclude(state__in=["done", "failed"]).count()


def fill(companies, events):
    """Make the tables as long as after years. Rows are copies of one that is there."""
    sample = InboundEvent.objects.exclude(conversation=None).order_by("pk").first()
    tenant, link = sample.tenant, sample.connection
    more = companies - Tenant.objects.count()
    many = f"generate_series(1, {more}) AS n"
    copy(Tenant, tenant, many, slug="'many-' || n")
    new = "(SELECT id, row_number() OVER () AS n FROM tenants_tenant WHERE slug LIKE 'many-%') new"
    configuration = Configuration.objects.get(tenant=tenant)
    copy(Configuration, configuration, new, tenant_id="new.id")
    account = {"tenant_id": "new.id", "account_id": "100000 + new.n"}
    copy(Connection, link, new, address_digest="md5('many' || new.n)", **account)
    channel = ChannelMapping.objects.get(tenant=tenant)
    copy(ChannelMapping, channel, new, **account)
    talks = f"integrations_connection link, generate_series(1, {CONVERSATIONS}) AS n"
    of_link = {"tenant_id": "link.tenant_id", "connection_id": "link.id"}
    talk = sample.conversation
    copy(Conversation, talk, talks, number="1000000 + n", due_at="NULL", **of_link)
    each = events // (companies * CONVERSATIONS)
    rows = f"crews_conversation talk, generate_series(1, {each}) AS n"
    of_talk = {name: f"talk.{name}" for name in ("tenant_id", "connection_id")}
    copy(
        InboundEvent,
        sample,
        f"{rows} WHERE talk.number > 1000000",
        conversation_id="talk.id",
        message_id="1000000000 + row_number() OVER ()",
        delivery_id="md5(talk.id || ' ' || n)",
        outcome="'answered'",
        **of_talk,
    )
    sql("VACUUM ANALYZE")
    return {"companies": Tenant.objects.count(), "events": InboundEvent.objects.count()}


CONVERSATIONS = 100  # of each company


def copy(model, row, rows, **different):
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = [field.column for field in fields]
    table = model._meta.db_table
    values = [different.get(name, f"sample.{name}") for name in columns]
    into = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
    sql(f"{into} FROM (SELECT * FROM {table} WHERE id = {row.pk}) sample, {rows}")


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.rowcount


if __name__ == "__main__":
    serve(
        {
            "connect": connect,
            "turns": turns,
            "outcomes": outcomes,
            "unfinished": unfinished,
            "sql": sql,
            "fill": fill,
        }
    )
