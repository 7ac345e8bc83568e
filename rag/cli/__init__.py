"""The command line: a thin face over the engine."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from rag import show
from rag.errors import FootnotesError
from rag.messages import explain

# Pydantic would look through every installed package for plugins, at each command.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# numpy's products are small here: a second thread saves a millisecond where the machine is idle, and where it is not (a
# sync is running, say) the two wait for each other a hundred. Torch has its own threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rag.cli import (
    evals,
    explaining,
    files,
    graph,
    images,
    models,
    notes,
    related,
    roots,
    serving,
    upkeep,
)

app = typer.Typer(
    name="footnotes",
    help="Ask your notes; every answer carries footnotes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    notes.sync,
    notes.watch,
    notes.search,
    notes.ask,
    related.related,
    serving.serve,
    serving.ui,
    serving.mcp,
    upkeep.status,
    explaining.explain,
    files.why,
    files.forget,
    upkeep.doctor,
    upkeep.reindex,
    upkeep.config,
):
    app.command()(_command)
app.add_typer(roots.app, name="roots")
app.add_typer(graph.app, name="graph")
app.add_typer(images.app, name="images")
app.add_typer(models.app, name="models")
app.add_typer(evals.app, name="eval")


def main() -> None:
    """Entry point: errors are one line each; exit code 1, usage 2."""
    gc.set_threshold(50_000, 20, 20)  # modules load without being looked over for garbage again and again
    os.umask(0o077)  # whatever is written below the home is its owner's alone
    _utf8_streams()
    try:
        app()
    except FootnotesError as e:
        show.line(explain(e))
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _utf8_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from rag.health import version as current

        typer.echo(current())
        raise typer.Exit
