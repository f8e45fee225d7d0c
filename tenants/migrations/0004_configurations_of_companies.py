"""Every company has one row of configuration; those that exist get theirs. And the one number."""

from django.db import migrations


def add(apps, schema_editor):
    configuration = apps.get_model("tenants", "Configuration")
    tenants = apps.get_model("tenants", "Tenant").objects.filter(configuration=None)
    configuration.objects.bulk_create(configuration(tenant=tenant) for tenant in tenants)
    apps.get_model("tenants", "DomainsVersion").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_domains_and_channels")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
