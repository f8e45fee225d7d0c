from collections.abc import Callable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def _fill(percent: int) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    def fill(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE crews_conversation SET (fillfactor = {percent})")

    return fill


class Migration(migrations.Migration):
    """A conversation changes with every event of it: with room in its page, no index is touched."""

    dependencies = [("crews", "0001_conversations")]

    operations = [migrations.RunPython(_fill(60), _fill(100))]
