"""Who may come in: a token for programs, and for the page a login that turns it into a cookie."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from rag.errors import ConfigError
from ui.hosts import is_address, is_loopback

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from rag.settings import ServeSettings

COOKIE = "footnotes"
KEPT_S = 30 * 24 * 3600
_SHORTEST = 16


class Access:
    """What the guard asks: which host names are ours, and whether a request has the token.

    Args:
        token: None: everybody on this machine may come in.
        hosts: further host names that are ours.
        is_public: the server listens beyond loopback: its addresses and the machine's name are ours, too.
    """

    def __init__(
        self, token: str | None = None, hosts: tuple[str, ...] = (), *, is_public: bool = False
    ) -> None:
        self._token = token.encode() if token else None
        self._names = {name.lower() for name in hosts}
        self._is_public = is_public
        if is_public:
            self._names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    @property
    def is_open(self) -> bool:
        """Whether no token is asked for."""
        return self._token is None

    def is_ours(self, host: str) -> bool:
        """Whether a host name is one of ours. An address is no name that anybody could point at us."""
        return (
            is_loopback(host)
            or host.lower().rstrip(".") in self._names
            or (self._is_public and is_address(host))
        )

    def is_token(self, said: str) -> bool:
        """Whether it is the token, in a time that tells nothing of it."""
        return self._token is not None and hmac.compare_digest(
            said.encode("utf-8", "surrogateescape"), self._token
        )

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request carries the token, or the cookie of a login."""
        if self.is_open:
            return True
        scheme, _, said = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(said.strip()):
            return True
        return any(self._is_valid(value) for value in _cookies(headers))

    def cookie(self) -> str:
        """A cookie's value: when it ends, signed. Another token makes all of them worthless."""
        ends = str(int(time.time()) + KEPT_S)
        return f"{ends}.{self._signature(ends)}"

    def _is_valid(self, value: str) -> bool:
        ends, _, signature = value.partition(".")
        if not (ends.isascii() and ends.isdigit()) or int(ends) < time.time():
            return False
        return hmac.compare_digest(
            signature.encode("utf-8", "surrogateescape"), self._signature(ends).encode()
        )

    def _signature(self, ends: str) -> str:
        return hmac.new(self._token or b"", f"session {ends}".encode(), hashlib.sha256).hexdigest()


def _cookies(headers: Headers) -> list[str]:
    found = SimpleCookie()
    try:
        found.load(headers.get("cookie", ""))
    except CookieError:
        return []
    return [found[COOKIE].value] if COOKIE in found else []


def access_of(settings: ServeSettings, host: str) -> Access:
    """Who may come in at a server that listens on ``host``.

    Raises:
        ConfigError: other machines could reach it, and there is no token, or one that is easily guessed.
    """
    token = settings.token.get_secret_value() if settings.token else None
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigError(
            "FOOTNOTES_TOKEN holds a space or a character that no header can carry. Use letters and digits."
        )
    is_public = not is_loopback(host)
    if is_public or settings.hosts:
        if token is None:
            raise ConfigError(
                "{host}: other machines could reach your notes without a login. Set FOOTNOTES_TOKEN to a secret of "
                "{least} characters or more, or use 127.0.0.1.",
                host=host if is_public else ", ".join(settings.hosts),
                least=_SHORTEST,
            )
        if len(token) < _SHORTEST:
            raise ConfigError(
                "FOOTNOTES_TOKEN has {length} characters, which can be guessed. Use {least} or more.",
                length=len(token),
                least=_SHORTEST,
            )
    return Access(token, settings.hosts, is_public=is_public)
