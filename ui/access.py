"""Who may come in: programs by a token, people by a login that a cookie remembers or by what a trusted proxy says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final

from rag.config import password_variable
from rag.errors import ConfigError, UserError
from rag.store.users import normal
from ui.hosts import is_address, is_loopback
from ui.proxy import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.datastructures import Headers

    from rag.settings import ServeSettings
    from rag.store.users import Users
    from ui.proxy import Caller

COOKIE = "footnotes"
KEPT_S = 30 * 24 * 3600
OWNER: Final = ""
"""Whoever uses the machine, or has its token."""
_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose request it is, and whether by a cookie, which can be taken back."""

    user: str
    has_cookie: bool = False


class Access:
    """What the guard asks: which host names are ours, and whose request it is.

    Args:
        token: the owner's; None: there is none.
        hosts: further host names that are ours.
        is_public: the server listens beyond loopback: its addresses and the machine's name are ours, too.
        users: who has a password; None: nobody.
        named: those of them who may log in; empty: all.
        proxies: who is believed about a request.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        token: str | None = None,
        hosts: tuple[str, ...] = (),
        *,
        is_public: bool = False,
        users: Users | None = None,
        named: Sequence[str] = (),
        proxies: Proxies | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._token = token.encode() if token else None
        self._names = {name.lower() for name in hosts}
        self._is_public = is_public
        self._users = users
        self._named = frozenset(named)
        self.proxies = proxies or Proxies()
        self._clock = clock
        if is_public:
            self._names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    @property
    def is_open(self) -> bool:
        """Whether no login is asked for. That of a server does not change while it runs."""
        return self._token is None and self._users is None and not self.proxies.name_users

    @property
    def has_token(self) -> bool:
        """Whether programs may say a token."""
        return self._token is not None

    @property
    def has_users(self) -> bool:
        """Whether people log in by name and password."""
        return self._users is not None

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

    def visitor(self, headers: Headers, caller: Caller) -> Visitor | None:
        """Whose request it is: the owner's, a user's, or nobody's (None).

        The token comes first, then what a trusted proxy says, then the cookie of a login.
        """
        if self.is_open:
            return Visitor(OWNER)
        scheme, _, said = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(said.strip()):
            return Visitor(OWNER)
        if caller.user is not None:
            return Visitor(caller.user)
        user = self._owner(_cookie(headers))
        return Visitor(user, has_cookie=True) if user is not None else None

    def user_of(self, name: str, password: str) -> str | None:
        """Who has this name and password; takes as long where nobody has (about 0.3 s)."""
        try:
            user = normal(name)
        except UserError:
            user = OWNER  # nobody's name
        has = self._users is not None and self._users.has_password(user, password)
        return user if has and self._may_log_in(user) else None

    def cookie(self, user: str) -> str:
        """A cookie's value: whose it is and when it ends, signed. Another token or password makes it worthless."""
        said = f"{base64.urlsafe_b64encode(user.encode()).decode()}.{int(self._clock()) + KEPT_S}"
        return f"{said}.{_signature(self._key(user) or b'', said)}"

    def _owner(self, value: str) -> str | None:
        """Whose cookie it is; None: it has ended, or was not made here."""
        said, _, signature = value.rpartition(".")
        name, _, ends = said.partition(".")
        try:
            user = base64.urlsafe_b64decode(name.encode("ascii")).decode()
            has_ended = int(ends) < self._clock()
        except ValueError:
            return None
        key = self._key(user)
        if has_ended or not key:
            return None
        expected = _signature(key, said).encode()
        return user if hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected) else None

    def _key(self, user: str) -> bytes | None:
        if user == OWNER:
            return self._token
        return self._users.key(user) if self._users is not None and self._may_log_in(user) else None

    def _may_log_in(self, user: str) -> bool:
        return not self._named or user in self._named


def visitor_of(request: Any) -> Visitor:
    """Whose request it is, as the guard found it; ``request`` is Gradio's or Starlette's.

    Raises:
        AttributeError: it did not come through the guard.
    """
    visitor: Visitor = request.state.visitor
    return visitor


def _signature(key: bytes, said: str) -> str:
    return hmac.new(key, f"session {said}".encode(), hashlib.sha256).hexdigest()


def _cookie(headers: Headers) -> str:
    found = SimpleCookie()
    try:
        found.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return found[COOKIE].value if COOKIE in found else ""


def access_of(settings: ServeSettings, host: str, users: Users | None = None) -> Access:
    """Who may come in at a server that listens on ``host``.

    Args:
        settings: its settings.
        host: its address.
        users: who has a password, if the home keeps any.

    Raises:
        ConfigError: other machines could reach it and nobody has to log in, or a token is easily guessed, or a user
            who is named has no password.
    """
    token = settings.token.get_secret_value() if settings.token else None
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigError(
            "FOOTNOTES_TOKEN holds a space or a character that no header can carry. Use letters and digits."
        )
    named = [normal(name) for name in settings.users]
    known = users.names() if users is not None else []
    for name in named:
        if name not in known:
            raise ConfigError(
                "The user {name} has no password. Set {variable}, or run `footnotes users add {name}`.",
                name=name,
                variable=password_variable(name),
            )
    access = Access(
        token,
        settings.hosts,
        is_public=not is_loopback(host),
        users=users if known else None,
        named=named,
        proxies=Proxies(settings.proxies, settings.proxy_header),
    )
    if not is_loopback(host) or settings.hosts:
        _need_login(access, token, ", ".join(settings.hosts) if is_loopback(host) else host)
    return access


def _need_login(access: Access, token: str | None, host: str) -> None:
    if access.is_open:
        raise ConfigError(
            "{host}: other machines could reach your notes without a login. Add a user (--auth NAME), set "
            "FOOTNOTES_TOKEN to a secret of {least} characters or more, or use 127.0.0.1.",
            host=host,
            least=_SHORTEST,
        )
    if token is not None and len(token) < _SHORTEST:
        raise ConfigError(
            "FOOTNOTES_TOKEN has {length} characters, which can be guessed. Use {least} or more.",
            length=len(token),
            least=_SHORTEST,
        )
