"""Where a request may go: the form of an address, and every network address behind its name.

Names and notations are never judged, only what they resolve to; whoever connects must connect to
what was judged. Networks of the operator's own are opened with OUTBOUND_ALLOW_CIDRS.
"""

import ipaddress
import logging
import socket
import threading
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from integrations.failures import AddressRefusedError

logger = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2_000
RESOLVE_SECONDS = 5.0
DEFAULT_PORTS = {"https": 443, "http": 80}

# Services that take a request's text for commands of their own, or that rule a machine.
DANGEROUS_PORTS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95}
    | {101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143, 161}
    | {179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563}
    | {587, 601, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376}
    | {2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061, 5432, 5672, 5900, 5985, 5986}
    | {6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080, 10250, 11211, 25672, 27017}
)

# What `is_global` of some Python versions lets through, and what it refuses today, on purpose both.
CLOSED: tuple[Network, ...] = (
    *map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    ),
    *map(
        ipaddress.IPv6Network,
        (
            "::/96",  # IPv4-compatible, unspecified and loopback among them
            "::ffff:0:0:0/96",  # translated
            "64:ff9b:1::/48",  # translated by a gateway of one's own
            "100::/64",  # discarded
            "2001::/23",  # Teredo and other protocols
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
            "2002::/16",  # 6to4
            "5f00::/16",  # segment routing
            "fc00::/7",  # unique local
            "fe80::/10",  # link-local
            "fec0::/10",  # site-local
            "ff00::/8",  # multicast
        ),
    ),
)
TRANSLATED_BY_GATEWAY = ipaddress.IPv6Network("64:ff9b::/96")

# Cloud machines ask these for their own credentials. They open only when named alone.
METADATA: frozenset[Address] = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)


def check_url(url: str) -> None:
    """For forms: ValidationError unless a request may go there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValidationError(_("Write an address such as https://example.com.")) from error
    if parts.username is not None or parts.password is not None:
        raise ValidationError(_("Leave name and password out of the address."), code="url")
    if len(url) > LONGEST_URL:
        raise ValidationError(_("This address is too long."), code="url")
    if parts.scheme not in _schemes():
        raise ValidationError(_wrong_scheme(), code="url")
    try:
        check_parts(parts.scheme, parts.hostname or "", port)
        resolve(parts.hostname or "", seconds=RESOLVE_SECONDS)
    except (AddressRefusedError, OSError) as error:
        raise ValidationError(_unusable(), code="url") from error


def check_parts(scheme: str, host: str, port: int | None) -> None:
    """AddressRefusedError unless requests of this form are sent at all."""
    port = DEFAULT_PORTS.get(scheme, 0) if port is None else port
    if scheme in _schemes() and host and 0 < port < 65536 and port not in DANGEROUS_PORTS:
        return
    logger.warning("Refused to call %s://%s:%s", scheme, host, port)
    raise AddressRefusedError


def resolve(host: str, *, seconds: float) -> list[str]:
    """The network addresses of a host; AddressRefusedError when one of them is closed.

    OSError when there is none in time.
    """
    found = [ipaddress.ip_address(text) for text in _look_up(host, seconds)]
    for address in found:
        if not is_open(address):
            logger.warning("Refused to call %s, which is %s", host, address)
            raise AddressRefusedError
    return [str(address) for address in found]


def is_open(address: Address) -> bool:
    """Whether requests may go to this address."""
    address = getattr(address, "ipv4_mapped", None) or address
    if address in METADATA:
        return any(address in network for network in _opened() if network.num_addresses == 1)
    return any(address in network for network in _opened()) or _is_public(address)


def _is_public(address: Address) -> bool:
    if address in TRANSLATED_BY_GATEWAY:
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address in METADATA or any(address in network for network in CLOSED):
        return False
    return address.is_global and not address.is_multicast


def _opened() -> tuple[Network, ...]:
    return _networks(tuple(settings.OUTBOUND_ALLOW_CIDRS))


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _schemes() -> tuple[str, ...]:
    return ("https", "http") if settings.OUTBOUND_ALLOW_HTTP else ("https",)


def _look_up(host: str, seconds: float) -> list[str]:
    """The system's resolver has no time limit of its own, so it is asked in a thread."""
    answers: SimpleQueue[Any] = SimpleQueue()
    thread = threading.Thread(target=_ask_resolver, args=(host, answers), daemon=True)
    thread.start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise TimeoutError(f"No address of {host} in time.") from None
    if isinstance(answer, OSError):
        raise answer
    return list(dict.fromkeys(answer))


def _ask_resolver(host: str, answers: "SimpleQueue[Any]") -> None:
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        answers.put([str(row[4][0]) for row in rows])
    except (OSError, UnicodeError, ValueError) as error:
        answers.put(error if isinstance(error, OSError) else OSError("no name of a host"))


def _wrong_scheme() -> Any:
    if settings.OUTBOUND_ALLOW_HTTP:
        return _("Write an address that begins with https:// or http://.")
    return _(
        "Write an address that begins with https://. Only the operator can open plain http, with "
        "OUTBOUND_ALLOW_HTTP."
    )


def _unusable() -> Any:
    return _(
        "This address cannot be called: its host is unknown, or its network or port is closed. "
        "Check the spelling. The operator can open a private network with OUTBOUND_ALLOW_CIDRS."
    )
