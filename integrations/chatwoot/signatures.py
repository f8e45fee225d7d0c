"""Whether a delivery really comes from Chatwoot: signed with a secret we share, just now."""

import hashlib
import hmac
import re
import secrets as random
import time
from collections.abc import Iterable, Mapping

from tenants.credentials import Secret

SIGNATURE = "x-chatwoot-signature"
TIMESTAMP = "x-chatwoot-timestamp"
TOLERANCE_SECONDS = 300
# `int()` takes Arabic digits and blanks, `float()` takes “nan”.
SECONDS = re.compile(r"[0-9]{1,12}")

_nobodys = Secret(random.token_hex(32))


class SignatureError(Exception):
    """Unsigned, signed with another secret, or not now. Senders get to hear the same for each."""


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Iterable[Secret],
    *,
    now: float | None = None,
) -> float:
    """The seconds by which the sender's clock is behind ours; SignatureError when it does not hold.

    Takes as long with no secret as with one, so that nobody learns which addresses have one.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP, "")
    has_time = SECONDS.fullmatch(timestamp) is not None
    signed = (timestamp if has_time else "0").encode() + b"." + body
    found = _as_bytes(given.get(SIGNATURE, ""))
    own = list(secrets)
    matches = [hmac.compare_digest(_sign(signed, secret), found) for secret in own or [_nobodys]]
    skew = (time.time() if now is None else now) - (int(timestamp) if has_time else 0)
    if not (own and has_time and any(matches)) or abs(skew) > TOLERANCE_SECONDS:
        raise SignatureError("The delivery is not signed with a known secret, or not now.")
    return skew


def _sign(signed: bytes, secret: Secret) -> bytes:
    digest = hmac.new(_as_bytes(secret.text), signed, hashlib.sha256).hexdigest()
    return f"sha256={digest}".encode()


def _as_bytes(text: str) -> bytes:
    """Comparing texts that are not ASCII would be an error."""
    return text.encode(errors="surrogatepass")
