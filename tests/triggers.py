"""Lift the audit log's triggers for the flush that ends a transactional test."""

from contextlib import contextmanager
from importlib import import_module

migration = import_module("tenants.migrations.0002_audit_is_append_only")


@contextmanager
def audit_triggers_lifted(connection):
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for statement in migration.SQLITE_BACK if is_sqlite else migration.POSTGRESQL_BACK:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in migration.SQLITE if is_sqlite else migration.POSTGRESQL:
                cursor.execute(statement)
