"""The browser's fence."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from ui.guard import Guard, policy
from ui.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from typing import Any

    from starlette.types import Receive, Scope, Send

PAGE = (
    '<html><meta property="og:image" content="https://example.org/x.jpg" />\n<meta name="twitter:card" '
    "\n content='a' />"
    '<meta charset="utf-8" /><script>one()</script><script type="module" src="./a.js"></script></html>'
)


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """A page at ``/``, what was asked for elsewhere."""
    if scope["path"] == "/":
        await HTMLResponse(PAGE)(scope, receive, send)
    elif scope["path"] == "/static/parts":

        def parts() -> Iterator[str]:
            yield "<script>two()"
            yield "</script>"

        await StreamingResponse(parts(), media_type="text/html")(scope, receive, send)
    else:
        names = ",".join(name.decode() for name, _ in scope["headers"])
        await PlainTextResponse(names)(scope, receive, send)


def get(path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a request through the guard."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    given = {"host": "127.0.0.1:7865", **headers}
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    asyncio.run(Guard(inner)(scope, receive, send))
    body = b"".join(m.get("body", b"") for m in sent[1:])
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, body.decode()


def hashed(script: str) -> str:
    """A script's source expression."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_a_page_may_load_from_this_server_only_and_run_its_own_scripts_only() -> None:
    """Inline scripts are allowed by hash, so one that a note smuggled in would not run."""
    status, headers, body = get("/")
    rules = headers["content-security-policy"]
    assert status == 200
    assert hashed("one()") in rules
    assert "'unsafe-inline'" not in rules.split("style-src")[0]
    assert "http" not in rules
    assert "default-src 'none'" in rules
    assert headers["content-length"] == str(len(body.encode()))


def test_metadata_that_points_elsewhere_is_taken_out() -> None:
    """Gradio's page names its own home; ours does not."""
    body = get("/")[2]
    assert "example.org" not in body
    assert "twitter" not in body
    assert '<meta charset="utf-8" />' in body


def test_a_page_that_comes_in_parts_is_read_whole() -> None:
    """A script may be cut anywhere by the transport."""
    headers, body = get("/static/parts")[1:]
    assert body == "<script>two()</script>"
    assert hashed("two()") in headers["content-security-policy"]


def test_a_policy_follows_the_page() -> None:
    """Scripts from files need no hash."""
    assert "sha256" not in policy(b'<script src="/a.js"></script>')


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7865", "192.168.1.5:7865", "", "127.0.0.1.evil.example"]
)
def test_other_host_names_are_refused(host: str) -> None:
    """A web site whose name was rebound to 127.0.0.1 reads nothing."""
    assert get("/health", host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost:7865", "127.0.0.1:7865", "[::1]:7865", "LOCALHOST"])
def test_loopback_names_are_served(host: str) -> None:
    """All names of this machine work."""
    assert get("/health", host=host)[0] == 200


def test_the_state_of_a_note_is_told_to_the_page_only() -> None:
    """Neither a rebound name nor another site learns what lies on this disk."""
    assert get("/state")[0] == 200
    assert get("/state", host="evil.example")[0] == 421
    assert get("/state", origin="https://evil.example")[0] == 403
    assert get("/state/notes/a.md")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/graph",
        "/graph/near",
        "/graph/source",
        "/graph/cytoscape.js",
        "/evals",
        "/evals/job",
        "/evals/do/run",
    ],
)
def test_what_the_pages_ask_for_is_told_to_them_only(path: str) -> None:
    """Neither a rebound name nor another site reads the graph, or starts a run; nothing else lies below these paths."""
    assert get(path)[0] == 200
    assert get(path, host="evil.example")[0] == 421
    assert get(path, origin="https://evil.example")[0] == 403
    assert get(f"{path}/../vendor/README.md")[0] == 404
    assert get(f"{path}x")[0] == 404 or path == "/evals/do/run"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9999", "null"])
def test_requests_from_other_sites_are_refused(origin: str) -> None:
    """Also from another server on this machine, and from a sandboxed page."""
    assert get("/gradio_api/queue/join", origin=origin)[0] == 403


def test_requests_from_the_page_itself_are_served() -> None:
    """The page's own origin is its host."""
    assert get("/gradio_api/queue/join", origin="http://127.0.0.1:7865")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/run/predict",
        "/gradio_api/info",
        "/gradio_api/component_server",
        "/monitoring",
        "/docs",
    ],
)
def test_routes_that_the_page_does_not_use_are_closed(path: str) -> None:
    """Uploads, files and Gradio's reverse proxy are not part of a notes reader."""
    assert get(path)[0] == 404


def test_pages_are_never_compressed() -> None:
    """A compressed page could not be read for its scripts."""
    assert "accept-encoding" not in get("/health", **{"accept-encoding": "br"})[2]


def test_names_that_only_look_like_loopback_are_not() -> None:
    """Numbers and names are told apart."""
    assert [is_loopback(h) for h in ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")] == [True] * 5
    assert not any(is_loopback(h) for h in ("0.0.0.0", "::", "localhost.evil.example", "example.org", ""))  # noqa: S104 - must be refused
