"""What integrations do when something further down happened."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from integrations import tasks
from integrations.models import Connection
from tenants.config import stamps
from tenants.models import ChannelMapping, ChatwootInstallation, Spending, Tenant
from tenants.signals import budget_threshold_crossed


@receiver(budget_threshold_crossed, dispatch_uid="post_budget_alert")
def post_budget_alert(spending: Spending, percent: int, **_options: Any) -> None:
    if spending.budget.alert_webhook_url:
        tasks.post_budget_alert.delay(spending_id=spending.pk, percent=percent)


@receiver([post_save, post_delete], sender=ChannelMapping, dispatch_uid="doors_of_channel")
def renew_doors_of_channel(instance: ChannelMapping, **_options: Any) -> None:
    """An inbox of a connection may be mapped to a company that does not own the connection."""
    of_account = Connection.objects.filter(
        installation=instance.installation_id, account_id=instance.account_id
    )
    _renew_doors(of_account.exclude(tenant=instance.tenant_id))


@receiver(post_save, sender=Tenant, dispatch_uid="doors_of_company")
def renew_doors_of_company(instance: Tenant, created: bool, **_options: Any) -> None:
    """Whether a company is active decides about its inboxes of connections that others own."""
    if not created:
        of_company = Connection.objects.filter(installation__channels__tenant=instance)
        _renew_doors(of_company.exclude(tenant=instance))


@receiver(post_save, sender=ChatwootInstallation, dispatch_uid="doors_of_installation")
def renew_doors_of_installation(instance: ChatwootInstallation, **_options: Any) -> None:
    _renew_doors(Connection.objects.filter(installation=instance))


def _renew_doors(connections: Any) -> None:
    owners = set(connections.values_list("tenant_id", flat=True))
    if owners:
        stamps.raise_for_tenants(owners)
