"""Making secrets unreadable for ever by destroying the keys they were encrypted with."""

import secrets

from django.db import connection, models, transaction

from tenants import audit
from tenants.audit import Action
from tenants.models import Credential, DataKey, InstallationCredential, InstallationKey, Tenant
from tenants.vault import encryption
from tenants.vault.sealing import UnreadableError


def erase(tenant: Tenant) -> int:
    """Destroy the company's data keys and credentials; returns how many credentials there were."""
    _overwrite_deleted_rows()
    with transaction.atomic():
        rows = Credential.objects.for_tenant(tenant)
        count = rows.count()
        rows.delete()
        _destroy(DataKey.objects.filter(tenant=tenant))
        audit.record(Action.SECRETS_ERASED, tenant, tenant=tenant)
    return count


def lost_keys() -> list[DataKey | InstallationKey]:
    """Keys that no master key opens any more."""
    rows = [*InstallationKey.objects.order_by("pk"), *DataKey.objects.order_by("pk")]
    return [key for key in rows if not _opens(key)]


def erase_lost(keys: list[DataKey | InstallationKey]) -> None:
    """Give up what nobody can read: these keys, and the credentials encrypted with them."""
    with transaction.atomic():
        for key in keys:
            type(key).objects.filter(pk=key.pk).delete()
        for model in (Credential, InstallationCredential):
            for row in model.objects.order_by("pk"):
                _delete_unreadable(row)


def _delete_unreadable(row: Credential | InstallationCredential) -> None:
    try:
        encryption.decrypt(row, "ciphertext")
    except UnreadableError:
        row.delete()


def _opens(key: DataKey | InstallationKey) -> bool:
    try:
        encryption.open_key(key)
    except UnreadableError:
        return False
    return True


def _destroy(keys: models.QuerySet[DataKey]) -> None:
    """Overwritten first, so that less of them stays in the files of the database."""
    for key in keys:
        models.QuerySet.update(
            DataKey.objects.filter(pk=key.pk), wrapped=secrets.token_bytes(len(key.wrapped))
        )
        key.delete()


def _overwrite_deleted_rows() -> None:
    """SQLite otherwise leaves deleted rows in the file."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
