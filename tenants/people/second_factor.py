"""The second factor of a sign-in: an authenticator app, and ten codes for the day it is lost."""

import base64
import secrets
import time
from typing import Any

import django_otp
import segno
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from tenants import audit
from tenants.audit import Action
from tenants.models import User

RECOVERY_CODES = 10
APP_CODE_LENGTH = 6
PENDING_KEY = "pending_second_factor"


def page_needed(user: Any) -> str:
    """Name of the page this person must pass first, or an empty text."""
    if user.is_verified():
        return ""
    if is_on(user):
        return "second_factor"
    return "second_factor_set_up" if settings.REQUIRE_2FA else ""


def is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


@transaction.atomic
def check(request: HttpRequest, code: str) -> bool:
    """Whether the code is right; if so, this session has passed. Wrong ones slow the next try.

    The devices are locked, for several tries at once must not share one count or one code.
    """
    user: Any = request.user
    code = code.replace(" ", "").lower()
    kind = TOTPDevice if len(code) == APP_CODE_LENGTH else StaticDevice
    devices = kind.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk")
    device = next((device for device in devices if device.verify_token(code)), None)
    if device is None:
        audit.record(Action.SECOND_FACTOR_FAILED, user)
        return False
    django_otp.login(request, device)
    if kind is StaticDevice:
        audit.record(Action.RECOVERY_CODE_USED, user)
    return True


def pending_device(request: HttpRequest) -> TOTPDevice:
    """The device being set up. Its key lives in this session alone: nobody reads it beforehand."""
    key = request.session.setdefault(PENDING_KEY, random_hex())
    user: Any = request.user
    return TOTPDevice(user=user, name="app", key=key, confirmed=True)


@transaction.atomic
def confirm(request: HttpRequest, code: str) -> list[str] | None:
    """Switch the second factor on if the code is right; returns the recovery codes."""
    user: Any = request.user
    device = pending_device(request)
    if not is_code_of(device, code):
        return None
    device.save()
    device.verify_token(code.replace(" ", ""))
    del request.session[PENDING_KEY]
    audit.record(Action.SECOND_FACTOR_ON, user)
    django_otp.login(request, device)
    return make_recovery_codes(user)


def is_code_of(device: TOTPDevice, code: str) -> bool:
    digits = code.replace(" ", "")
    totp = TOTP(device.bin_key)
    totp.time = time.time()
    return digits.isascii() and digits.isdigit() and totp.verify(int(digits), tolerance=1)


def make_recovery_codes(user: User) -> list[str]:
    """Fresh codes; the old ones stop working."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=code)
    return codes


def switch_off(user: User) -> None:
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        audit.record(Action.SECOND_FACTOR_OFF, user)


def picture(device: TOTPDevice) -> str:
    """The QR code for the app, as an address an image can show."""
    drawing = segno.make(device.config_url, error="m")
    return drawing.svg_data_uri(scale=5, border=2, dark="#111", light="#fff")


def key_as_text(device: TOTPDevice) -> str:
    """The key in the groups of four that authenticator apps ask for."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
