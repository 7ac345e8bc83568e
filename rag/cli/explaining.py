"""``footnotes explain``: every stage of a search, and where a note was lost."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.cli.options import (
    ConfigOption,
    HomeOption,
    IgnoreOption,
    JsonOption,
    SetOption,
    no_notes,
    open_engine,
    print_json,
)


def explain(
    question: Annotated[str, typer.Argument(help="A question, as to search or ask.")],
    path: Annotated[
        str | None,
        typer.Argument(metavar="[PATH]", help="A file on disk, or a note as Footnotes names it."),
    ] = None,
    *,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages are shown.")] = 10,
    ignore: IgnoreOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Tell how passages were found and ranked; with PATH, at which stage that note was lost and why."""
    from rag import present, show, show_explain  # no other command needs them

    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        told = engine.explain(question, path, k=k, ignore=ignore or ())
    verdict = told.verdict
    is_nowhere = verdict is not None and verdict.cause == "no file"
    if as_json:
        print_json(present.explanation(told) | {"verdict": verdict and show_explain.plain(verdict)})
    elif verdict is not None and is_nowhere:
        show.line(f"{show_explain.message(verdict)} {show_explain.remedy(verdict)}")
    else:
        show_explain.explanation(show.console(), told)
    if is_nowhere:
        raise typer.Exit(1)
