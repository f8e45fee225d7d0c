"""Secrets for other systems: kept encrypted, named by a reference, every use written down."""

import logging
from datetime import timedelta
from hmac import compare_digest
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import context, encryption
from tenants.audit import HIDDEN
from tenants.models import Credential, CredentialAccess, InstallationCredential, Tenant
from tenants.models.credential import LONGEST_PURPOSE, CheckResult, Source, check_ref
from tenants.sealing import UnknownKeyError, UnreadableError

logger = logging.getLogger(__name__)

LONGEST_SECRET = 20_000
LONGEST_MESSAGE = 1_000
LEAST_FOR_HINT = 12
HINT_CHARACTERS = 4
LAST_USED_STEP = timedelta(minutes=1)


class CredentialError(Exception):
    """A secret cannot be had; the sentence is for staff and never holds the secret."""


class UnknownCredentialError(CredentialError):
    """There is no secret of this reference for the company."""


class UnreadableCredentialError(CredentialError):
    """There is one, but it cannot be decrypted."""


class Outcome(models.TextChoices):
    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("changed")
    SAME = "same", gettext_lazy("unchanged")


class Secret:
    """A text that shows itself only to those who ask for `.text`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (s.text.encode(errors="surrogatepass") for s in (self, other))
        return compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal secrets apart from others

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise TypeError("A secret is neither pickled nor copied.")


def reveal(tenant: Tenant, ref: str, *, purpose: str) -> Secret:
    """The company's secret of this reference, else the installation's if it is offered to it."""
    own = _own(tenant, ref)
    if own is not None:
        return _hand_out(own, tenant, Source.OWN, purpose)
    offered = InstallationCredential.objects.offered_to(tenant).filter(ref=ref).first()
    if offered is not None:
        return _hand_out(offered, tenant, Source.INSTALLATION, purpose)
    raise UnknownCredentialError(_unknown(tenant, ref))


def reveal_own(tenant: Tenant, ref: str, *, purpose: str) -> Secret:
    """The same without the installation's, for those who must not see what is the operator's."""
    own = _own(tenant, ref)
    if own is None:
        raise UnknownCredentialError(_unknown(tenant, ref))
    return _hand_out(own, tenant, Source.OWN, purpose)


def store(tenant: Tenant, ref: str, secret: str, *, kind: str, label: str = "") -> Credential:
    """Create or replace; an empty label keeps the present one. Refuses with `ValidationError`.

    The same values again change nothing, not even the date.
    """
    row, _outcome = merge(tenant, ref, Secret(secret), kind=kind, label=label)
    return row


@transaction.atomic
def merge(
    tenant: Tenant, ref: str, secret: Secret, *, kind: str = "", label: str = ""
) -> tuple[Credential, Outcome]:
    """Like `store`; an empty kind keeps the present one too. Says what became of the row."""
    _check_ref(ref)
    row: Credential = Credential.objects.for_tenant(tenant).select_for_update().filter(
        ref=ref
    ).first() or Credential(tenant=tenant, ref=ref)
    is_new, is_same_secret = row._state.adding, not row._state.adding and _holds(row, secret)
    before = (row.kind, row.label)
    row.kind, row.label = str(kind or row.kind), label or row.label
    if is_same_secret and (row.kind, row.label) == before:
        return row, Outcome.SAME
    if not is_same_secret:
        put(row, secret.text)
    row.full_clean(exclude=["ciphertext"])
    row.save()
    return row, Outcome.NEW if is_new else Outcome.CHANGED


def _check_ref(ref: str) -> None:
    """Before the database is asked: it refuses some texts with errors of its own."""
    try:
        check_ref(ref)
    except ValidationError as error:
        raise ValidationError({"ref": error.messages}) from None


def put(row: Credential | InstallationCredential, secret: str) -> None:
    """Set the secret of a row that is about to be saved, in the same transaction."""
    check_secret(secret)
    try:
        row.ciphertext = encryption.encrypt(row, "ciphertext", secret)
    except UnreadableError as error:
        raise UnreadableCredentialError(_unreadable(row, error)) from None
    row.ends_with = secret[-HINT_CHARACTERS:] if len(secret) >= LEAST_FOR_HINT else ""
    row.updated_at = timezone.now()
    row.last_check, row.last_check_message, row.last_checked_at = "", "", None


def check_secret(secret: str) -> None:
    problem = ""
    if not secret.strip():
        problem = _("Write the secret; it is empty.")
    elif len(secret) > LONGEST_SECRET:
        problem = _("A secret has at most %(most)s characters.") % {"most": LONGEST_SECRET}
    elif any("\ud800" <= sign <= "\udfff" for sign in secret) or "\0" in secret:
        problem = _("The secret has characters that are no text.")
    if problem:
        raise ValidationError({"secret": [problem]})


def _holds(row: Credential, secret: Secret) -> bool:
    """Whether it is this very secret; one that cannot be read is another one."""
    check_secret(secret.text)
    try:
        return _open(row) == secret
    except UnreadableError:
        return False


def can_be_tested(kind: str) -> bool:
    return kind in settings.CREDENTIAL_TESTS


def check(row: Credential | InstallationCredential, *, tenant: Tenant | None) -> CheckResult:
    """Ask the other system whether it takes the secret, and keep its answer on the row."""
    result, message = _ask(row, tenant)
    type(row).objects.filter(pk=row.pk).note(
        last_checked_at=timezone.now(), last_check=result, last_check_message=message
    )
    row.last_check, row.last_check_message = result, message
    return result


def _ask(
    row: Credential | InstallationCredential, tenant: Tenant | None
) -> tuple[CheckResult, str]:
    try:
        secret = _open(row)
    except UnreadableError as error:
        return CheckResult.FAILED, _unreadable(row, error)
    if tenant is not None:
        _write_down(row, tenant, Source.OWN, _("test"))
    try:
        answer = import_string(settings.CREDENTIAL_TESTS[row.kind])(tenant, secret, row)
        result = CheckResult.OK
    except Exception as error:  # noqa: BLE001  whatever goes wrong is the result of the test
        logger.warning("The test of a secret of kind %s failed: %s", row.kind, type(error).__name__)
        answer, result = str(error) or type(error).__name__, CheckResult.FAILED
    return result, str(answer).replace(secret.text, HIDDEN)[:LONGEST_MESSAGE]


def is_readable(row: Credential | InstallationCredential) -> bool:
    """Whether its key opens it. Nobody sees the secret, so this is no use of it."""
    try:
        _open(row)
    except UnreadableError:
        return False
    return True


def _own(tenant: Tenant, ref: str) -> Credential | None:
    row: Credential | None = Credential.objects.for_tenant(tenant).filter(ref=ref).first()
    return row


def _hand_out(
    row: Credential | InstallationCredential, tenant: Tenant, source: Source, purpose: str
) -> Secret:
    try:
        secret = _open(row)
    except UnreadableError as error:
        raise UnreadableCredentialError(_unreadable(row, error)) from None
    _write_down(row, tenant, source, purpose)
    return secret


def _open(row: Credential | InstallationCredential) -> Secret:
    """A rotation may have replaced text and key since the row was read; then it is read again."""
    try:
        return Secret(encryption.decrypt(row, "ciphertext"))
    except UnknownKeyError as error:
        try:
            row.refresh_from_db(fields=["ciphertext"])
        except ObjectDoesNotExist:  # erased meanwhile, with its key
            raise error from None
        return Secret(encryption.decrypt(row, "ciphertext"))


def _write_down(
    row: Credential | InstallationCredential, tenant: Tenant, source: Source, purpose: str
) -> None:
    now = timezone.now()
    doing = context.current()
    CredentialAccess(
        tenant=tenant,
        ref=row.ref,
        kind=row.kind,
        source=source,
        actor=str(doing.user or doing.actor)[:400],
        via=doing.via[:100],
        purpose=purpose[:LONGEST_PURPOSE],
        request_id=doing.request_id[:64],
    ).save()
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_STEP:
        type(row).objects.filter(pk=row.pk).note(last_used_at=now)


def _unknown(tenant: Tenant, ref: str) -> str:
    message = _("%(company)s has no secret “%(ref)s”. Store it under Credentials.")
    return message % {"company": tenant, "ref": ref[:120]}


def _unreadable(row: models.Model, error: UnreadableError) -> str:
    message = _("The secret “%(ref)s” cannot be read. %(reason)s")
    return message % {"ref": row, "reason": error}
