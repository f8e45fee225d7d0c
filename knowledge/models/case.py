"""A question and the entry that it should find: what a company measures its search by."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import LONGEST_TITLE, Kind
from tenants.fields import DocumentField
from tenants.scoping import TenantModel, TenantQuerySet

LONGEST_QUESTION = 2_000


class SearchCaseQuerySet(TenantQuerySet):
    def note(self, **changes: Any) -> int:
        """Being run is no change of a case, so the audit log does not hear of it."""
        return models.QuerySet.update(self, **changes)


class SearchCase(TenantModel):
    """`kind` and `piece_id` are of a row that may be gone by now; `name` is what it was called.

    `place` counts from 1 and is None when the row was not found; `place_before` is that of the run
    before. `is_due` while a run that was asked for has not come to it.
    """

    unaudited_fields = frozenset(
        {"place", "run_at", "place_before", "run_before_at", "is_due", "error"}
    )

    question = models.CharField(_("question"), max_length=LONGEST_QUESTION)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    piece_id = models.PositiveBigIntegerField(_("entry"))
    name = models.CharField(_("should be found"), max_length=LONGEST_TITLE, blank=True)
    filters = DocumentField(_("filters"))
    made_by = models.CharField(_("recorded by"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("recorded at"), default=timezone.now)
    place = models.PositiveSmallIntegerField(_("place"), null=True)
    run_at = models.DateTimeField(_("last run"), null=True)
    place_before = models.PositiveSmallIntegerField(_("place before"), null=True)
    run_before_at = models.DateTimeField(_("run before"), null=True)
    is_due = models.BooleanField(default=False)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    objects: ClassVar[Any] = SearchCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("search case")
        verbose_name_plural = _("search cases")
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-created_at"], name="knowledge_searchcase_newest")
        ]

    def __str__(self) -> str:
        return self.question[:80]

    @property
    def piece(self) -> str:
        return f"{self.kind}:{self.piece_id}"
