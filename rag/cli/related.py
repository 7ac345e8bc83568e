"""``footnotes related``: what a note could be linked with."""

from __future__ import annotations

from typing import Annotated

import typer

from rag import show, show_graph
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    SetOption,
    no_notes,
    open_engine,
    print_json,
)


def related(
    note: Annotated[str, typer.Argument(metavar="NOTE", help="A note by path, id or title.")],
    *,
    unlinked: Annotated[
        bool,
        typer.Option(
            "--unlinked", help="Only notes not linked yet, and where this one is named without a link."
        ),
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many notes.")] = 10,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Name notes related to a note, with the reason and a [[link]] to copy."""
    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        engine.refresh()
        found = engine.graph.related(note, unlinked=unlinked, limit=limit)
    if as_json:
        print_json(found.to_json())
    else:
        show_graph.related(show.console(), found, unlinked=unlinked)
