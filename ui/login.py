"""The login page: it takes the token and gives a cookie. It loads nothing and runs no script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ui import text
from ui.access import COOKIE, KEPT_S
from ui.limits import Rate

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from ui.access import Access

_TRIES_PER_MINUTE = 10
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Footnotes</title><style>
:root {{ color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }}
body {{ margin: 18vh auto 0; max-width: 22rem; padding: 0 1rem; }}
input, button {{ font: inherit; box-sizing: border-box; width: 100%; padding: .5rem .7rem; margin-top: .6rem; }}
p[role=alert] {{ color: #b3261e; }}
</style></head><body><h1>Footnotes</h1>{said}<form method="post" action="/login">
<label for="token">{label}</label><input id="token" name="token" type="password" autocomplete="current-password" autofocus required>
<button type="submit">{button}</button></form></body></html>
"""


class Login:
    """Shows the form, and judges what was typed into it."""

    def __init__(self, access: Access, language: str) -> None:
        self._access = access
        self._language = language
        self._tries = Rate(_TRIES_PER_MINUTE)

    def page(self, headers: Headers, wrong: str = "", status: int = 200) -> Response:
        """The form; ``wrong`` is the key of what to say above it."""
        words = text.load(text.choose(self._language, headers.get("accept-language", "")))
        said = f'<p role="alert">{words(wrong)}</p>' if wrong else ""
        page = _PAGE.format(
            language=words.language, said=said, label=words("login.label"), button=words("login.button")
        )
        return HTMLResponse(page, status, {"content-security-policy": _POLICY, "cache-control": "no-store"})

    def judge(self, headers: Headers, body: bytes, address: str, *, is_safe: bool) -> Response:
        """Let in who knows the token; ``is_safe``: the connection is encrypted, and so must be every later one."""
        if self._tries.wait_s(address):
            return self.page(headers, "login.slow", 429)
        said = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if not self._access.is_token(said.strip()):
            return self.page(headers, "login.wrong", 401)
        reply = RedirectResponse("/", 303)
        reply.set_cookie(
            COOKIE, self._access.cookie(), KEPT_S, httponly=True, samesite="strict", secure=is_safe
        )
        return reply

    def out(self) -> Response:
        """Take the cookie back."""
        reply = RedirectResponse("/login", 303)
        reply.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return reply
