"""A token with which a machine of a company calls the API."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantModel, TenantQuerySet

PREFIX = "cwai_"
VISIBLE_CHARACTERS = 12
LONGEST_LIFE = timedelta(days=3652)


class Scope(models.TextChoices):
    AUDIT_READ = "audit:read", _("read the audit log")
    TEAM_READ = "team:read", _("read the team")
    CONFIG_READ = "config:read", _("read the configuration")
    CONFIG_WRITE = "config:write", _("change the configuration")
    CONVERSATIONS_READ = "conversations:read", _("read conversations, without what was said")
    KNOWLEDGE_READ = "knowledge:read", _("read and search what the company knows")
    KNOWLEDGE_WRITE = "knowledge:write", _("change what the company knows")
    CREDENTIALS_READ = "credentials:read", _("see which credentials there are")
    CREDENTIALS_WRITE = "credentials:write", _("store credentials")
    CREDENTIALS_SYNC = "credentials:sync", _("send credentials from an ERP")
    CREDENTIALS_REVEAL = "credentials:reveal", _("read the secrets themselves")


class ApiTokenQuerySet(TenantQuerySet):
    def matching(self, text: str, *, now: datetime) -> Self:
        """The token that was handed out as this text, if it may still be used."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        rows = self.filter(digest=digest_of(text), revoked_at=None, tenant__is_active=True)
        return rows.filter(unexpired)

    def note_use(self, now: datetime) -> int:
        """Being used is no change of the token, so the audit log does not hear of it."""
        return models.QuerySet.update(self, last_used_at=now)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_scopes(scopes: Any) -> None:
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown:
        message = _("Unknown: %(unknown)s. Allowed: %(allowed)s.")
        words = {"unknown": ", ".join(map(str, unknown)), "allowed": ", ".join(Scope.values)}
        raise ValidationError(message, code="scope", params=words)


def check_expiry(when: datetime) -> None:
    if when > timezone.now() + LONGEST_LIFE:
        raise ValidationError(_("Choose a day within the next ten years."), code="expiry")


class ApiToken(TenantModel):
    """Only the digest is kept; the text itself is shown once, when the token is made."""

    unaudited_fields = frozenset({"last_used_at"})

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=VISIBLE_CHARACTERS, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("rights"), default=list, validators=[check_scopes])
    expires_at = models.DateTimeField(
        _("expires at"), null=True, blank=True, validators=[check_expiry]
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def make_secret(self) -> str:
        """A fresh text for this token, to be shown once; any earlier text stops working."""
        text = PREFIX + secrets.token_urlsafe(32)
        self.prefix = text[:VISIBLE_CHARACTERS]
        self.digest = digest_of(text)
        return text

    def revoke(self, *, now: datetime) -> None:
        self.revoked_at = self.revoked_at or now
        self.save()
