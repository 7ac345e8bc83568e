"""The browser's fence: which hosts, paths and origins are served, and what a page of ours may load.

It keeps other web sites away from a server that has no login yet (DNS rebinding, cross-site requests), closes
the routes of Gradio that the page does not use (uploads, files, its reverse proxy), and tells the browser by
Content-Security-Policy that nothing may be fetched from anywhere else.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What the page asks for. Everything else that Gradio serves is closed.
_OPEN = re.compile(
    r"/(?:$|health$|state$|page\.(?:css|js)$|favicon\.ico$|favicon\.svg$|manifest\.json$|theme\.css$|config/?$|(?:assets|static)/"
    r"|gradio_api/(?:queue/(?:join|data)|cancel|reset|heartbeat/|startup-events)|v1/|mcp)"
)
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_FOREIGN_META = re.compile(rb'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*?/>', re.DOTALL)
# 'unsafe-eval': Gradio compiles component templates with Function(). Inline scripts run by their hash only.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Hang up on everybody: the server is about to stop, and open tabs hold connections for ever."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal:
            status, line = refusal
            await PlainTextResponse(line, status)(scope, receive, send)
            return
        # Compressing is waste on loopback, and a compressed page could not be read by us.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        try:
            await self._app({**scope, "headers": headers}, partial(self._receive, receive), _Page(send))
        except RuntimeError as e:
            # A tab that outlived a restart: Gradio refuses its session after it has begun to answer.
            if not isinstance(e.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body"})

    async def _receive(self, receive: Receive) -> Message:
        """The next message, or a hang-up."""
        closing = asyncio.ensure_future(self._closing.wait())
        message = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({closing, message}, return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            closing.cancel()
            message.cancel()


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    host = urlsplit(f"//{headers.get('host', '')}")
    if not is_loopback(host.hostname or ""):
        return 421, "Footnotes answers on this computer only.\n"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host.netloc:
        return 403, "Footnotes does not answer other web sites.\n"
    if not _OPEN.match(scope["path"]):
        return 404, "There is nothing here.\n"
    return None


class _Page:
    """A send that adds our headers, and holds HTML back until its inline scripts are known."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            await self._send(_finished(self._start, page := _FOREIGN_META.sub(b"", self._body)))
            message = {"type": "http.response.body", "body": page}
        await self._send(message)


def _finished(start: Message, page: bytes) -> Message:
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(len(page))
    headers["content-security-policy"] = policy(page)
    headers["cache-control"] = "no-store"
    return start


def policy(page: bytes) -> str:
    """The Content-Security-Policy of a page: its own inline scripts by hash, and this server, nothing else."""
    digests = (hashlib.sha256(m[1]).digest() for m in _INLINE_SCRIPT.finditer(page))
    return _POLICY.format(hashes="".join(f" 'sha256-{base64.b64encode(d).decode()}'" for d in digests))
