"""The command line: a thin face over the engine."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from importlib import import_module
from typing import Annotated, Final

import typer

from rag import show
from rag.errors import FootnotesError
from rag.messages import explain

# Pydantic would look through every installed package for plugins, at each command.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# numpy's products are small here: a second thread saves a millisecond where the machine is idle, and where it is not (a
# sync is running, say) the two wait for each other a hundred. Torch has its own threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Which module each command is in, in the order of the help: a command that is asked for loads its own only.
_COMMANDS: Final = {
    "sync": "notes",
    "watch": "notes",
    "search": "notes",
    "ask": "notes",
    "related": "related",
    "serve": "serving",
    "ui": "serving",
    "mcp": "serving",
    "status": "upkeep",
    "explain": "explaining",
    "why": "files",
    "forget": "files",
    "doctor": "upkeep",
    "reindex": "upkeep",
    "config": "upkeep",
}
_GROUPS: Final = {
    "sessions": "sessions",
    "roots": "roots",
    "users": "users",
    "graph": "graph",
    "images": "images",
    "models": "models",
    "eval": "evals",
}


def __getattr__(name: str) -> typer.Typer:
    if name == "app":
        return application()
    raise AttributeError(name)


@cache
def application(only: str | None = None) -> typer.Typer:
    """The command line, whole or with one command only."""
    made = typer.Typer(
        name="footnotes",
        help="Ask your notes; every answer carries footnotes.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback(invoke_without_command=True)(_root)
    for name in [only] if only else [*_COMMANDS, *_GROUPS]:
        module = import_module(f"rag.cli.{(_COMMANDS | _GROUPS)[name]}")
        if name in _GROUPS:
            made.add_typer(module.app, name=name)
        else:
            made.command(name)(getattr(module, name))
    return made


def main() -> None:
    """Entry point: errors are one line each; exit code 1, usage 2."""
    gc.set_threshold(50_000, 20, 20)  # modules load without being looked over for garbage again and again
    os.umask(0o077)  # whatever is written below the home is its owner's alone
    _utf8_streams()
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        application(first if first in _COMMANDS | _GROUPS else None)()
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


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from rag.health import version as current

        typer.echo(current())
        raise typer.Exit
