"""A domain: base configuration that many companies, and other domains, are built on."""

from typing import Any, ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import AuditedModel, AuditedQuerySet
from tenants.fields import DocumentField


class DomainQuerySet(AuditedQuerySet):
    def visible_to(self, access: Access) -> Self:
        """A company sees what is offered to everyone, and what it stands on itself."""
        if access.tenant is None:
            return self.all() if access.reaches_everything else self.none()
        own = models.Q(configurations__tenant=access.tenant)
        return self.filter(models.Q(is_offered=True) | own).distinct()


class Domain(AuditedModel):
    slug = models.CharField(
        _("short name"),
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\Z",
                _("Use small letters, digits, hyphens and underscores, for example “moveis”."),
            )
        ],
        help_text=_("Stands in configuration files. Small letters, digits and hyphens."),
        error_messages={"unique": _("Another domain already has this short name.")},
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    is_offered = models.BooleanField(
        _("offered to every company"),
        default=True,
        help_text=_("Otherwise only companies that stand on it already see that it exists."),
    )
    parents = models.ManyToManyField(
        "self",
        through="DomainParent",
        symmetrical=False,
        related_name="children",
        verbose_name=_("parents"),
    )
    settings = DocumentField(_("settings"))
    document = DocumentField(_("further configuration"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = DomainQuerySet.as_manager()

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")

    def __str__(self) -> str:
        return self.name


class DomainParent(AuditedModel):
    """A domain that another one is built on; the order decides who wins."""

    domain = models.ForeignKey(
        Domain, models.CASCADE, related_name="parent_links", verbose_name=_("domain")
    )
    parent = models.ForeignKey(
        Domain, models.PROTECT, related_name="child_links", verbose_name=_("parent")
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("The smaller number wins.")
    )

    class Meta:
        verbose_name = _("parent domain")
        verbose_name_plural = _("parent domains")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "parent"],
                name="tenants_domainparent_once",
                violation_error_message=_("This parent is already there."),
            ),
            models.CheckConstraint(
                name="tenants_domainparent_not_itself",
                condition=~models.Q(domain=models.F("parent")),
                violation_error_message=_("A domain cannot be its own parent."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} ← {self.parent}"
