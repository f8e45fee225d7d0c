"""What integrations do when something further down happened."""

from typing import Any

from django.dispatch import receiver

from integrations import tasks
from tenants.models import Spending
from tenants.signals import budget_threshold_crossed


@receiver(budget_threshold_crossed, dispatch_uid="post_budget_alert")
def post_budget_alert(spending: Spending, percent: int, **_options: Any) -> None:
    if spending.budget.alert_webhook_url:
        tasks.post_budget_alert.delay(spending_id=spending.pk, percent=percent)
