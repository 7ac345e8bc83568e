"""Commands about single files: why, forget."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rag import coverage, show, show_files
from rag.cli.options import ConfigOption, HomeOption, JsonOption, open_engine, print_json
from rag.messages import say

PathArgument = Annotated[
    str, typer.Argument(metavar="PATH", help="A file or folder on disk, or a note as Footnotes names it.")
]


def why(
    path: PathArgument,
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Tell one file's story: how it was read, or why it is not in the index."""
    with open_engine(home, config_file) as engine:
        told = engine.why(path)
    if as_json:
        print_json(told.to_json())
    else:
        show_files.story(show.console(), told)
    if told.status == "unknown" and told.reason == coverage.NO_FILE:
        raise typer.Exit(1)


def forget(
    path: PathArgument,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let the next sync read it again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before forgetting a folder.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Purge a note from the index for good; its file stays, and syncs leave it out."""
    with open_engine(home, config_file) as engine:
        if not undo and not yes:
            count = len(engine.forgettable(path))
            if count > 1:
                typer.confirm(say("Forget {count} files below {path}?", count=count, path=path), abort=True)
        done = engine.forget(path, undo=undo)
    if as_json:
        print_json(asdict(done))
    else:
        show_files.forgotten(done, undo=undo)
