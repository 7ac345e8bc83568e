"""Downloads one image of the web for a note that shows it, and nothing else from nowhere else.

Notes are not trusted: whoever wrote the text of a clipped page chose its addresses. Only hosts that the user listed are
asked. Their names are looked up once, every address must be a public one, and the connection goes to just the address
that was checked; each redirect starts anew. No cookies, keys or referrer are sent and proxies are not asked. What
arrives must begin like an image, and neither grow nor last beyond its limits.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OWN_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")  # leads wherever its owner wants
_HEAD = 32  # bytes that say what a file is
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnreachableError(LoadError):
    """The host is not known, does not answer, or not in time: its other images will fare no better."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one download may take.

    Attributes:
        hosts: that may be asked: names, or ``*.example.org`` for all below one.
        max_bytes: size of an image.
        timeout_s: seconds in all, redirects included.
        local: also this machine and its network, on any port. For tests only: no setting leads here.
    """

    hosts: tuple[str, ...]
    max_bytes: int
    timeout_s: float
    local: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image's bytes, and the suffix of its real format with its dot."""

    data: bytes
    suffix: str


@dataclass(frozen=True, slots=True)
class _Target:
    """A checked URL: what to ask for, and the one address to ask."""

    url: str
    host: str
    address: str


def fetch(url: str, limits: Limits) -> Fetched:
    """Download an image.

    Raises:
        LoadError: it may not, cannot be (UnreachableError), or is no image; one line with the reason. The caller names the image.
    """
    deadline = time.monotonic() + limits.timeout_s
    for _ in range(_REDIRECTS + 1):
        answer = _get(_checked(url, limits), limits, deadline)
        if isinstance(answer, bytes):
            return Fetched(answer, _suffix(answer))
        url = urljoin(url, answer)
    raise LoadError("more than {count} redirects", count=_REDIRECTS)


def allowed(host: str, patterns: Sequence[str]) -> bool:
    """Whether a host is on the list."""
    host = host.lower().rstrip(".")
    return any(
        host.endswith(p[1:]) if p.startswith("*.") else host == p != ""
        for p in (pattern.strip().lower().rstrip(".") for pattern in patterns)
    )


def host_of(url: str) -> str:
    """An URL's host in lower case, as DNS knows it; empty where it has none."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""


# Where to


def _checked(url: str, limits: Limits) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as e:
        raise LoadError("is no web address") from e
    host = host_of(url)
    if parts.scheme not in _PORTS or not host:
        raise LoadError("is no web address")
    if parts.username is not None or parts.password is not None:
        raise LoadError("holds a user name or password")
    if not allowed(host, limits.hosts):
        raise LoadError("the host {host} is not in images.hosts", host=host)
    port = port or _PORTS[parts.scheme]
    if port != _PORTS[parts.scheme] and not limits.local:
        raise LoadError("asks for port {port}", port=port)
    return _Target(url, host, _address(host, port, local=limits.local))


def _address(host: str, port: int, *, local: bool) -> str:
    """The first address of a host, if all of them are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        raise UnreachableError("the host {host} is not known", host=host) from e
    addresses = [str(one[4][0]) for one in found]
    if not addresses or (not local and not all(map(is_public, addresses))):
        raise LoadError("the host {host} has an address that is not public", host=host)
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address lies in the Internet: not on this machine, nor in its network, nor reserved."""
    try:
        ip: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (ip, *_inner(ip))) and not _is_obsolete(ip)


def _is_obsolete(ip: _Address) -> bool:
    """Site-local, or an IPv4 address in one of IPv6's old clothes: none of these is routed in the Internet."""
    if isinstance(ip, ipaddress.IPv4Address) or ip.ipv4_mapped or ip in _NAT64:
        return False
    return ip.is_site_local or ip.is_reserved or ip in _OWN_NAT64


def _inner(ip: _Address) -> Iterator[_Address]:
    """Addresses that a translator would go on to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return
    if ip in _NAT64:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    yield from (one for one in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if one is not None)


# What comes


def _get(target: _Target, limits: Limits, deadline: float) -> bytes | str:
    """The body, or where the server sends us."""
    import httpx

    watch = _Watch(deadline)
    try:
        with watch, httpx.Client(trust_env=False, follow_redirects=False) as client:
            response = client.send(_request(client, target, watch, deadline), stream=True)
            with contextlib.closing(response):
                if response.has_redirect_location:
                    return str(response.headers["location"])
                return _body(response, limits)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as e:
        if watch.rang:
            raise UnreachableError("took longer than {seconds:g} s", seconds=limits.timeout_s) from e
        raise UnreachableError("cannot be fetched ({reason})", reason=type(e).__name__) from e


def _request(client: httpx.Client, target: _Target, watch: _Watch, deadline: float) -> httpx.Request:
    """A request to the checked address that speaks of, and demands a certificate for, the host."""
    import httpx

    url = httpx.URL(target.url)
    left = max(0.01, deadline - time.monotonic())
    return client.build_request(
        "GET",
        url.copy_with(host=target.address, fragment=None),
        headers={
            "host": url.netloc.decode("ascii"),
            "user-agent": "footnotes",
            "accept": "image/*",
            "accept-encoding": "identity",
        },
        timeout=left,
        extensions={"sni_hostname": target.host, "trace": watch.trace},
    )


def _body(response: httpx.Response, limits: Limits) -> bytes:
    if response.status_code != HTTPStatus.OK:
        raise LoadError("HTTP {status}", status=response.status_code)
    pieces = bytearray()
    for piece in response.iter_raw():
        if len(pieces) < _HEAD <= len(pieces) + len(piece):
            _suffix(bytes(pieces) + piece[:_HEAD])  # anything else is not read to its end
        pieces += piece
        if len(pieces) > limits.max_bytes:
            raise LoadError("is larger than {most:g} MB", most=limits.max_bytes / 1_000_000)
    return bytes(pieces)


def _suffix(data: bytes) -> str:
    """The format's suffix.

    Raises:
        LoadError: no image of a kind that can be read.
    """
    for start, suffix in (
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"\xff\xd8\xff", ".jpg"),
        (b"GIF87a", ".gif"),
        (b"GIF89a", ".gif"),
        (b"II*\0", ".tif"),
        (b"MM\0*", ".tif"),
    ):
        if data.startswith(start):
            return suffix
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return ".bmp"
    raise LoadError("is not an image that can be read")


class _Watch:
    """Ends a connection when the time is over, even one that sends its headers letter by letter."""

    def __init__(self, deadline: float) -> None:
        self.rang = False
        self._stream: Any = None
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._ring)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Learn of the connection as it is made."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]
            if self.rang:
                self._ring()

    def _ring(self) -> None:
        self.rang = True
        connection = self._stream.get_extra_info("socket") if self._stream is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
