"""Pages about the person who is signed in: account, language, company and role, second factor."""

from typing import Any

import axes.utils
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from tenants import context, limits
from tenants.models import User
from tenants.models.user import normal_email
from tenants.people import acting, second_factor

MOST_WRONG_PASSWORDS = 5
MOST_MAILS_PER_HOUR = 5
HOUR_SECONDS = 60 * 60


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "language")
        widgets = {"name": UnfoldAdminTextInputWidget, "language": UnfoldAdminSelectWidget}


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )


class ChoosePasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


def account(site: Any, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = AccountForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your account was saved."))
        return redirect("admin:account")
    return _page(
        site,
        request,
        "admin/account.html",
        title=_("My account"),
        form=form,
        has_second_factor=second_factor.is_on(user),
        must_have_second_factor=settings.REQUIRE_2FA,
        memberships=acting.memberships_of(user),
    )


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remembered on this browser, and on the account once there is one."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES) or not check_for_language(wanted):
        raise BadRequest
    user: Any = request.user
    if user.is_authenticated and user.language != wanted:
        context.note(user=user, via="admin")
        user.language = wanted
        user.save()
    response: HttpResponse = HttpResponseRedirect(_safe_next(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 60 * 60,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
def act_as(request: HttpRequest) -> HttpResponse:
    """Work for another company, or look through the eyes of a role with fewer rights."""
    user: Any = request.user
    tenant, role = request.POST.get("tenant", ""), request.POST.get("role", "")
    if not acting.choose(user, request.session, tenant=tenant, role=role):
        messages.error(
            request, _("You have no access to that company or role. Choose another one.")
        )
    return redirect("admin:index")


def enter_second_factor(site: Any, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if second_factor.page_needed(user) != "second_factor":
        return redirect("admin:index")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if second_factor.check(request, form.cleaned_data["code"]):
            return redirect("admin:index")
        form.add_error(
            "code",
            _("This code is not right. Wait for the next one in the app, or use a recovery code."),
        )
    return _page(site, request, "admin/second_factor.html", title=_("Second factor"), form=form)


def set_up_second_factor(site: Any, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if second_factor.is_on(user):
        return redirect("admin:account" if user.is_verified() else "admin:second_factor")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = second_factor.confirm(request, form.cleaned_data["code"])
        if codes:
            return _show_recovery_codes(site, request, codes)
        form.add_error(
            "code", _("This code is not right. Check the clock of your phone, try again.")
        )
    device = second_factor.pending_device(request)
    response = _page(
        site,
        request,
        "admin/second_factor_set_up.html",
        title=_("Set up the second factor"),
        form=form,
        picture=second_factor.picture(device),
        key=second_factor.key_as_text(device),
        is_required=settings.REQUIRE_2FA,
    )
    response["Cache-Control"] = "no-store"
    return response


def renew_recovery_codes(site: Any, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if request.method != "POST" or not second_factor.is_on(user):
        return redirect("admin:account")
    refusal = _refuse_wrong_password(request)
    if refusal is not None:
        return refusal
    return _show_recovery_codes(site, request, second_factor.make_recovery_codes(user))


@require_POST
def switch_off_second_factor(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if settings.REQUIRE_2FA:
        messages.error(request, _("The second factor is required here and stays on."))
        return redirect("admin:account")
    refusal = _refuse_wrong_password(request)
    if refusal is not None:
        return refusal
    second_factor.switch_off(user)
    messages.success(request, _("The second factor is off."))
    return redirect("admin:account")


def refuse_guessing(request: HttpRequest) -> HttpResponse | None:
    """The form itself says that the old password is wrong; here the tries are counted."""
    user: Any = request.user
    if user.check_password(request.POST.get("old_password", "")) or not _has_guessed_too_often(
        user
    ):
        return None
    logout(request)
    return redirect("admin:login")


def _refuse_wrong_password(request: HttpRequest) -> HttpResponse | None:
    """Asked once more for what weakens an account: an unlocked screen must not be enough."""
    user: Any = request.user
    if user.check_password(request.POST.get("password", "")):
        return None
    if _has_guessed_too_often(user):
        logout(request)
        return redirect("admin:login")
    messages.error(request, _("That is not your password. Nothing was changed."))
    return redirect("admin:account")


def _has_guessed_too_often(user: User) -> bool:
    wrong = limits.count(f"wrong-password:{user.pk}", window_seconds=HOUR_SECONDS)
    return wrong >= MOST_WRONG_PASSWORDS


def locked_out(request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
    minutes = int(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "admin/locked_out.html", {"minutes": minutes}, status=429)


class ForgottenPasswordForm(PasswordResetForm):
    """Also helps who was invited and never chose a password; a mailbox gets five mails an hour."""

    def get_users(self, email: str) -> list[User]:
        users = list(User.objects.filter(email=normal_email(email), is_active=True))
        return users if users and self._may_mail(users[0]) else []

    def _may_mail(self, user: User) -> bool:
        mails = limits.count(f"forgotten-password:{user.pk}", window_seconds=HOUR_SECONDS)
        return mails <= MOST_MAILS_PER_HOUR


class ChoosePassword(PasswordResetConfirmView):
    """Where an invitation or a password link leads."""

    template_name = "admin/choose_password.html"
    form_class = ChoosePasswordForm
    success_url = reverse_lazy("admin:login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Whoever came by the link is let in again, however often somebody guessed before."""
        context.note(user=form.user)
        answer = super().form_valid(form)
        axes.utils.reset(username=form.user.email)
        return answer

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        return super().get_context_data(**{**admin.site.each_context(self.request), **values})


def _show_recovery_codes(site: Any, request: HttpRequest, codes: list[str]) -> HttpResponse:
    title = _("Your recovery codes")
    response = _page(site, request, "admin/recovery_codes.html", title=title, codes=codes)
    response["Cache-Control"] = "no-store"
    return response


def _page(site: Any, request: HttpRequest, template: str, **values: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**site.each_context(request), **values})


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_safe else reverse("admin:index")
