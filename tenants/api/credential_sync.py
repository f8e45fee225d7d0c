"""Credentials sent by an ERP that manages them: new ones are added, known ones replaced."""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import account_names, credentials
from tenants.api.base import TenantView
from tenants.api.credentials import StoreSerializer, UnreadableError, Values, store, values_of
from tenants.api.sync_description import described
from tenants.config import config_sync, documents, schema
from tenants.config.layers import Document
from tenants.credentials import CredentialError, Outcome, Secret
from tenants.models import Credential, Tenant
from tenants.models.api_token import Scope
from tenants.models.credential import check_ref

ACTION = "sync_credentials"
HMAC_REF = "credential_sync_hmac"
CLOCK_TOLERANCE_SECONDS = 300
MOST_CREDENTIALS = 500
LONGEST_SHOWN = 120
TIMESTAMP = re.compile(r"[0-9]{1,12}")
SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent, after it was looked at: secrets by reference, and plain configuration."""

    credentials: list[tuple[str, Values]]
    config: Document


class SyncView(TenantView):
    """Signed too when the company has a secret of the reference credential_sync_hmac."""

    scope = Scope.CREDENTIALS_SYNC
    write_scope = Scope.CREDENTIALS_SYNC

    @described
    def post(self, request: Request) -> Response:
        tenant: Any = self.access.tenant
        raw = request._request.body
        _check_signature(tenant, request, raw)
        message = _read(request.data, tenant)
        with transaction.atomic():
            outcomes = [(ref, _store(tenant, ref, values)) for ref, values in message.credentials]
            if message.config:
                _merge_config(tenant, message.config)
        result = {
            outcome.value: [ref for ref, found in outcomes if found == outcome]
            for outcome in Outcome
        }
        return Response({"success": True, "result": result}, status=status.HTTP_200_OK)


def _check_signature(tenant: Tenant, request: Request, raw: bytes) -> None:
    if not Credential.objects.for_tenant(tenant).filter(ref=HMAC_REF).exists():
        return
    moment = request.headers.get("X-Timestamp", "")
    if not TIMESTAMP.fullmatch(moment):
        raise AuthenticationFailed(_("Send X-Timestamp, the seconds since 1970 in digits."))
    if abs(time.time() - int(moment)) > CLOCK_TOLERANCE_SECONDS:
        raise AuthenticationFailed(_("X-Timestamp is more than 5 minutes off. Set the clock."))
    signature = request.headers.get("X-Signature", "")
    expected = _signature(tenant, moment, raw)
    if not SIGNATURE.fullmatch(signature) or not hmac.compare_digest(signature, expected):
        raise AuthenticationFailed(
            _("X-Signature is not the HMAC-SHA256, in hex, of timestamp, a dot and the body.")
        )


def _signature(tenant: Tenant, moment: str, raw: bytes) -> str:
    try:
        secret = credentials.reveal_own(tenant, HMAC_REF, purpose=ACTION)
    except CredentialError as error:
        raise UnreadableError(str(error)) from error
    message = moment.encode() + b"." + raw
    return hmac.new(secret.text.encode(), message, hashlib.sha256).hexdigest()


def _read(body: Any, tenant: Tenant) -> Message:
    metadata = _mapping(_mapping(body, "body").get("metadata"), "metadata")
    if metadata.get("action") != ACTION:
        raise ValidationError({"metadata.action": [_("Write “%s”.") % ACTION]})
    account = metadata.get("account_id")
    if not isinstance(account, str | int) or isinstance(account, bool):
        raise ValidationError({"metadata.account_id": [_("Write the company's short name.")]})
    if account_names.find_tenant(str(account)) != tenant:
        raise PermissionDenied(_("metadata.account_id names another company than the token's."))
    params = _mapping(body.get("params"), "params")
    _refuse_others(params, "params", {"credentials", "config"})
    taken = _config(params.get("config") or {})
    entries = _mapping(params.get("credentials", {}), "params.credentials")
    given = [*_credentials(entries), *(_of_config(*entry) for entry in taken.secrets.items())]
    if not given and not taken.config:
        message = _("Send “credentials”, “config”, or both.")
        raise ValidationError({"params.credentials": [message]})
    return Message(given, taken.config)


def _config(config: Any) -> config_sync.Taken:
    """Sections of the company's configuration; secrets in them are taken out and stored."""
    try:
        documents.check(_mapping(config, "params.config"))
    except documents.DocumentError as error:
        where = documents.shown(("params", "config", *error.path))
        raise ValidationError({where: [error.message]}) from error
    _refuse_others(config, "params.config", set(schema.LAYER_SECTIONS))
    return config_sync.take_secrets(config)


def _of_config(ref: str, secret: Secret) -> tuple[str, Values]:
    try:
        credentials.check_secret(secret.text)
        check_ref(ref)
    except ModelValidationError as error:
        raise ValidationError({f"params.config.{ref}": error.messages}) from error
    return ref, Values(secret, "", "")


def _merge_config(tenant: Tenant, config: Document) -> None:
    troubles = config_sync.merge(tenant, config, note=_("Sent by an ERP"))
    if troubles:
        fields: dict[str, list[str]] = {}
        for trouble in troubles:
            fields.setdefault(f"params.config.{trouble.path}", []).append(trouble.message)
        raise ValidationError(fields)


def _credentials(entries: Mapping[str, Any]) -> list[tuple[str, Values]]:
    if len(entries) > MOST_CREDENTIALS:
        message = _("Send at most %s credentials.") % MOST_CREDENTIALS
        raise ValidationError({"params.credentials": [message]})
    return [(ref, _one(ref, entry)) for ref, entry in entries.items()]


def _one(ref: str, entry: Any) -> Values:
    path = _path(ref)
    values: dict[str, Any] = (
        {"value": entry} if isinstance(entry, str) else dict(_mapping(entry, path))
    )
    _refuse_others(values, path, {"value", "kind", "label"})
    values["secret"] = values.pop("value", None)
    given = StoreSerializer(data={k: v for k, v in values.items() if v is not None})
    if not given.is_valid():
        names = {"secret": "value"}
        raise ValidationError(
            {f"{path}.{names.get(name, name)}": errors for name, errors in given.errors.items()}
        )
    return values_of(given)


def _store(tenant: Tenant, ref: str, values: Values) -> Outcome:
    try:
        _row, outcome = store(tenant, ref, values)
    except ValidationError as error:
        raise ValidationError({_path(ref): error.detail}) from error
    return outcome


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValidationError({path: [_("Write an object here.")]})


def _refuse_others(values: Mapping[str, Any], path: str, known: set[str]) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        words = {"unknown": _shown(", ".join(unknown)), "known": ", ".join(sorted(known))}
        message = _("Unknown: %(unknown)s. Known: %(known)s.") % words
        raise ValidationError({path: [message]})


def _path(ref: str) -> str:
    return f"params.credentials.{_shown(ref)}"


def _shown(text: str) -> str:
    """JSON may carry halves of characters, which no answer can."""
    return text[:LONGEST_SHOWN].encode(errors="replace").decode()
