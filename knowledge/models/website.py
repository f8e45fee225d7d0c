"""Websites that are read: what to read and when, what became of each page, and the pages' texts."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.addresses import LONGEST_URL, check_url
from knowledge.crawling.addresses import absolute
from knowledge.crawling.site import Status, reason
from knowledge.models.article import Text
from knowledge.models.piece import LONGEST_NAME, Kind, Language, newest, once_per_company
from tenants.fields import DocumentField
from tenants.scoping import TenantModel, TenantQuerySet

DEEPEST = 20
MOST_PAGES = 5_000
MOST_HOURS = 24 * 365
LONGEST_PATTERNS = 2_000


class VisitState(models.TextChoices):
    NEW = "new", _("not visited yet")
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("being visited")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


VISITED_NOW = (VisitState.WAITING, VisitState.RUNNING)


class WebsiteQuerySet(TenantQuerySet):
    def note(self, **changes: Any) -> int:
        """What a visit writes down is no change of a website, so the audit log is not told."""
        return models.QuerySet.update(self, **changes)


class Website(TenantModel):
    """Whoever visits it holds the lease; `progress` is what a visit that goes on has to know.

    `counts` are pages by status, of the last visit or the one under way.
    """

    unaudited_fields = frozenset(
        {
            "next_at",
            "state",
            "counts",
            "error",
            "attempts",
            "lease_until",
            "started_at",
            "finished_at",
            "progress",
        }
    )

    address = models.CharField(
        _("start address"),
        max_length=LONGEST_URL,
        help_text=_("The page from which links are followed, such as https://example.com/help."),
    )
    depth = models.PositiveSmallIntegerField(
        _("depth"),
        default=3,
        validators=[MaxValueValidator(DEEPEST)],
        help_text=_("How many links one after the other are followed. 0: only the first page."),
    )
    include = models.TextField(
        _("only pages such as"),
        max_length=LONGEST_PATTERNS,
        blank=True,
        help_text=_("Paths, one a line, such as /help/*. Empty: all pages of the site."),
    )
    exclude = models.TextField(
        _("without pages such as"),
        max_length=LONGEST_PATTERNS,
        blank=True,
        help_text=_("Paths, one a line, such as /cart*."),
    )
    most_pages = models.PositiveIntegerField(
        _("at most pages"),
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PAGES)],
        help_text=_("A visit asks for no more than so many."),
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.PORTUGUESE
    )
    category = models.CharField(
        _("category"), max_length=LONGEST_NAME, blank=True, help_text=_("Of new pages.")
    )
    is_enabled = models.BooleanField(_("in use"), default=True)
    every_hours = models.PositiveIntegerField(
        _("visit again after hours"),
        default=24,
        validators=[MaxValueValidator(MOST_HOURS)],
        help_text=_("0: only when somebody asks for it."),
    )
    next_at = models.DateTimeField(_("next visit"), null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=VisitState, default=VisitState.NEW, editable=False
    )
    counts = DocumentField(_("pages"), editable=False)
    error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(_("last visit begun at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("last visit ended at"), null=True, editable=False)
    progress = DocumentField(editable=False)

    objects: ClassVar[Any] = WebsiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("website")
        verbose_name_plural = _("websites")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "address"],
                name="knowledge_website_address",
                violation_error_message=_("The company has a website with this address already."),
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["next_at"], name="knowledge_website_next"),
            models.Index(
                fields=["lease_until"],
                name="knowledge_website_active",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_visited_now(self) -> bool:
        return self.state in VISITED_NOW

    def clean(self) -> None:
        """An address that stays is not judged again: its host may be away for a moment."""
        super().clean()
        written = self.address.strip()
        written = written if "://" in written else f"https://{written}"
        found = absolute(written, base=written)
        stored = type(self).objects.filter(pk=self.pk, address=found)
        try:
            if not (found and self.pk and stored.exists()):
                check_url(found or written)
        except ValidationError as error:
            raise ValidationError({"address": error.messages}) from error
        self.address = found or written


class PageReport(TenantModel):
    """What the last visit that came to a page tells about it, whether it was stored or not."""

    is_audited: ClassVar[bool] = False

    website = models.ForeignKey(
        Website, models.CASCADE, related_name="reports", verbose_name=_("website")
    )
    address = models.CharField(_("address"), max_length=LONGEST_URL)
    status = models.CharField(_("status"), max_length=20, choices=Status)
    detail = models.CharField(max_length=LONGEST_URL, blank=True)
    visited_at = models.DateTimeField(_("visited at"), default=timezone.now)

    class Meta:
        verbose_name = _("report about a page")
        verbose_name_plural = _("reports about pages")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "website", "address"], name="knowledge_pagereport_address"
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["website", "status"], name="knowledge_pagereport_status")
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def reason(self) -> str:
        return reason(self.status, self.detail)


class WebPage(Text):
    """A page as it was read, or as staff wrote it: then visits leave its title and text alone.

    `fingerprint` is of what was read last, `depth` counts links from the start. `is_gone` is one
    that a visit archived, so that a visit may publish it again; `missed` counts visits that did not
    find it.
    """

    kind = Kind.PAGE
    unaudited_fields = Text.unaudited_fields | {
        "etag",
        "last_modified",
        "fingerprint",
        "links",
        "depth",
        "missed",
        "is_gone",
    }

    website = models.ForeignKey(
        Website,
        models.CASCADE,
        related_name="pages",
        verbose_name=_("website"),
        editable=False,
    )
    address = models.CharField(_("address"), max_length=LONGEST_URL, editable=False)
    is_by_hand = models.BooleanField(
        pgettext_lazy("page of a website", "written by hand"),
        default=False,
        help_text=_(
            "Set when somebody changes title or text here: visits leave both alone from then on."
            " Take the mark away to have the text of the website again after the next visit."
        ),
    )
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    links = DocumentField(default=list, editable=False)
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    missed = models.PositiveSmallIntegerField(default=0, editable=False)
    is_gone = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("web page")
        verbose_name_plural = _("web pages")
        constraints: ClassVar[Any] = [
            once_per_company("webpage"),
            models.UniqueConstraint(fields=["tenant", "address"], name="knowledge_webpage_address"),
        ]
        indexes: ClassVar[Any] = [newest("webpage")]
