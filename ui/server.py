"""The server: one ASGI app with the page at ``/``, ``/health``, and a watcher that keeps the index fresh."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import webbrowser
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ingest.scan import sha256_of
from rag.errors import ConfigError
from rag.messages import say
from ui.guard import Guard, is_loopback
from ui.offline import quiet_import

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI

    from ingest.watch import Watcher
    from rag.engine import Engine

_log = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_NEXT_PORTS = 20
_ENDINGS = (signal.SIGINT, signal.SIGTERM)
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#9a3b26"/>'
    '<path d="M8 8h9v3h-5.6v4H16v3h-4.6v7H8z" fill="#fff"/><path d="M22 6h2.4v9h-2.6V9l-1.8.6V7.3z" fill="#ffe2b8"/></svg>'
)


def build_app(engine: Engine, *, watch: bool = True) -> Guard:
    """The whole application around an engine.

    Args:
        engine: answers the questions; it is not closed here.
        watch: sync a root when one of its files changes, for as long as the app runs.

    Returns:
        An ASGI app; call its ``close`` when the server stops, so that open tabs do not hold it.
    """
    with quiet_import():
        import gradio as gr
        from fastapi import FastAPI

        from ui import page

    app = FastAPI(
        lifespan=_lifespan(engine) if watch else None, docs_url=None, redoc_url=None, openapi_url=None
    )
    _add_routes(app)
    _add_state(app, engine)
    gr.mount_gradio_app(
        app,
        page.build(engine),
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        theme=page.theme(),
        head='<link rel="stylesheet" href="/page.css"><script src="/page.js" defer></script>',
    )
    return Guard(app)


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
    for name in ("page.css", "page.js"):
        app.get(f"/{name}")(static(name))


def _add_state(app: FastAPI, engine: Engine) -> None:
    def state(id: str, sha256: str) -> dict[str, str]:  # noqa: A002 - the name in the URL
        return {"state": state_of(engine, id, sha256)}

    app.get("/state")(state)


def state_of(engine: Engine, doc_id: str, sha256: str) -> str:
    """What has become of a note since an answer cited it: ``same``, ``changed`` or ``gone``.

    Only files of notes that the catalogue holds are looked at, so that nobody learns here what else is on the disk.
    """
    note = engine.document(doc_id)
    if note is None:
        return "gone"
    file = engine.file_of(doc_id)
    if file is None:  # it came from elsewhere; what is indexed is all there is
        return "same" if note.sha256 == sha256 else "changed"
    try:
        return "same" if sha256_of(file) == sha256 else "changed"
    except FileNotFoundError:
        return "gone"
    except OSError:  # it is there and cannot be read: nobody can say that it is the same
        return "changed"


def _lifespan(engine: Engine) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_app: FastAPI) -> AsyncIterator[None]:
        watcher = _watcher(engine)
        watcher.start()
        try:
            yield
        finally:
            watcher.stop()

    return run


def _watcher(engine: Engine) -> Watcher:
    from ingest.watch import Watcher

    def roots() -> list[tuple[str, Path]]:
        return [(root.name, root.path) for root in engine.roots() if root.path is not None]

    return Watcher(
        roots,
        partial(sync_roots, engine),
        _log.warning,
        exclude=engine.settings.sync.never_read,
        keep_out=(engine.home,),
        force_polling=engine.settings.sync.poll,
    )


def sync_roots(engine: Engine, names: list[str], paths: list[Path] | None = None) -> None:
    """Sync for the watcher, which must know of a root that was refused.

    Raises:
        RootError: a root is missing or has lost too much; nothing of it was changed.
    """
    refused = engine.sync(names, paths=paths).refused
    if refused:
        raise refused[0]


def serve(
    engine: Engine, bound: socket.socket, *, open_browser: bool = True, watch: bool | None = None
) -> None:
    """Serve until interrupted.

    Args:
        engine: answers the questions.
        bound: where; it is closed at the end. See ``listen``.
        open_browser: show the page when the server is ready.
        watch: sync when notes change; default: the setting ``ui.watch``.
    """
    with bound, _interrupts() as interrupted:
        url = address(bound)
        typer.echo(f"Footnotes: {url}")
        typer.echo(say("Press Ctrl-C to stop."))
        if open_browser:
            # The socket listens already: the browser waits until the app is up. A text browser would hold us up.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        watch = engine.settings.ui.watch if watch is None else watch
        asyncio.run(_serve(engine, bound, interrupted, watch=watch))


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Inside, Ctrl-C sets the event and does nothing else, however often it is pressed: the end is on its way.

    By default a second one would break into the tidying up of the first, with a long trace.
    """
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = {kind: signal.signal(kind, lambda *_: interrupted.set()) for kind in _ENDINGS}
    try:
        yield interrupted
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


async def _serve(engine: Engine, bound: socket.socket, interrupted: threading.Event, *, watch: bool) -> None:
    import uvicorn

    app = build_app(engine, watch=watch)  # inside the loop: outside, Gradio would make some of its own

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield  # ours are in place

        async def on_tick(self, counter: int) -> bool:
            return interrupted.is_set() or await super().on_tick(counter)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    await Server(config).serve(sockets=[bound])


def listen_as_set(engine: Engine, host: str | None = None, port: int | None = None) -> socket.socket:
    """Listen where the settings say, or on the host and on exactly the port that are given (0: any).

    Raises:
        ConfigError: the host is reachable from other machines, or the port is taken.
    """
    defaults = engine.settings.ui
    return listen(host or defaults.host, defaults.port if port is None else port, exact=port is not None)


def address(bound: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listen(host: str, port: int, *, exact: bool) -> socket.socket:
    """Listen on a loopback address, on ``port`` or, unless ``exact``, on one of the 20 after it.

    Raises:
        ConfigError: the host is not loopback, or no port is free.
    """
    if not is_loopback(host):
        raise ConfigError(
            "ui.host = {host}: other machines could reach your notes without a login. Use 127.0.0.1.",
            host=host,
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port if exact or port == 0 else port + _NEXT_PORTS, 65535)
    reason = ""
    for candidate in range(port, last + 1):
        try:
            return socket.create_server((host, candidate), family=family)
        except OSError as e:
            reason = e.strerror or str(e)
    raise ConfigError(
        "Port {port} on {host} cannot be used: {reason}. Choose another one with --port.",
        host=host,
        port=port,
        reason=reason,
    )
