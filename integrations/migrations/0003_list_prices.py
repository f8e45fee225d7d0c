"""Prices that OpenAI publishes, in US dollars per million tokens: read, read again, written."""

from datetime import date
from decimal import Decimal

from django.db import migrations

SOURCE = "https://openai.com/api/pricing/"
PRICES = (
    ("gpt-4o-mini", "0.15", "0.075", "0.60", date(2024, 10, 1)),
    ("gpt-4o-mini-2024-07-18", "0.15", "0.075", "0.60", date(2024, 10, 1)),
    ("gpt-4o", "2.50", "1.25", "10.00", date(2024, 10, 1)),
    ("gpt-4o-2024-08-06", "2.50", "1.25", "10.00", date(2024, 10, 1)),
    ("gpt-4o-2024-11-20", "2.50", "1.25", "10.00", date(2024, 11, 20)),
    ("gpt-4.1", "2.00", "0.50", "8.00", date(2025, 4, 14)),
    ("gpt-4.1-2025-04-14", "2.00", "0.50", "8.00", date(2025, 4, 14)),
    ("gpt-4.1-mini", "0.40", "0.10", "1.60", date(2025, 4, 14)),
    ("gpt-4.1-mini-2025-04-14", "0.40", "0.10", "1.60", date(2025, 4, 14)),
    ("gpt-4.1-nano", "0.10", "0.025", "0.40", date(2025, 4, 14)),
    ("gpt-4.1-nano-2025-04-14", "0.10", "0.025", "0.40", date(2025, 4, 14)),
    ("text-embedding-3-small", "0.02", None, "0", date(2024, 1, 25)),
    ("text-embedding-3-large", "0.13", None, "0", date(2024, 1, 25)),
)


def add_prices(apps, schema_editor):
    model = apps.get_model("integrations", "ModelPrice")
    for pattern, read, cached, written, day in PRICES:
        model.objects.get_or_create(
            pattern=pattern,
            valid_from=day,
            defaults={
                "price_in": Decimal(read),
                "price_cached": None if cached is None else Decimal(cached),
                "price_out": Decimal(written),
                "source": SOURCE,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_models")]

    operations = [migrations.RunPython(add_prices, migrations.RunPython.noop)]
