"""The application: the page at ``/``, REST at ``/v1``, MCP at ``/mcp``, health, and a watcher that keeps the index fresh; one guard around all."""

from __future__ import annotations

import warnings
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.guard import Guard
from ui.job import Job
from ui.notes import state_of
from ui.offline import quiet_import
from ui.trials import Trials
from ui.watching import Watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI
    from mcp.server.mcpserver import MCPServer

    from rag.engine import Engine
    from ui.access import Access

_HERE = Path(__file__).parent
_STYLES = ("page.css", "pages.css", "ask.css", "graph.css", "evals.css")
_SCRIPTS = ("page.js", "ask.js", "search.js", "notes.js", "graph.js", "evals.js", "settings.js", "filters.js")
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#9a3b26"/>'
    '<path d="M8 8h9v3h-5.6v4H16v3h-4.6v7H8z" fill="#fff"/><path d="M22 6h2.4v9h-2.6V9l-1.8.6V7.3z" fill="#ffe2b8"/></svg>'
)


def build_app(engine: Engine, access: Access | None = None, *, watch: bool = True) -> Guard:
    """The whole application around an engine.

    Args:
        engine: answers the questions; it is not closed here.
        access: who may come in; default: everybody on this machine.
        watch: sync a root when one of its files changes, for as long as the app runs.

    Returns:
        An ASGI app; call its ``close`` when the server stops, so that open tabs do not hold it.
    """
    with quiet_import():
        import gradio as gr
        from fastapi import FastAPI
        from starlette.routing import Route

        from ui import fragments, graph_routes, mcp, preview, views
        from ui.acts import Acts
        from ui.api import app as api
        from ui.chosen import Chosen
        from ui.evals_routes import Evals
        from ui.pages import shell, site
        from ui.paths import Paths
        from ui.work import Work

    serving = engine.settings.serve
    largest = serving.max_body_kb * 1024
    work = Work(serving.concurrent)
    watching, job, trials = Watching(engine, wanted=watch), Job(engine), Trials(engine)
    assistants = mcp.build(engine, work)
    app = FastAPI(
        lifespan=_lifespan(assistants, watching, job, trials),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    _add_routes(app)
    _add_state(app, engine)
    is_local = access is None or access.is_open
    paths = Paths(is_local, engine.settings.paths.map)
    fragments.add(app, engine, paths)
    graph_routes.add(app, engine, work, paths)
    Evals(engine, trials, paths).add(app)
    views.add(app, engine)
    preview.add(app, engine)
    Acts(engine, job, watching, is_local).add(app)
    Chosen(engine, is_local).add(app)
    has_token = access is not None and access.has_token
    app.mount("/v1", api.build(engine, work, has_token=has_token))
    app.router.routes.append(Route("/mcp", mcp.http_app(assistants, largest)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)  # it is off
        gr.mount_gradio_app(
            app,
            site.build(engine, watching, paths),
            path="/",
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            show_error=False,
            theme=shell.theme(),
            head=_head(),
        )
    return Guard(
        app,
        access,
        language=engine.settings.language,
        per_minute=serving.requests_per_minute,
        largest=largest,
        largest_upload=engine.settings.ui.max_upload_mb * 1024 * 1024,
    )


def _head() -> str:
    """What every page loads beside Gradio's own."""
    styles = (f'<link rel="stylesheet" href="/{name}">' for name in _STYLES)
    return "".join((*styles, *(f'<script src="/{name}" defer></script>' for name in _SCRIPTS)))


def _add_routes(app: FastAPI) -> None:
    from fastapi.responses import FileResponse, Response

    def health() -> dict[str, str]:
        return {"status": "ok"}

    def icon() -> Response:
        return Response(_ICON, media_type="image/svg+xml")

    def manifest() -> dict[str, object]:
        icons = [{"src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml"}]
        return {
            "name": "Footnotes",
            "short_name": "Footnotes",
            "display": "standalone",
            "start_url": "/",
            "icons": icons,
        }

    def static(name: str) -> Callable[[], Response]:
        return lambda: FileResponse(_HERE / name, headers={"cache-control": "no-cache"})

    app.get("/health")(health)
    app.get("/favicon.ico")(icon)
    app.get("/favicon.svg")(icon)
    app.get("/manifest.json")(manifest)
    for name in (*_STYLES, *_SCRIPTS):
        app.get(f"/{name}")(static(name))


def _add_state(app: FastAPI, engine: Engine) -> None:
    def state(id: str, sha256: str) -> dict[str, str]:  # noqa: A002 - the name in the URL
        return {"state": state_of(engine, id, sha256)}

    def ready() -> dict[str, str]:
        engine.catalogue.generation()
        return {"status": "ready"}

    app.get("/state")(state)
    app.get("/ready")(ready)


def _lifespan(
    assistants: MCPServer[Any], watching: Watching, job: Job, trials: Trials
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_app: FastAPI) -> AsyncIterator[None]:
        with watching, closing(job), closing(trials):
            async with assistants.session_manager.run():
                yield

    return run
