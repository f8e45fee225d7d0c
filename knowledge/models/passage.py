"""What is found: short texts made of the rows, and how far the index knows them."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import LONGEST_NAME, Kind, Language
from tenants.scoping import TenantModel, TenantQuerySet


class PassageState(models.TextChoices):
    DUE = "due", _("to be indexed")
    READY = "ready", _("found")
    GONE = "gone", _("to be taken out")


class PassageQuerySet(TenantQuerySet):
    def of(self, kind: str, piece_id: int) -> Self:
        return self.filter(kind=kind, piece_id=piece_id)

    def there(self) -> Self:
        """Also those that the index does not know yet."""
        return self.exclude(state=PassageState.GONE)

    def unfinished(self) -> Self:
        return self.exclude(state=PassageState.READY)


class Passage(TenantModel):
    """The index holds its numbers only; the text is read here, so what is gone here is not found.

    `revision` is a digest of everything the index knows of it. `indexed_revision` is the one that
    it knows now.
    """

    is_audited: ClassVar[bool] = False

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    piece_id = models.PositiveBigIntegerField(_("entry"))
    number = models.PositiveIntegerField(_("passage"))
    title = models.CharField(_("title"), max_length=600, blank=True)
    text = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    rule_type = models.CharField(_("type of rule"), max_length=LONGEST_NAME, blank=True)
    category = models.CharField(_("category"), max_length=LONGEST_NAME, blank=True)
    domain = models.CharField(_("domain"), max_length=60, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=0)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True)
    valid_from = models.DateTimeField(_("holds from"), null=True)
    valid_until = models.DateTimeField(_("holds until"), null=True)
    revision = models.CharField(max_length=64)
    indexed_revision = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=PassageState, default=PassageState.DUE
    )

    objects: ClassVar[Any] = PassageQuerySet.as_manager()

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "piece_id", "number"], name="knowledge_passage_place"
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["tenant", "state"],
                name="knowledge_passage_unfinished",
                condition=~models.Q(state="ready"),
            )
        ]

    def __str__(self) -> str:
        return self.title or self.text[:60]

    @property
    def piece(self) -> str:
        return f"{self.kind}:{self.piece_id}"
