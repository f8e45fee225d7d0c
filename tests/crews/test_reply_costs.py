"""What one reply costs the database, counted in statements."""

import pytest
from django.db import connection

from crews import answering, claims
from tenants.models import Configuration, Tenant

MOST_STATEMENTS = 25


class Statements:
    """Every one that is sent, but for the marks within a transaction."""

    def __init__(self):
        self.sent = []

    def __call__(self, execute, sql, params, many, context):
        self.sent.append(sql)
        return execute(sql, params, many, context)


@pytest.fixture
def statements_of(db):
    def count(act):
        counted = Statements()
        with connection.execute_wrapper(counted):
            act()
        return [sql for sql in counted.sent if "SAVEPOINT" not in sql]

    return count


def answers(stage):
    """The reply to one message; what has to be read only once was read for the one before."""
    first = stage.writes("Bom dia!")
    stage.works()
    message = stage.writes("Vocês abrem hoje?")
    stage.passes(minutes=1)
    assert stage.replies(first)

    def reply():
        answering.work(claims.claim())

    return message, reply


def many_tenants(number):
    Tenant.objects.bulk_create(Tenant(slug=f"many-{n}", name="Many") for n in range(number))
    tenants = Tenant.objects.filter(slug__startswith="many-")
    Configuration.objects.bulk_create(Configuration(tenant=tenant) for tenant in tenants)


def test_a_reply_takes_at_most_25_statements(stage, statements_of):
    message, reply = answers(stage)

    sent = statements_of(reply)

    assert stage.replies(message) == ["re: Vocês abrem hoje?"]
    assert len(sent) <= MOST_STATEMENTS, "\n".join(sent)


@pytest.mark.parametrize("tenants", [10, 1_000])
def test_a_reply_takes_as_many_statements_among_any_number_of_tenants(
    tenants, stage, statements_of
):
    _message, reply = answers(stage)
    alone = statements_of(reply)
    many_tenants(tenants)
    _message, reply = answers(stage)

    sent = statements_of(reply)

    assert len(sent) == len(alone)


def test_rows_about_calls_are_written_with_one_statement(stage, statements_of):
    _message, reply = answers(stage)

    sent = statements_of(reply)

    assert sum("INSERT INTO" in sql and "remotecall" in sql for sql in sent) == 1
