"""Columns for what nobody may read in the database."""

from typing import Any

from django.db import models


class StoredBytes(bytes):
    """What the database holds, as opposed to what is about to be written."""


class SecretBytesField(models.BinaryField):
    """Bytes that are compared but never shown: the audit log writes that they changed."""

    is_secret = True

    def from_db_value(self, value: Any, *_args: Any) -> bytes | None:
        """PostgreSQL hands out views into its buffer."""
        return None if value is None else StoredBytes(value)


class EncryptedField(SecretBytesField):
    """What `tenants.encryption.encrypt` made of a text, bound to this row and this column.

    Saving a row leaves the column alone unless it was set: a rotation may have encrypted it anew
    since the row was read, and dropped the key of what was read.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return models.F(self.attname) if isinstance(value, StoredBytes) and not add else value
