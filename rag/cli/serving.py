"""``footnotes serve`` and ``footnotes ui``: the one server; ``footnotes mcp``: the same tools for one assistant."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from rag import show
from rag.cli import users
from rag.cli.options import ConfigOption, HomeOption, SetOption, open_engine

FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="A folder to register and sync first.")
]
PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 picks a free one.", show_default=False)
]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", help="Address; one beyond loopback needs --auth or FOOTNOTES_TOKEN.", show_default=False
    ),
]
AuthOption = Annotated[
    list[str] | None,
    typer.Option(
        "--auth",
        metavar="USER",
        help="Who may log in, by a password from FOOTNOTES_PASSWORD_USER or asked for once. May be repeated.",
        show_default=False,
    ),
]


def serve(
    folder: FolderArgument = None,
    *,
    port: PortOption = None,
    host: HostOption = None,
    auth: AuthOption = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Serve the page at /, REST at /v1 and MCP at /mcp; watches the folders while it runs."""
    _serve(folder, port, host, auth, home, config_file, settings, browser=False)


def ui(
    folder: FolderArgument = None,
    *,
    port: PortOption = None,
    host: HostOption = None,
    auth: AuthOption = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Serve, and open the browser."""
    _serve(folder, port, host, auth, home, config_file, settings, browser=browser)


def mcp(*, home: HomeOption = None, config_file: ConfigOption = None, settings: SetOption = None) -> None:
    """Give the notes as tools to an assistant that starts this command (MCP over stdio)."""
    from ui.server import serve_stdio

    with open_engine(home, config_file, settings) as engine:
        serve_stdio(engine)


def _serve(
    folder: Path | None,
    port: int | None,
    host: str | None,
    auth: list[str] | None,
    home: Path | None,
    config_file: Path | None,
    settings: list[str] | None,
    *,
    browser: bool,
) -> None:
    from ui.server import listen_as_set
    from ui.server import serve as run

    if auth:
        settings = [*(settings or ()), f"serve.users={','.join(auth)}"]
    with open_engine(home, config_file, settings) as engine, contextlib.ExitStack() as stack:
        users.ready(engine)
        # Listening comes first: a host or port that cannot be used is told before anything is registered or read.
        bound = stack.enter_context(listen_as_set(engine, host, port))
        names = [engine.add_root(folder).name] if folder is not None else None
        if engine.roots():
            with show.progress(quiet=False) as step:
                show.sync_report(engine.sync(names, progress=step))
        run(engine, bound, open_browser=browser)
