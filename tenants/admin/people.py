"""People who sign in, and the team of each company."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from tenants.access import Area, Role
from tenants.admin.base import (
    ScopedAdmin,
    ScopedForm,
    ScopedTabularInline,
    access_of,
    confirmed_action,
    shown_once,
)
from tenants.models import Membership, User
from tenants.models.user import normal_email
from tenants.people import second_factor, team


class InvitationForm(ScopedForm):
    """Names a person by e-mail, for whom the platform knows is nothing a company may browse.

    Only a platform admin adds somebody who has an account already. A company that invited a person
    first may know the password, and must not come into a second company with it. The refusal
    tells an owner that an account exists; that is the lesser harm.
    """

    may_add_known_people: ClassVar[bool] = False

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=UnfoldAdminEmailInputWidget)
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Membership
        fields: ClassVar[Any] = ("role",)
        help_texts: ClassVar[Any] = {
            "role": _(
                "Owners do everything, also invite people and store secrets. Editors set the"
                " company up. Agents work on conversations. Viewers only look."
            )
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant = cleaned.get("tenant") or self.fixed_tenant_id
        email = normal_email(cleaned.get("email", ""))
        if Membership.objects.filter(tenant=tenant, user__email=email).exists():
            raise ValidationError({"email": _("This person is already in the team.")})
        if not self.may_add_known_people and User.objects.filter(email=email).exists():
            raise ValidationError({"email": _("Ask the platform admin to add this person.")})
        return cleaned


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    area = Area.PEOPLE
    list_display = ("user", "email", "role", "is_active", "last_login", "tenant")
    list_filter = ("tenant", ("role", ChoicesDropdownFilter))
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "user__name")
    ordering = ("user__name", "user__email", "pk")
    fieldsets = ((None, {"fields": ("tenant", "user", "role")}),)
    add_fieldsets = ((None, {"fields": ("tenant", "email", "name", "role")}),)
    export_fields = ("user", "email", "role", "is_active", "tenant", "created_at")

    @admin.display(description=_("e-mail"), ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @admin.display(description=_("active"), boolean=True, ordering="user__is_active")
    def is_active(self, membership: Membership) -> bool:
        return membership.user.is_active

    @admin.display(description=_("last sign-in"), ordering="user__last_login")
    def last_login(self, membership: Membership) -> Any:
        return membership.user.last_login

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes or ends the own membership, so a team keeps an owner."""
        return super().has_change_permission(request, obj) and not _is_own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_own(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            hidden = set(self.get_exclude(request))
            fields = [name for name in ("tenant", "email", "name", "role") if name not in hidden]
            return [(None, {"fields": fields})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        if obj is None:
            kw = {**kw, "form": InvitationForm, "fields": self._own_fields(request)}
        form = super().get_form(request, obj, change, **kw)
        form.may_add_known_people = access_of(request).is_platform
        return form

    def _own_fields(self, request: HttpRequest) -> list[str]:
        return ["role"] if access_of(request).tenant else ["tenant", "role"]

    def add_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Two people may invite the same person in the same moment; one of them is second."""
        try:
            return super().add_view(request, *args, **options)
        except (IntegrityError, ValidationError):
            message = _("Somebody else invited this person just now. Look at the list.")
            self.message_user(request, message, messages.WARNING)
            return redirect("admin:tenants_membership_changelist")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        given = form.cleaned_data
        invitation = team.invite(
            obj.tenant,
            email=given["email"],
            role=Role(given["role"]),
            name=given["name"],
            by_platform=access_of(request).is_platform,
        )
        obj.pk, obj.user = invitation.membership.pk, invitation.membership.user
        obj._state.adding = False
        request.invitation = invitation  # type: ignore[attr-defined]  # for response_add

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        path = request.invitation.password_path  # type: ignore[attr-defined]  # set above
        if not path:
            self.message_user(
                request,
                _("%(person)s is in the team and signs in with the password they already have.")
                % {"person": obj.user},
                messages.SUCCESS,
            )
            return self.response_post_save_add(request, obj)
        return _show_password_link(self, request, obj.user, path)


class MembershipInline(ScopedTabularInline):
    """The team as seen on a company's page; people are added on the team page, by e-mail."""

    area = Area.PEOPLE
    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = ("user", "role", "created_at")
    show_change_link = True
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user").order_by("user__name", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ScopedAdmin):
    area = Area.PLATFORM
    list_display = ("email", "name", "is_superuser", "is_active", "last_login")
    list_filter = (("is_superuser", BooleanRadioFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "name", "language")}),
        (
            _("Rights"),
            {"fields": ("is_active", "is_superuser", "is_confirmed", "last_login", "created_at")},
        ),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "language", "is_superuser")}),)
    readonly_fields = ("is_confirmed", "last_login", "created_at")
    export_fields = ("email", "name", "is_superuser", "is_active", "last_login", "created_at")
    actions_detail = ("send_password_link", "reset_second_factor")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return _show_password_link(self, request, obj, team.password_link(obj))

    @action(description=_("Make a password link"), url_path="password-link", permissions=["change"])
    def send_password_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.object_or_404(request, object_id)
        question = _("Make a link with which %(person)s can choose a new password?")
        return confirmed_action(
            self,
            request,
            user,
            question=question % {"person": user},
            act=lambda: _show_password_link(self, request, user, team.password_link(user)),
        )

    @action(description=_("Remove second factor"), url_path="second-factor", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.object_or_404(request, object_id)
        question = _(
            "Remove the second factor of %(person)s? Do this only when you are sure who is asking."
        )
        return confirmed_action(
            self,
            request,
            user,
            question=question % {"person": user},
            act=lambda: second_factor.switch_off(user),
            done=_("The second factor was removed."),
        )


def _is_own(request: HttpRequest, membership: Any) -> bool:
    access = access_of(request)
    if not isinstance(membership, Membership) or access.user is None or access.is_platform:
        return False
    return membership.user_id == access.user.pk


def _show_password_link(
    page: ScopedAdmin, request: HttpRequest, user: User, path: str
) -> HttpResponse:
    explanation = _("Send this link to %(person)s. It can be used once, within three days.")
    return shown_once(
        page,
        request,
        title=_("Password link for %(person)s") % {"person": user},
        explanation=explanation % {"person": user.email},
        secret=f"{settings.PUBLIC_URL}{path}",
    )
