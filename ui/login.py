"""The login page: it takes name and password, or the token, and gives a cookie. It loads nothing and runs no script."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ui import text
from ui.access import COOKIE, KEPT_S, OWNER
from ui.limits import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers

    from ui.access import Access
    from ui.text import Text

_TRIES_PER_MINUTE = 10
_HASHED_AT_ONCE = 2  # each takes 32 MiB and a core
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without a referrer, a form's origin would be null
}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Footnotes</title><style>
:root {{ color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }}
body {{ margin: 18vh auto 0; max-width: 22rem; padding: 0 1rem; }}
label {{ display: block; margin-top: .9rem; }}
input, button {{ font: inherit; box-sizing: border-box; width: 100%; padding: .5rem .7rem; margin-top: .3rem; }}
button {{ margin-top: 1.2rem; }}
p[role=alert] {{ color: light-dark(#b3261e, #f2b8b5); }}
</style></head><body><main><h1>Footnotes</h1>{said}<form method="post" action="{action}">
{fields}<button type="submit">{button}</button></form></main></body></html>
"""
_FIELD = (
    '<label for="{name}">{label}</label><input id="{name}" name="{name}" type="{kind}" '
    'autocomplete="{complete}" autocapitalize="none" required{focus}>\n'
)


class Login:
    """Shows the form, and judges what was typed into it.

    Args:
        access: who may come in.
        language: of the page, a setting's value.
        root: the path that the server is published below, without a slash at its end.
    """

    def __init__(self, access: Access, language: str, root: str = "") -> None:
        self._access = access
        self._language = language
        self._root = root
        self._tries = Rate(_TRIES_PER_MINUTE)
        self._tries_of = Rate(_TRIES_PER_MINUTE)
        self._hashing = asyncio.Semaphore(_HASHED_AT_ONCE)

    def page(self, headers: Headers, action: str = "login", wrong: str = "", status: int = 200) -> Response:
        """The form that logs in, or out; ``wrong`` is the key of what to say above it."""
        words = text.load(text.choose(self._language, headers.get("accept-language", "")))
        page = _PAGE.format(
            language=words.language,
            said=f'<p role="alert">{words(wrong)}</p>' if wrong else "",
            action=action,
            fields=self._fields(words) if action == "login" else "",
            button=words("login.button" if action == "login" else "login.out"),
        )
        return HTMLResponse(page, status, _HEADERS)

    def _fields(self, words: Text) -> str:
        if not self._access.has_users:
            return _field("token", words("login.label"), "password", "current-password", " autofocus")
        return _field("name", words("login.name"), "text", "username", " autofocus") + _field(
            "password", words("login.password"), "password", "current-password"
        )

    async def judge(self, headers: Headers, body: bytes, address: str, *, is_safe: bool) -> Response:
        """Let in who knows a password, or the token where there are no users.

        Args:
            headers: of the request.
            body: the form.
            address: who tries.
            is_safe: the connection is encrypted, and so must be every later one.
        """
        said = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
        name = said.get("name", "").strip().casefold()
        if self._tries.wait_s(address) or (name and self._tries_of.wait_s(name)):
            return self.page(headers, wrong="login.slow", status=429)
        user = await self._user(said)
        if user is None:
            wrong = "login.wrong_password" if self._access.has_users else "login.wrong"
            return self.page(headers, wrong=wrong, status=401)
        reply = RedirectResponse(f"{self._root}/", 303)
        reply.set_cookie(
            COOKIE,
            self._access.cookie(user),
            KEPT_S,
            path=f"{self._root}/",
            httponly=True,
            samesite="strict",
            secure=is_safe,
        )
        return reply

    async def _user(self, said: Mapping[str, str]) -> str | None:
        if not self._access.has_users:
            return OWNER if self._access.is_token(said.get("token", "").strip()) else None
        async with self._hashing:
            return await asyncio.to_thread(
                self._access.user_of, said.get("name", ""), said.get("password", "")
            )

    def out(self) -> Response:
        """Take the cookie back."""
        reply = RedirectResponse(f"{self._root}/login", 303)
        reply.delete_cookie(COOKIE, path=f"{self._root}/", httponly=True, samesite="strict")
        return reply


def _field(name: str, label: str, kind: str, complete: str, focus: str = "") -> str:
    return _FIELD.format(name=name, label=label, kind=kind, complete=complete, focus=focus)
