"""What every kind of knowledge has: who may see it, in which language it is, where it is from."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantModel

LONGEST_TITLE = 300
LONGEST_NAME = 120


class Kind(models.TextChoices):
    RULE = "rule", _("business rule")
    FAQ = "faq", _("question and answer")
    ARTICLE = "article", _("article")
    DOCUMENT = "document", _("document")
    PRODUCT = "product", _("product")
    PAGE = "page", _("web page")


class PieceState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    ARCHIVED = "archived", _("archived")


class Language(models.TextChoices):
    PORTUGUESE = "pt", _("Portuguese")
    ENGLISH = "en", _("English")
    SPANISH = "es", _("Spanish")


class Origin(models.TextChoices):
    STAFF = "staff", _("written here")
    FILE = "file", _("file")
    WEBSITE = "website", _("website")
    API = "api", _("API")


class Piece(TenantModel):
    """One row of knowledge. Only published ones are found.

    `external_id` names it where it comes from, so that the same file changes rows instead of
    adding them once more.
    """

    kind: ClassVar[Kind]
    # Counting what it was used for is no change of it.
    unaudited_fields = frozenset({"used_times", "used_at", "changed_at"})

    state = models.CharField(
        _("state"), max_length=10, choices=PieceState, default=PieceState.PUBLISHED
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.PORTUGUESE
    )
    origin = models.CharField(
        _("from"), max_length=10, choices=Origin, default=Origin.STAFF, editable=False
    )
    source = models.CharField(_("file or address"), max_length=500, blank=True, editable=False)
    external_id = models.CharField(
        _("own number"),
        max_length=200,
        blank=True,
        help_text=_("What it is called where it comes from. An import changes the row with it."),
    )
    used_times = models.PositiveIntegerField(_("times used"), default=0, editable=False)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        abstract = True

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.pk}"


def once_per_company(name: str) -> models.UniqueConstraint:
    """The number that a row has elsewhere names one row."""
    return models.UniqueConstraint(
        fields=["tenant", "external_id"],
        condition=~models.Q(external_id=""),
        name=f"knowledge_{name}_external",
        violation_error_message=_("Another entry has this number already."),
    )


def newest(name: str) -> models.Index:
    return models.Index(fields=["tenant", "-changed_at"], name=f"knowledge_{name}_newest")


def text_field(label: Any, **options: Any) -> Any:
    return models.TextField(label, max_length=200_000, **options)
