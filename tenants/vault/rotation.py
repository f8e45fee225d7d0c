"""Changing keys while everything runs: each step is whole by itself, so a killed run goes on later.

A rotation of master keys wraps the data keys anew. A rotation of data keys makes a new key for each
owner, encrypts every secret with it, and drops the old key once no row needs it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from tenants.models import DataKey, InstallationKey, Tenant
from tenants.scoping import TenantModel
from tenants.vault import encryption, sealing
from tenants.vault.sealing import UnreadableError

CHUNK = 200

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were done, how many are left, and which could not be read."""

    done: int
    left: int
    unreadable: tuple[str, ...] = ()


def rewrap(tenant: Tenant | None = None, *, progress: Progress) -> Outcome:
    """Wrap the keys, of all or of one company, with the first master key."""
    done = 0
    unreadable: list[str] = []
    for rows in _all_keys(tenant):
        for chunk in _chunks(rows.exclude(master_id=sealing.first_master_id())):
            done += sum(_rewrap_one(key, unreadable) for key in chunk)
            progress(done)
    left = sum(r.exclude(master_id=sealing.first_master_id()).count() for r in _all_keys(tenant))
    return Outcome(done, left, tuple(unreadable))


def renew(owner: Tenant | None, *, progress: Progress) -> Outcome:
    """A new data key for the company, or for the installation, and every secret under it.

    When a former run was ended halfway, this one ends it instead of making yet another key.
    """
    _retire_present_key(owner)
    done = 0
    unreadable: list[str] = []
    for model, field in _columns_of(owner):
        for chunk in _chunks(_rows_of(model, owner)):
            done += sum(_encrypt_again(row, field, unreadable) for row in chunk)
            progress(done)
    _drop_unused_keys(owner)
    return Outcome(done, rows_under_old_keys(owner), tuple(unreadable))


def rows_under_old_keys(owner: Tenant | None) -> int:
    """Secrets that the owner's newest key does not encrypt yet."""
    current = _newest_number(owner)
    numbers = _numbers_in_use(owner)
    return sum(1 for number in numbers if number != current)


def _all_keys(tenant: Tenant | None) -> list[models.QuerySet[Any]]:
    if tenant is not None:
        return [DataKey.objects.filter(tenant=tenant)]
    return [InstallationKey.objects.all(), DataKey.objects.all()]


def _chunks(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """In the order of the primary key, each read when the one before is done."""
    rows = rows.order_by("pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _rewrap_one(key: Any, unreadable: list[str]) -> int:
    """Only if nobody has wrapped it anew meanwhile."""
    before = key.master_id
    try:
        plain = encryption.open_key(key)
    except UnreadableError as error:
        unreadable.append(f"{_name_of(key)}: {error}")
        return 0
    encryption.fill_key(key, plain)
    same = type(key).objects.filter(pk=key.pk, master_id=before)
    return int(same.update(master_id=key.master_id, wrapped=key.wrapped))


@transaction.atomic
def _retire_present_key(owner: Tenant | None) -> None:
    keys = _keys_of(owner)
    present = keys.filter(retired_at=None).select_for_update()
    is_halfway = keys.exclude(retired_at=None).exists() and rows_under_old_keys(owner)
    if is_halfway or not present.exists():
        return
    newest = encryption.make_key(_any_row(owner))
    if newest is not None:
        present.exclude(pk=newest.pk).update(retired_at=timezone.now())


def _encrypt_again(row: Any, field: str, unreadable: list[str]) -> int:
    """Only if nobody has stored something else meanwhile. It is no change for the audit log."""
    before = getattr(row, field)
    with transaction.atomic():
        encryption.lock(row)
        try:
            if sealing.key_number(before) == encryption.current_key(row).number:
                return 0
            after = encryption.encrypt(row, field, encryption.decrypt(row, field))
        except UnreadableError as error:
            unreadable.append(f"{_name_of(row)}: {error}")
            return 0
        same = type(row)._base_manager.filter(**{"pk": row.pk, field: before})
        return int(models.QuerySet.update(same, **{field: after}))


@transaction.atomic
def _drop_unused_keys(owner: Tenant | None) -> None:
    """The lock waits for those who still encrypt with a retired key."""
    keys = list(_keys_of(owner).select_for_update().order_by("pk"))
    in_use = set(_numbers_in_use(owner))
    for key in keys:
        if key.retired_at is not None and key.number not in in_use:
            key.delete()


def _numbers_in_use(owner: Tenant | None) -> Iterator[int]:
    """The key number of each secret; what has none can be read with no key anyway."""
    for model, field in _columns_of(owner):
        sealed_texts = _rows_of(model, owner).values_list(field, flat=True)
        for sealed in sealed_texts.iterator(chunk_size=CHUNK):
            try:
                yield sealing.key_number(sealed)
            except UnreadableError:
                continue


def _columns_of(owner: Tenant | None) -> Iterator[tuple[type[models.Model], str]]:
    for model, field in encryption.encrypted_columns():
        if issubclass(model, TenantModel) == (owner is not None):
            yield model, field


def _rows_of(model: type[models.Model], owner: Tenant | None) -> models.QuerySet[Any]:
    rows = model._base_manager.all()
    return rows if owner is None else rows.filter(tenant=owner)


def _keys_of(owner: Tenant | None) -> models.QuerySet[Any]:
    return InstallationKey.objects.all() if owner is None else DataKey.objects.filter(tenant=owner)


def _any_row(owner: Tenant | None) -> models.Model:
    return InstallationKey() if owner is None else DataKey(tenant=owner)


def _newest_number(owner: Tenant | None) -> int:
    keys = _keys_of(owner).filter(retired_at=None).order_by("-number")
    return keys.values_list("number", flat=True).first() or 0


def _name_of(row: Any) -> str:
    owner = f"{row.tenant.slug} " if isinstance(row, TenantModel) else ""
    return f"{owner}{row}"
