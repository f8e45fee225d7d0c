"""When the index is brought to what the rows say. The rows are the truth: what is left is due."""

import logging

from celery import shared_task

from knowledge import calibration, indexing
from tenants.models import Tenant

logger = logging.getLogger(__name__)

SWEPT_AT_ONCE = 64


@shared_task
def sync_index(*, tenant_id: int) -> None:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is not None:
        report = indexing.sync(tenant)
        if report.indexed or report.taken_out:
            calibration.calibrate(tenant)


@shared_task
def sweep_index() -> None:
    """Finds companies with something to index whose alarm clock was lost, or that were busy."""
    for tenant_id in indexing.due_tenants(limit=SWEPT_AT_ONCE):
        sync_index.delay(tenant_id=tenant_id)


@shared_task
def forget_company(*, tenant_id: int) -> None:
    """Out of the index, after its rows are gone."""
    indexing.forget_company(tenant_id)
