"""The fence around everything: which hosts, paths and origins are served, to whom, how much, and what a page may load.

It keeps other web sites away (DNS rebinding, cross-site requests), asks for a login where one is wanted, says whose each request is, limits size and
number of requests, closes the routes of Gradio that the page does not use (uploads, files, its reverse proxy), and tells
the browser by Content-Security-Policy that nothing may be fetched from anywhere else.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import math
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from rag.messages import say
from ui.access import Access
from ui.limits import Rate, replayed, whole_body
from ui.login import Login
from ui.tabs import Tabs

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ui.access import Visitor

_BODY = 1024 * 1024

# What the page asks for. Everything else that Gradio serves is closed.
_SERVED = (
    r"(?:(?:search|notes|graph|evals|settings)/?)?$",
    r"(?:health|ready|login|logout|state|favicon\.ico|favicon\.svg|manifest\.json|theme\.css|config/?)$",
    r"(?:pages?|ask|graph|evals)\.css$",
    r"ask/preview$",
    r"(?:page|ask|filters|search|notes|graph|evals|settings)\.js$",
    r"(?:found|passage|source/(?:view|page|image|related))$",
    r"notes/(?:folders|job|files|why|upload|do/[a-z]+)$",
    r"graph/(?:names|near|node|source|(?:cytoscape|drawing)\.js)$",
    r"evals/(?:questions|job|report|runs|compare|do/[a-z]+)$",
    r"settings/(?:choices|do/[a-z]+)$",
    r"(?:assets|static)/",
    r"gradio_api/(?:queue/(?:join|data)|cancel|reset|heartbeat/[^/]+|startup-events)/?$",
    r"v1/|mcp$",
)
_OPEN = re.compile(f"/(?:{'|'.join(_SERVED)})")
# What a program calls: refusals are JSON, and a page of another site may not even read.
_API = re.compile(r"/(?:v1/|mcp$)")
_COUNTED = re.compile(r"/(?:v1/|mcp$|gradio_api/queue/join)")
_PAGE_PATH = re.compile(r"/(?:search|notes|graph|evals|settings)?/?$")
_UPLOAD = "/notes/upload"
# Says nothing of the notes.
_PUBLIC = re.compile(r"/(?:health|ready|login|favicon\.ico|favicon\.svg|manifest\.json)$")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OTHERS = frozenset({"cross-site", "same-site"})  # another port of this machine is "same-site"
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


class Guard:
    """ASGI middleware around the whole app.

    Args:
        app: what is inside.
        access: who may come in; default: everybody on this machine.
        language: of the login page, a setting's value.
        per_minute: requests of one address to what answers questions; 0: no limit.
        largest: bytes of a request.
        largest_upload: bytes of a file.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access | None = None,
        *,
        language: str = "auto",
        per_minute: int = 0,
        largest: int = _BODY,
        largest_upload: int = _BODY,
    ) -> None:
        self._app = app
        self._access = access or Access()
        self._login = Login(self._access, language)
        self._rate = Rate(per_minute)
        self._tabs = Tabs()
        self._largest = largest
        self._largest_upload = largest_upload
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Hang up on everybody: the server is about to stop, and open tabs hold connections for ever."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add our headers."""
        if scope["type"] == "websocket":  # nothing of ours speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope, caller = self._access.proxies.read(scope)
        visitor = self._access.visitor(Headers(scope=scope), caller)
        refusal = self._refusal(scope, visitor)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        # Nobody reads what comes with a GET.
        largest = self._largest_upload if scope["path"] == _UPLOAD else self._largest
        messages = [] if scope["method"] in {"GET", "HEAD"} else await whole_body(receive, largest)
        if messages is None:
            line = say("The request is larger than {bytes} bytes.", bytes=largest)
            await _refused(scope, 413, "too_large", line)(scope, receive, send)
            return
        if scope["path"] in {"/login", "/logout"}:
            await (await self._answer(scope, messages))(scope, receive, send)
            return
        if visitor is not None and not self._tabs.belong(scope, _body(messages), visitor.user):
            line = say("This tab belongs to another login. Reload the page.")
            await _refused(scope, 403, "wrong_tab", line)(scope, receive, send)
            return
        scope = {**scope, "state": {**scope.get("state", {}), "visitor": visitor}}
        await self._pass_on(scope, replayed(messages, partial(self._receive, receive)), send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Compressing is waste on loopback, and a compressed page could not be read by us.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        try:
            await self._app({**scope, "headers": headers}, receive, _Page(send))
        except RuntimeError as e:
            # A tab that outlived a restart: Gradio refuses its session after it has begun to answer.
            if not isinstance(e.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body"})

    def _refusal(self, scope: Scope, visitor: Visitor | None) -> Response | None:
        """Why a request is not served; None: it is."""
        return (
            self._misled(scope, Headers(scope=scope)) or self._unknown(scope, visitor) or self._hasty(scope)
        )

    def _misled(self, scope: Scope, headers: Headers) -> Response | None:
        """It was sent here under a wrong name, by another site, or to nowhere."""
        host = urlsplit(f"//{headers.get('host', '')}")
        if not self._access.is_ours(_name(host)):
            return _refused(scope, 421, "wrong_host", _elsewhere(is_open=self._access.is_open))
        origin = headers.get("origin")
        is_foreign = origin is not None and urlsplit(origin).netloc != host.netloc
        # A link from elsewhere may open a page; it may neither change anything nor read the API.
        is_guarded = scope["method"] not in _READING or _API.match(scope["path"])
        if is_foreign or (is_guarded and headers.get("sec-fetch-site") in _OTHERS):
            return _refused(scope, 403, "wrong_origin", say("Footnotes does not answer other web sites."))
        if not _OPEN.match(scope["path"]):
            return _refused(scope, 404, "not_found", say("There is nothing here."))
        return None

    def _unknown(self, scope: Scope, visitor: Visitor | None) -> Response | None:
        """It is nobody's."""
        if _PUBLIC.match(scope["path"]) or visitor is not None:
            return None
        if _PAGE_PATH.match(scope["path"]):
            return RedirectResponse("/login", 303)
        if not self._access.has_token:
            return _refused(scope, 401, "unauthorized", say("Log in on the page first."))
        line = say("Send the token of this server as `Authorization: Bearer TOKEN`.")
        return _refused(scope, 401, "unauthorized", line, {"www-authenticate": "Bearer"})

    def _hasty(self, scope: Scope) -> Response | None:
        """It comes too soon."""
        wait_s = self._rate.wait_s(_address(scope)) if _COUNTED.match(scope["path"]) else 0.0
        if not wait_s:
            return None
        again = str(math.ceil(wait_s))
        line = say("Too many requests. Come again in {seconds} s.", seconds=again)
        return _refused(scope, 429, "too_many_requests", line, {"retry-after": again})

    async def _answer(self, scope: Scope, messages: list[Message]) -> Response:
        """What ``/login`` and ``/logout`` reply."""
        if self._access.is_open:
            return RedirectResponse("/", 303)
        headers = Headers(scope=scope)
        is_out = scope["path"] == "/logout"
        if scope["method"] != "POST":
            return self._login.page(headers, "logout" if is_out else "login")
        if is_out:
            return self._login.out()
        return await self._login.judge(
            headers, _body(messages), _address(scope), is_safe=scope["scheme"] == "https"
        )

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


def _refused(
    scope: Scope, status: int, code: str, line: str, headers: dict[str, str] | None = None
) -> Response:
    """One line for a person, the API's JSON for a program."""
    if _API.match(scope["path"]):
        return JSONResponse(problem(code, line), status, headers)
    return PlainTextResponse(line + "\n", status, headers)


def problem(code: str, line: str, **more: object) -> dict[str, object]:
    """An error as every part of the API tells it; OpenAI's clients read it, too."""
    return {"error": {"code": code, "message": line, "type": "invalid_request_error", **more}}


def _name(host: SplitResult) -> str:
    try:
        return host.hostname or ""
    except ValueError:
        return ""


def _elsewhere(*, is_open: bool) -> str:
    if is_open:
        return say("Footnotes answers on this computer only.")
    return say("Footnotes does not answer to this name. Add it to serve.hosts.")


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _body(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


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
