"""Asks the process that owns the search index to do something, and waits for its answer.

Without a search server the index belongs to one process. A command beside it leaves a row, and the
owner looks for such rows every second.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from knowledge.engines import choosing
from knowledge.engines.failures import OwnedElsewhereError
from knowledge.models import Errand, ErrandState
from tenants.models import Tenant

logger = logging.getLogger(__name__)

LOOKED_EVERY_SECONDS = 0.1
KEPT = timedelta(hours=1)


class ErrandError(Exception):
    """It was not done; the text is for whoever asked."""


def do(tenant: Tenant, kind: str, *, seconds: float = 120.0, **asked: Any) -> Any:
    """Here where the index can be opened, else in the process that has it."""
    try:
        choosing.engine().collections()
    except OwnedElsewhereError:
        return _ask(tenant, kind, asked, seconds=seconds)
    return _function(kind)(tenant, **asked)


def carry_out() -> int:
    """What others asked for; how many errands that was."""
    done = 0
    for errand in Errand.objects.filter(state=ErrandState.WAITING).order_by("created_at", "pk"):
        mine = Errand.objects.filter(pk=errand.pk, state=ErrandState.WAITING)
        if mine.update(state=ErrandState.RUNNING):
            _carry_out(errand)
            done += 1
    return done


def forget_old() -> None:
    """Whoever asked is gone by then."""
    Errand.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


def _carry_out(errand: Errand) -> None:
    try:
        answer = _function(errand.kind)(errand.tenant, **errand.asked)
        changes: Mapping[str, Any] = {"state": ErrandState.DONE, "answer": answer}
    except Exception as error:
        logger.exception("An errand failed")
        changes = {"state": ErrandState.FAILED, "error": f"{type(error).__name__}: {error}"[:300]}
    Errand.objects.filter(pk=errand.pk).update(**changes)


def _ask(tenant: Tenant, kind: str, asked: Mapping[str, Any], *, seconds: float) -> Any:
    errand = Errand.objects.create(tenant=tenant, kind=kind, asked=dict(asked))
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            errand.refresh_from_db()
            if errand.state == ErrandState.DONE:
                return errand.answer
            if errand.state == ErrandState.FAILED:
                raise ErrandError(errand.error)
            time.sleep(LOOKED_EVERY_SECONDS)
        raise ErrandError(
            _("The running server did not answer in %(seconds)d s. Look at its log.")
            % {"seconds": seconds}
        )
    finally:
        errand.delete()


def _function(kind: str) -> Any:
    return import_string(settings.ERRANDS[kind])
