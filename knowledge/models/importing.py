"""Imports of files: what was sent, how far it is read, and which rows could not be taken."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import Kind
from tenants.fields import DocumentField
from tenants.models import User
from tenants.scoping import TenantModel

IMPORTED = (Kind.PRODUCT, Kind.FAQ, Kind.RULE, Kind.DOCUMENT)


class ImportState(models.TextChoices):
    PREPARED = "prepared", _("not started")
    WAITING = "waiting", _("waiting")
    READING = "reading", _("being read")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


ACTIVE = (ImportState.WAITING, ImportState.READING)


class Upload(TenantModel):
    """A file, kept in the database until its import is done: every process can read it there."""

    is_audited: ClassVar[bool] = False

    name = models.CharField(_("file"), max_length=300)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")

    def __str__(self) -> str:
        return self.name


class UploadPart(TenantModel):
    """A piece of a file, small enough to be held in memory."""

    is_audited: ClassVar[bool] = False

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "upload", "number"], name="knowledge_uploadpart_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}.{self.number}"


class Import(TenantModel):
    """Whoever reads the file holds the lease; `done` rows are stored, so it goes on behind them.

    `total` is not known until the rows were counted.
    """

    is_audited: ClassVar[bool] = False

    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, related_name="imports")
    file_name = models.CharField(_("file"), max_length=300)
    kind = models.CharField(
        _("kind"), max_length=10, choices=[(kind.value, kind.label) for kind in IMPORTED]
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState, default=ImportState.PREPARED
    )
    options = DocumentField(_("options"))
    total = models.PositiveIntegerField(_("rows"), null=True)
    done = models.PositiveIntegerField(_("rows read"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    failed = models.PositiveIntegerField(_("not taken"), default=0)
    error = models.CharField(_("why it failed"), max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    started_at = models.DateTimeField(_("begun at"), null=True)
    finished_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes: ClassVar[Any] = [
            models.Index(fields=["tenant", "-created_at"], name="knowledge_import_newest"),
            models.Index(
                fields=["lease_until"],
                name="knowledge_import_active",
                condition=models.Q(state__in=["waiting", "reading"]),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class ImportProblem(TenantModel):
    """Line 0 is about the whole file. `allowed` is a sentence."""

    is_audited: ClassVar[bool] = False

    run = models.ForeignKey(
        Import, models.CASCADE, related_name="problems", verbose_name=_("import")
    )
    line = models.PositiveIntegerField(_("line"))
    column = models.CharField(_("column"), max_length=200, blank=True)
    given = models.CharField(_("what stands there"), max_length=200, blank=True)
    allowed = models.CharField(_("what may stand there"), max_length=500)

    class Meta:
        verbose_name = _("problem of an import")
        verbose_name_plural = _("problems of imports")
        indexes: ClassVar[Any] = [
            models.Index(fields=["run", "line"], name="knowledge_importproblem_line")
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.allowed}"
