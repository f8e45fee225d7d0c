"""When the index is brought to what the rows say. The rows are the truth: what is left is due."""

import logging

from celery import shared_task

from knowledge import calibration, cases, emptying, errands, indexing
from knowledge.engines.failures import EngineError
from knowledge.imports import running
from knowledge.models import Kind
from knowledge.websites import running as visits
from tenants import context
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
    try:
        indexing.find_lost()
    except EngineError as error:
        logger.warning("The search engine cannot be asked: %s", type(error).__name__)
        return
    for tenant_id in indexing.due_tenants(limit=SWEPT_AT_ONCE):
        sync_index.delay(tenant_id=tenant_id)


@shared_task
def run_import(*, import_id: int) -> None:
    """For a while; then others have their turn, and it goes on."""
    stretch = running.run(import_id)
    if stretch.tenant_id is not None:
        sync_index.delay(tenant_id=stretch.tenant_id)
    if not stretch.is_over:
        run_import.delay(import_id=import_id)


@shared_task
def sweep_imports() -> None:
    """Finds imports whose worker was killed, or whose alarm clock was lost."""
    for import_id in running.left_behind(limit=SWEPT_AT_ONCE):
        run_import.delay(import_id=import_id)


@shared_task
def drop_old_uploads() -> None:
    running.tidy()


@shared_task
def visit_website(*, website_id: int) -> None:
    """For a while; then others have their turn, and it goes on after the pause the site wants."""
    stretch = visits.run(website_id)
    if stretch.tenant_id is not None:
        sync_index.delay(tenant_id=stretch.tenant_id)
    if stretch.wait_seconds is not None:
        visit_website.apply_async(kwargs={"website_id": website_id}, countdown=stretch.wait_seconds)


@shared_task
def sweep_websites() -> None:
    """Finds visits whose worker was killed, or whose alarm clock was lost; and begins due ones."""
    for website_id in visits.left_behind(limit=SWEPT_AT_ONCE):
        visit_website.delay(website_id=website_id)
    for website_id in visits.start_due(limit=SWEPT_AT_ONCE):
        visit_website.delay(website_id=website_id)


@shared_task
def forget_company(*, tenant_id: int) -> None:
    """Out of the index, after its rows are gone."""
    indexing.forget_company(tenant_id)


@shared_task
def carry_out_errands() -> None:
    """Of commands beside a process that has the index inside. With a search server nobody asks."""
    if errands.carry_out():
        errands.forget_old()


@shared_task
def run_search_cases(*, tenant_id: int) -> None:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is not None:
        cases.run(tenant)


@shared_task
def empty_kind(*, tenant_id: int, kind: str, last_id: int, actor: str) -> None:
    """`actor` is who asked for it, as the audit log names them."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is not None:
        with context.bind(via="api", tenant=tenant.slug, actor=actor):
            emptying.empty(tenant, Kind(kind), last_id=last_id)
        sync_index.delay(tenant_id=tenant_id)
