"""AES-256-GCM in the form the database keeps, and the wrapping of keys by master keys.

A sealed text is a version byte, the number of the key, a nonce, and the ciphertext with its tag.
Whatever it belongs to (the context) is authenticated with it, so it opens in its own place alone.
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
NUMBER_BYTES = 4
HEADER_BYTES = 1 + NUMBER_BYTES


class UnreadableError(Exception):
    """Something sealed cannot be opened; the sentence says why and what to do."""


class UnknownKeyError(UnreadableError):
    """The key it was sealed with is not there."""


class MasterKeyError(UnreadableError):
    """MASTER_KEYS lacks the key that is needed, or has another one under its id."""


class WrappedKey(NamedTuple):
    master_id: str
    wrapped: bytes


def seal(key: bytes, number: int, plain: bytes, *, context: str) -> bytes:
    header = bytes([VERSION]) + number.to_bytes(NUMBER_BYTES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + context.encode())


def unseal(key_numbered: Callable[[int], bytes], sealed: bytes, *, context: str) -> bytes:
    number = key_number(sealed)
    nonce, ciphertext = sealed[HEADER_BYTES:][:NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
    bound = sealed[:HEADER_BYTES] + context.encode()
    key = key_numbered(number)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound)
    except InvalidTag:
        raise UnreadableError(
            _("It was altered, or belongs to another row. Store it again.")
        ) from None


def key_number(sealed: bytes) -> int:
    """Number of the key it was sealed with."""
    if len(sealed) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES:
        raise UnreadableError(_("It is cut off. Store it again."))
    if sealed[0] != VERSION:
        message = _("It has the unknown form %(version)s. Update the program, or store it again.")
        raise UnreadableError(message % {"version": sealed[0]})
    return int.from_bytes(sealed[1:HEADER_BYTES])


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def first_master_id() -> str:
    """Of the master key that wraps; the others only unwrap."""
    return settings.MASTER_KEYS[0][0] if settings.MASTER_KEYS else ""


def wrap(key: bytes, *, context: str) -> WrappedKey:
    """The key in a form that only the first master key opens, in this context."""
    if not settings.MASTER_KEYS:
        raise MasterKeyError(_("There is no master key. Set MASTER_KEYS."))
    master_id, master = settings.MASTER_KEYS[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = _wrapping_context(master_id, context)
    return WrappedKey(
        master_id, bytes([VERSION]) + nonce + AESGCM(master).encrypt(nonce, key, bound)
    )


def unwrap(row: WrappedKey, *, context: str) -> bytes:
    master = dict(settings.MASTER_KEYS).get(row.master_id)
    words = {"id": row.master_id}
    if master is None:
        message = _("MASTER_KEYS has no key “%(id)s”, which is still in use. Add it again.")
        raise MasterKeyError(message % words)
    nonce, ciphertext = row.wrapped[1:][:NONCE_BYTES], row.wrapped[1 + NONCE_BYTES :]
    if row.wrapped[:1] != bytes([VERSION]) or len(ciphertext) != KEY_BYTES + TAG_BYTES:
        raise UnreadableError(_("The key it was encrypted with is damaged. Restore a backup."))
    try:
        return AESGCM(master).decrypt(nonce, ciphertext, _wrapping_context(row.master_id, context))
    except InvalidTag:
        message = _("The key “%(id)s” of MASTER_KEYS is not the one of before. Set that one again.")
        raise MasterKeyError(message % words) from None


def _wrapping_context(master_id: str, context: str) -> bytes:
    return bytes([VERSION]) + f"{master_id}|{context}".encode()
