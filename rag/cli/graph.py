"""``footnotes graph``: questions about what the notes name and how they hang together; export; a Neo4j server."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import show, show_graph
from rag.cli import graph_extract
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    SetOption,
    no_notes,
    open_engine,
    print_json,
)
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.graphing import Graph

app = typer.Typer(
    help="The knowledge graph: ask it, look around, export it, keep a Neo4j server up to date.",
    no_args_is_help=True,
)
app.command("extract")(graph_extract.extract)

LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


class Format(StrEnum):
    """What a graph is written as."""

    graphml = "graphml"
    json = "json"
    cypher = "cypher"


@contextlib.contextmanager
def _graph(home: Path | None, config_file: Path | None, settings: Sequence[str] | None) -> Iterator[Graph]:
    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        yield engine.graph


@app.command("stats")
def stats(
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Count nodes and edges by kind."""
    with _graph(home, config_file, settings) as graph:
        found = graph.stats()
    if as_json:
        print_json(asdict(found))
    else:
        show_graph.stats(show.console(), found)


@app.command("ask")
def ask(
    question: Annotated[
        str,
        typer.Argument(
            help="Names ('A and B'), 'timeline of A', 'people near A', 'path from A to B', 'director:A', 'rating:>8', "
            "'my highest rated films'; the same in Chinese."
        ),
    ],
    *,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Answer a structured question exactly: notes, dates, neighbours, a path."""
    with _graph(home, config_file, settings) as graph:
        found = graph.ask(question, limit)
    if as_json:
        print_json(found.to_json())
    else:
        show_graph.reply(show.console(), found)


@app.command("near")
def near(
    note: Annotated[
        str, typer.Argument(metavar="NOTE", help="A note by path, id or title; or a name, #tag or day.")
    ],
    *,
    depth: Annotated[int, typer.Option("--depth", min=1, max=3, help="How many steps.")] = 2,
    limit: LimitOption = 40,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Show what lies around a note: notes, names and tags, the closest first."""
    with _graph(home, config_file, settings) as graph:
        found = graph.near(note, depth, limit)
    if as_json:
        print_json(asdict(found))
    else:
        show_graph.near(show.console(), found)


@app.command("export")
def export(
    *,
    form: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.graphml,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file; default: standard output.", show_default=False),
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Write the whole graph: GraphML for Gephi and the like, JSON, or Cypher."""
    with _graph(home, config_file, settings) as graph:
        pieces = graph.export(form.value)
        if output is None:
            sys.stdout.writelines(pieces)
            return
        with output.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
    show.line(say("Written: {path}", path=str(output)))


@app.command("push")
def push(
    *,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Clear what the server holds, also of another home, and send everything."
        ),
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Bring the Neo4j server at graph.url up to date; a sync does so too where graph.backend is neo4j."""
    from graph import push as pushing

    with (
        open_engine(home, config_file, settings) as engine,
        pushing.open_store(engine.catalogue, engine.settings) as store,
    ):
        done = pushing.push(engine.catalogue, store, replace=replace, progress=_progress)
    if as_json:
        print_json(asdict(done))
        return
    show.line(
        say(
            "{documents} documents sent: {nodes} nodes, {edges} edges.",
            documents=done.documents,
            nodes=done.nodes,
            edges=done.edges,
        )
    )


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{done}/{total}" + ("\r\x1b[2K" if done == total else ""))


@app.command("pull-check")
def pull_check(
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Compare the Neo4j server's graph with the notes', edge by edge; exit code 1 where they differ."""
    from graph import pull
    from graph import push as pushing

    with (
        open_engine(home, config_file, settings) as engine,
        pushing.open_store(engine.catalogue, engine.settings) as store,
    ):
        found = pull.pull_check(engine.catalogue, store)
    if as_json:
        print_json(asdict(found) | {"is_same": found.is_same})
    elif found.is_same:
        show.line(
            say(
                "The server holds the same graph: {nodes} nodes, {edges} edges.",
                nodes=found.nodes,
                edges=found.edges,
            )
        )
    else:
        show.line(
            say(
                "The server's graph differs: {missing} missing, {extra} too many. Run: footnotes graph push",
                missing=found.missing,
                extra=found.extra,
            )
        )
        for example in found.examples:
            show.line(f"  {example}")
    if not found.is_same:
        raise typer.Exit(1)
