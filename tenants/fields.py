"""Columns of our own: configuration documents, and what nobody may read in the database."""

import json
from typing import Any

from django.db import models


class DocumentField(models.TextField):
    """A document as JSON in a text, for the database's own JSON type would sort the keys."""

    _pyi_private_set_type: Any  # for django-stubs: the value is no text
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("default", dict)
        options.setdefault("blank", True)
        super().__init__(*args, **options)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))


class StoredBytes(bytes):
    """What the database holds, as opposed to what is about to be written."""


class SecretBytesField(models.BinaryField):
    """Bytes that are compared but never shown: the audit log writes that they changed."""

    is_secret = True

    def from_db_value(self, value: Any, *_args: Any) -> bytes | None:
        """PostgreSQL hands out views into its buffer."""
        return None if value is None else StoredBytes(value)


class EncryptedField(SecretBytesField):
    """What `tenants.vault.encryption.encrypt` made of a text, bound to this row and this column.

    Saving a row leaves the column alone unless it was set: a rotation may have encrypted it anew
    since the row was read, and dropped the key of what was read.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return models.F(self.attname) if isinstance(value, StoredBytes) and not add else value
