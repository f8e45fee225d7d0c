"""A person's role in a company."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.access import Role
from tenants.models.user import User
from tenants.scoping import TenantModel, refuse_one_more


class Membership(TenantModel):
    user = models.ForeignKey(
        User, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.AGENT)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"],
                name="tenants_membership_once_per_tenant",
                violation_error_message=_("This person is already in the team."),
            ),
            models.CheckConstraint(
                name="tenants_membership_role_is_known",
                condition=models.Q(role__in=Role.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def clean(self) -> None:
        super().clean()
        if self.pk is None and self.tenant_id is not None:
            refuse_one_more(self.tenant.most_people, Membership, self.tenant)
