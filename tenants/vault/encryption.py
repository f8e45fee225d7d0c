"""Encrypting columns: every company has a key of its own, the installation another.

A column is bound to its company, model, row and name: what was copied elsewhere does not open.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from tenants.fields import EncryptedField
from tenants.models import DataKey, InstallationKey
from tenants.scoping import TenantModel
from tenants.vault import sealing
from tenants.vault.sealing import UnknownKeyError, UnreadableError, WrappedKey

TRIES = 5
MOST_TRIED = 3


def encrypt(row: models.Model, field: str, text: str) -> bytes:
    """The column's new content. Call it in the transaction that saves the row.

    Row and key stay locked until then, so that a rotation can drop neither in between. Everybody
    locks the row first, or two would wait for each other.
    """
    lock(row)
    key = current_key(row)
    plain_key = open_key(key)
    return sealing.seal(plain_key, key.number, text.encode(), context=context_of(row, field))


def lock(row: models.Model) -> None:
    rows = type(row)._base_manager.filter(pk=row.pk).select_for_update()
    rows.values_list("pk", flat=True).first()


def decrypt(row: models.Model, field: str) -> str:
    """What was encrypted into the column, or `UnreadableError`."""
    sealed: bytes = getattr(row, field)
    plain = sealing.unseal(
        lambda number: open_key(_key_numbered(row, number)), sealed, context=context_of(row, field)
    )
    return plain.decode()


def current_key(row: models.Model) -> Any:
    """The key that encrypts for this row's owner; made when there is none yet."""
    for _try in range(TRIES):
        key = keys_of(row).filter(retired_at=None).select_for_update().order_by("-number").first()
        if key is not None:
            return key
        make_key(row)
    raise UnknownKeyError(_("No key could be made. Try again."))


def make_key(row: models.Model) -> Any:
    """A new key for this row's owner, or None when somebody else made one at the same time."""
    newest = keys_of(row).aggregate(newest=Max("number"))["newest"] or 0
    key = _new_key_row(row, number=newest + 1)
    fill_key(key, sealing.new_key())
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError:
        return None
    return key


def fill_key(key: Any, plain: bytes) -> None:
    """Wrap it with the first master key."""
    key.master_id, key.wrapped = sealing.wrap(plain, context=_context_of_key(key))


def open_key(key: Any) -> bytes:
    return sealing.unwrap(WrappedKey(key.master_id, key.wrapped), context=_context_of_key(key))


def keys_of(row: models.Model) -> models.QuerySet[Any]:
    """The keys of whom this row belongs to."""
    if isinstance(row, TenantModel):
        keys: models.QuerySet[Any] = DataKey.objects.filter(tenant=row.tenant_id)
        return keys
    every: models.QuerySet[Any] = InstallationKey.objects.all()
    return every


def make_installation_key() -> None:
    """The key of the installation, by which a later start sees that MASTER_KEYS is the same."""
    if not InstallationKey.objects.exists():
        make_key(InstallationKey())


def check_keys() -> None:
    """`MasterKeyError` when MASTER_KEYS does not open what was wrapped.

    A few keys are tried for each master key, so that one damaged row does not stop everything.
    """
    for master_id in keys_by_master():
        own = InstallationKey.objects.filter(master_id=master_id).order_by("-pk")[:1]
        others = DataKey.objects.filter(master_id=master_id).order_by("-pk")[:MOST_TRIED]
        _open_one_of([*own, *others])


def _open_one_of(keys: list[Any]) -> None:
    for key in keys[:-1]:
        with suppress(UnreadableError):
            open_key(key)
            return
    open_key(keys[-1])


def keys_by_master() -> dict[str, int]:
    """How many keys each master key wraps."""
    found: dict[str, int] = {}
    for model in (InstallationKey, DataKey):
        rows = model.objects.values_list("master_id").annotate(count=Count("pk")).order_by()
        for master_id, count in rows:
            found[master_id] = found.get(master_id, 0) + count
    return found


def keys_under_old_master() -> int:
    """Keys that the first master key does not wrap yet."""
    current = sealing.first_master_id()
    return sum(count for name, count in keys_by_master().items() if name != current)


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every column of this kind, of whichever app."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField):
                yield model, field.name


def context_of(row: models.Model, field: str) -> str:
    owner = row.tenant_id if isinstance(row, TenantModel) else "installation"
    return f"{owner}|{row._meta.label_lower}|{row.pk}|{field}"


def _context_of_key(key: Any) -> str:
    owner = key.tenant_id if isinstance(key, DataKey) else "installation"
    return f"key|{owner}|{key.number}"


def _new_key_row(row: models.Model, *, number: int) -> Any:
    if isinstance(row, TenantModel):
        return DataKey(tenant_id=row.tenant_id, number=number)
    return InstallationKey(number=number)


def _key_numbered(row: models.Model, number: int) -> Any:
    key = keys_of(row).filter(number=number).first()
    if key is None:
        raise UnknownKeyError(
            _("The key it was encrypted with was destroyed. Store the secret again.")
        )
    return key
