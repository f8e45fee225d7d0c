"""Columns for what nobody may read in the database."""

from typing import Any

from django.db import models


class SecretBytesField(models.BinaryField):
    """Bytes that are compared but never shown: the audit log writes that they changed."""

    is_secret = True

    def from_db_value(self, value: Any, *_args: Any) -> bytes | None:
        """PostgreSQL hands out views into its buffer."""
        return None if value is None else bytes(value)


class EncryptedField(SecretBytesField):
    """What `tenants.encryption.encrypt` made of a text, bound to this row and this column."""
