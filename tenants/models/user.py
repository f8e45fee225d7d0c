"""A person who signs in: platform admins, and staff of one or several companies."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants.access import Access
from tenants.audit import AuditedModel, AuditedQuerySet
from tenants.models.tenant import LANGUAGES


class UserQuerySet(AuditedQuerySet):
    def visible_to(self, access: Access) -> Self:
        if access.tenant is not None:
            return self.filter(memberships__tenant=access.tenant)
        return self.all() if access.reaches_everything else self.none()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # dynamic base
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        user = User(email=email, **values)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **values)

    def get_by_natural_key(self, email: str | None) -> "User":
        user: User = self.get(email=normal_email(email or ""))
        return user


def normal_email(email: str) -> str:
    return email.strip().lower()


class User(AuditedModel, AbstractBaseUser):
    """Rights come from `is_superuser` (the platform) and from memberships (a company)."""

    unaudited_fields = frozenset({"last_login"})

    email = models.EmailField(
        _("e-mail"), unique=True, error_messages={"unique": _("This e-mail is already in use.")}
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(
        _("language"), max_length=10, choices=LANGUAGES, default=LANGUAGES[0][0]
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("An inactive person cannot sign in.")
    )
    is_superuser = models.BooleanField(
        _("platform admin"),
        default=False,
        help_text=_("Sees and changes every company and the platform itself."),
    )
    is_confirmed = models.BooleanField(
        _("identity confirmed"),
        default=True,
        help_text=_(
            "Off while only a company that invited this person has handed out the password link."
        ),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[Any] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                name="tenants_user_email_is_lower",
                condition=models.Q(email=Lower("email")),
                violation_error_message=_("Write the e-mail in small letters."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean_fields(self, exclude: Any = None) -> None:
        self.email = normal_email(self.email)
        super().clean_fields(exclude=exclude)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0] or self.email

    @property
    def is_staff(self) -> bool:
        """Everyone who can sign in may open the admin; what they see there is their access."""
        return self.is_active

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_perms(self, permissions: Any, obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active
