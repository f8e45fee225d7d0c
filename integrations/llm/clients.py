"""One client per company, provider and key, kept in the process while all of these stay the same.

Making one takes 50 ms, and its open connections are worth keeping. Two companies never share one.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from django.db.models import Value
from django.utils.translation import gettext

from integrations.http import guarded_client
from integrations.llm.failures import KeyMissingError
from integrations.models import Provider
from integrations.models.provider import AZURE_API_VERSION, Kind
from integrations.transport import Exchange
from tenants import credentials
from tenants.credentials import CredentialError
from tenants.models import Credential, InstallationCredential, Tenant

MOST_CLIENTS = 256
MOST_BYTES = 20_000_000
NO_KEY = "none"
TELLING_HEADERS = (
    "x-stainless-lang",
    "x-stainless-package-version",
    "x-stainless-os",
    "x-stainless-arch",
    "x-stainless-runtime",
    "x-stainless-runtime-version",
    "x-stainless-async",
    "x-stainless-retry-count",
    "x-stainless-read-timeout",
)


class Kept(NamedTuple):
    """`digest` names provider and key of this moment without telling them."""

    version: Any
    client: Any
    digest: str


_clients: "OrderedDict[tuple[int, int], Kept]" = OrderedDict()
_lock = threading.Lock()


def client_for(tenant: Tenant, provider: Provider) -> Kept:
    """At most one query while nothing has changed."""
    version = _version(tenant, provider)
    place = (tenant.pk, provider.pk)
    kept = _clients.get(place)
    if kept is None or kept.version != version:
        digest = hashlib.sha256(repr(version).encode()).hexdigest()[:8]
        kept = Kept(version, _make(tenant, provider), digest)
    with _lock:
        _clients[place] = kept
        _clients.move_to_end(place)
        while len(_clients) > MOST_CLIENTS:
            _clients.popitem(last=False)
    return kept


def client_with(provider: Provider, key: str) -> Any:
    """A client that nobody keeps, to try a key."""
    import openai

    options: dict[str, Any] = {
        "api_key": key,
        "max_retries": 0,
        "http_client": _bounded_client(has_key=key != NO_KEY),
    }
    if provider.kind == Kind.AZURE:
        return openai.AzureOpenAI(
            azure_endpoint=provider.base_url.rstrip("/"),
            api_version=provider.api_version or AZURE_API_VERSION,
            **options,
        )
    client = openai.OpenAI(base_url=provider.address, **options)
    # The library takes these from the environment of the process, which is not this company's.
    client.organization = client.project = None
    return client


def forget() -> None:
    """Make every client anew; a forked process must not speak on its parent's connections."""
    global _lock
    _lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=forget)


def _version(tenant: Tenant, provider: Provider) -> Any:
    address = (provider.kind, provider.base_url, provider.api_version, provider.credential_ref)
    return address, _version_of_key(tenant, provider) if provider.credential_ref else None


def _version_of_key(tenant: Tenant, provider: Provider) -> Any:
    """The company's own key goes first; an offered one is for OpenAI itself only."""
    ref = provider.credential_ref
    columns = ("rank", "pk", "updated_at")
    rows = Credential.objects.for_tenant(tenant).filter(ref=ref).annotate(rank=Value(0))
    rows = rows.values_list(*columns)
    if provider.is_openai_itself:
        offered = InstallationCredential.objects.offered_to(tenant).filter(ref=ref)
        rows = rows.union(offered.annotate(rank=Value(1)).values_list(*columns))
    return min(rows, default=None)


def _make(tenant: Tenant, provider: Provider) -> Any:
    return client_with(provider, _key(tenant, provider))


def _key(tenant: Tenant, provider: Provider) -> str:
    if not provider.credential_ref:
        return NO_KEY
    reveal = credentials.reveal if provider.is_openai_itself else credentials.reveal_own
    try:
        return reveal(tenant, provider.credential_ref, purpose=gettext("ask a model")).text
    except CredentialError as error:
        raise KeyMissingError(str(error)) from None


def _bounded_client(*, has_key: bool) -> Any:
    """Its transport ends a request at the time the request brings along, however it drips."""
    client = guarded_client(most_bytes=MOST_BYTES)
    client.event_hooks = {"request": [_prepare] if has_key else [_prepare, _drop_key]}
    return client


def _prepare(request: Any) -> None:
    """The time, and nothing about this machine that the library would tell."""
    for name in TELLING_HEADERS:
        request.headers.pop(name, None)
    request.headers["User-Agent"] = "ChatwootAI"
    seconds = request.extensions["timeout"]["read"]
    request.extensions["exchange"] = Exchange(seconds=seconds, most_bytes=MOST_BYTES)


def _drop_key(request: Any) -> None:
    """The library insists on one."""
    request.headers.pop("Authorization", None)
