"""Listening and serving: where, until when, and who may come in."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import webbrowser
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from rag.errors import ConfigError
from rag.messages import say
from ui.access import Access, access_of
from ui.app import build_app
from ui.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from rag.engine import Engine

_NEXT_PORTS = 20
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


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
    access = access_of(engine.settings.serve, bound.getsockname()[0], engine.users)
    with bound, _interrupts() as interrupted:
        url = address(bound)
        typer.echo(f"Footnotes: {url}")
        typer.echo(say("Press Ctrl-C to stop."))
        if open_browser:
            # The socket listens already: the browser waits until the app is up. A text browser would hold us up.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        watch = engine.settings.ui.watch if watch is None else watch
        asyncio.run(_serve(engine, bound, access, interrupted, watch=watch))


def serve_stdio(engine: Engine) -> None:
    """Give the notes to the program that started us, by MCP, until it closes our standard input.

    Nothing else is written to standard output: the SDK keeps the stream for itself, and points the process's own
    output at standard error.
    """
    from ui import mcp
    from ui.work import Work

    server = mcp.build(engine, Work(engine.settings.serve.concurrent))
    with Watching(engine, wanted=engine.settings.ui.watch):
        asyncio.run(server.run_stdio_async())


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


async def _serve(
    engine: Engine, bound: socket.socket, access: Access, interrupted: threading.Event, *, watch: bool
) -> None:
    import uvicorn

    app = build_app(
        engine, access, watch=watch
    )  # inside the loop: outside, Gradio would make some of its own

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield  # ours are in place

        async def on_tick(self, counter: int) -> bool:
            return interrupted.is_set() or await super().on_tick(counter)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.close()
            await super().shutdown(sockets)

    # The guard reads what proxies say, of those that are trusted.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, proxy_headers=False
    )
    await Server(config).serve(sockets=[bound])


def listen_as_set(engine: Engine, host: str | None = None, port: int | None = None) -> socket.socket:
    """Listen where the settings say, or on the host and on exactly the port that are given (0: any).

    Raises:
        ConfigError: other machines could reach the host and nobody has to log in, or the port is taken.
    """
    defaults = engine.settings.ui
    access_of(engine.settings.serve, host or defaults.host, engine.users)
    return listen(host or defaults.host, defaults.port if port is None else port, exact=port is not None)


def address(bound: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listen(host: str, port: int, *, exact: bool) -> socket.socket:
    """Listen on an address, on ``port`` or, unless ``exact``, on one of the 20 after it.

    Raises:
        ConfigError: no port is free.
    """
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
