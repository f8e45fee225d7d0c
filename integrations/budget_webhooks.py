"""Posts a budget's alert to the address that the budget names, for example of a chat."""

import logging
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from integrations.failures import RemoteError
from integrations.http import Session
from tenants.budgets import budget_words
from tenants.models import Spending
from tenants.models.spending import LIMIT_PERCENT

logger = logging.getLogger(__name__)

SERVICE = "budget-alerts"
SECONDS = 10.0


def post(spending_id: int, *, percent: int) -> None:
    """The address itself lets everybody post who knows it, so it is not written down."""
    row = Spending.objects.select_related("budget", "tenant").filter(pk=spending_id).first()
    if row is None or not row.budget.alert_webhook_url:
        return
    session = Session(
        row.tenant, service=SERVICE, connection=f"budget:{row.budget_id}", seconds=SECONDS
    )
    try:
        session.request(
            "POST",
            row.budget.alert_webhook_url,
            json=_news(row, percent),
            is_idempotent=True,
            is_path_secret=True,
        )
    except RemoteError as error:
        logger.warning("The alert of a budget could not be posted: %s", type(error).__name__)


def _news(row: Spending, percent: int) -> dict[str, Any]:
    """`id` is the same whenever the same news is posted again. Chats show `text`."""
    budget = row.budget
    return {
        "event": "budget_threshold_crossed",
        "id": f"{row.pk}-{percent}",
        "company": row.tenant.slug,
        "period": budget.period,
        "window": row.window,
        "percent": percent,
        "used_tokens": row.used_tokens,
        "token_limit": budget.token_limit,
        "used_money": str(row.used_money),
        "money_limit": None if budget.money_limit is None else str(budget.money_limit),
        "on_exceed": budget.on_exceed,
        "text": _sentence(row, percent),
    }


def _sentence(row: Spending, percent: int) -> str:
    with translation.override(row.tenant.language):
        words = {
            "company": row.tenant.name,
            "period": row.budget.get_period_display(),
            "percent": percent,
            "amounts": budget_words.amounts(row),
            "reaction": row.budget.get_on_exceed_display(),
        }
        if percent >= LIMIT_PERCENT:
            sentence = _(
                "%(company)s: the budget per %(period)s does not cover any more calls"
                " (%(amounts)s). What happens now: %(reaction)s."
            )
        else:
            sentence = _(
                "%(company)s: %(percent)s%% of the budget per %(period)s is used (%(amounts)s)."
            )
        return sentence % words
