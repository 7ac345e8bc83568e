"""Reverse proxies that are believed: where a request came from, whether it was encrypted, and who sends it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from rag.errors import ConfigError, UserError
from rag.store.users import normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: an address, and the user that a trusted proxy names; None: it names none."""

    address: str
    user: str | None = None


class Proxies:
    """What is believed, and of whom.

    Args:
        addresses: of the proxies, also networks.
        header: in which they name the user; None: they do not.

    Raises:
        ConfigError: what is no address, network or header's name.
    """

    def __init__(self, addresses: Sequence[str] = (), header: str | None = None) -> None:
        self._networks = [_network(address) for address in addresses]
        if header is not None and not _TOKEN.fullmatch(header):
            raise ConfigError(
                "Setting serve.proxy_header = {header!r} is no header's name. Write it as X-Forwarded-User.",
                header=header,
            )
        if header is not None and not addresses:
            raise ConfigError("serve.proxy_header needs serve.proxies: the addresses that may send it.")
        self._header = header.lower() if header else None

    @property
    def name_users(self) -> bool:
        """Whether a user may come from a header."""
        return self._header is not None

    def read(self, scope: Scope) -> tuple[Scope, Caller]:
        """A request as it was before the proxies, without the user's header, and who sends it.

        From any other address, the header and what is said of addresses count for nothing.
        """
        headers = Headers(scope=scope)
        address = str((scope.get("client") or ("",))[0])
        is_trusted = self._trusts(address)
        user = self._user(headers) if is_trusted else None
        if is_trusted:
            scope = {**scope, "scheme": _scheme(headers) or scope.get("scheme", "http")}
            address = self._origin(headers) or address
        mine = (self._header or "").encode()
        kept = [(name, value) for name, value in scope["headers"] if not mine or name != mine]
        return {**scope, "headers": kept, "client": (address, 0)}, Caller(address, user)

    def _trusts(self, address: str) -> bool:
        found = _address(address)
        return found is not None and any(found in network for network in self._networks)

    def _user(self, headers: Headers) -> str | None:
        """The one user that is named; two names are none."""
        said = headers.getlist(self._header) if self._header else []
        if len(said) != 1:
            return None
        try:
            return normal(said[0].encode("latin-1").decode("utf-8"))
        except (UnicodeError, UserError):
            return None

    def _origin(self, headers: Headers) -> str:
        """The last address of X-Forwarded-For that is no proxy of ours: those before it may be invented."""
        hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
        return next((hop for hop in reversed(hops) if _address(hop) and not self._trusts(hop)), "")


def _scheme(headers: Headers) -> str:
    said = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
    return said if said in {"http", "https"} else ""


def _address(said: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(said: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(said, strict=False)
    except ValueError as e:
        raise ConfigError(
            "Setting serve.proxies: {address!r} is no address or network. Write it as 10.0.0.2 or 10.0.0.0/24.",
            address=said,
        ) from e
