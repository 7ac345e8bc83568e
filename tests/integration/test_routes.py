"""Every route of the app, Gradio's own among them: closed without a login, and closed at all where the page does not need it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import footnotes
from ui.access import Access
from ui.app import build_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ui.guard import Guard

TOKEN = "a-long-enough-token"  # noqa: S105 - of the test's own
WITH_TOKEN = {"authorization": f"Bearer {TOKEN}"}
PUBLIC = {"/health", "/ready", "/login", "/favicon.ico", "/favicon.svg", "/manifest.json"}
NAMES = ("search", "notes", "graph", "evals", "settings")
PAGES = {"/", *(f"/{name}" for name in NAMES), *(f"/{name}/" for name in NAMES)}
# What the page needs of Gradio.
NEEDED = re.compile(
    r"/(?:config|theme\.css|static/|assets/|gradio_api/(?:queue/(?:join|data)|cancel|reset|heartbeat/x|startup-events))"
)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """The whole app, for whoever has the token; a secret lies beside its home."""
    home: Path = tmp_path_factory.mktemp("routes") / "home"
    with footnotes.open(home) as engine:
        (home / "config.txt").write_text("SECRET", "utf-8")
        (home.parent / "secret.txt").write_text("SECRET", "utf-8")

        async def built() -> Guard:
            return build_app(engine, Access(TOKEN), watch=False)

        yield asyncio.run(built())  # outside of a loop, Gradio would make some of its own


def routes(app: Any, prefix: str = "") -> Iterator[tuple[str, str, bool]]:
    """Method, path with every field filled, and whether it is Gradio's, of each route and of those mounted below it."""
    for route in app.routes:
        if (router := getattr(route, "original_router", None)) is not None:  # FastAPI's way to include one
            yield from routes(router, prefix + route.include_context.prefix)
            continue
        path = prefix + re.sub(r"\{[^}]*\}", "x", route.path)
        if getattr(route, "routes", None):
            yield from routes(route, path.rstrip("/"))
        for method in getattr(route, "methods", None) or ():
            yield method, path or "/", getattr(route.endpoint, "__module__", "").startswith("gradio")


def asked(guard: Guard, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """One request to the app itself."""

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(one())


def test_every_route_wants_a_login(guard: Guard) -> None:
    """All of them are walked; only those that tell nothing of the notes answer a stranger."""
    found = set(routes(guard._app))
    assert len(found) > 60
    assert {"/gradio_api/upload", "/gradio_api/queue/join", "/v1/ask", "/"} <= {path for _, path, _ in found}
    answered = {
        (method, path, status)
        for method, path, _ in found
        if path not in PUBLIC and (status := asked(guard, method, path, {}).status_code) not in {401, 404}
    }
    assert {(path, status) for _, path, status in answered} <= {(path, 303) for path in PAGES}


def test_what_the_page_does_not_need_of_gradio_is_closed_to_all(guard: Guard) -> None:
    """Uploads, files, its reverse proxy and the rest: the guard answers, with or without a login."""
    theirs = {(method, path) for method, path, is_gradio in routes(guard._app) if is_gradio}
    closed = {(method, path) for method, path in theirs if not NEEDED.match(path)}
    closed = {(method, path) for method, path in closed if path not in PUBLIC | PAGES | {"/logout"}}
    assert len(closed) > 20
    for method, path in closed:
        reply = asked(guard, method, path, WITH_TOKEN)
        assert reply.status_code in {403, 404}, (method, path)
        assert "There is nothing here." in reply.text or method == "HEAD", (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/static/{}",
        "/assets/{}",
        "/gradio_api/file={}",
        "/gradio_api/file/{}",
        "/file={}",
        "/gradio_api/proxy=http://127.0.0.1/{}",
        "/gradio_api/stream/{}",
        "/theme.css/{}",
        "/page.css/{}",
        "/favicon.svg/{}",
    ],
)
def test_files_are_served_from_the_program_alone(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    """With the login: neither by a way up, nor from the root, nor encoded once or twice."""
    secret = next(tmp_path_factory.getbasetemp().glob("routes*")) / "secret.txt"
    up = "../" * 12
    tricks = (
        str(secret),
        f"/{secret}",
        up + str(secret)[1:],
        "%2e%2e/" * 12 + str(secret)[1:],
        "%252e%252e%252f" * 12 + str(secret)[1:],
        "..%2f" * 12 + str(secret)[1:].replace("/", "%2f"),
        "..%5c" * 12 + str(secret)[1:].replace("/", "%5c"),
        f"fonts/{up}{str(secret)[1:]}",
        f"file:{secret}",
        f"{secret}%00.css",
    )
    for trick in tricks:
        reply = asked(guard, "GET", path.format(trick), WITH_TOKEN)
        assert reply.status_code in {400, 403, 404, 422}, (trick, reply.status_code)
        assert "SECRET" not in reply.text
