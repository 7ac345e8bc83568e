"""What the commands share: options, opening an engine, JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import RootError
from rag.messages import set_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.engine import Engine

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="FOOTNOTES_HOME", help="Folder that holds the index.", show_default=False),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="FOOTNOTES_CONFIG",
        help="Settings file; default: config.yaml in the home.",
        show_default=False,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Override a setting, as chunk.size=300. May be repeated.", metavar="KEY=VALUE"
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        help="Words of the question that are only words: no filter, time or list. May be repeated.",
        metavar="WORDS",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_engine(home: Path | None, config_file: Path | None, settings: Sequence[str] | None = None) -> Engine:
    """Open the home, and speak the language of its settings."""
    from rag.engine import Engine

    engine = Engine.open(home, config=config_file, settings=overrides_of(settings))
    set_language(engine.settings.language)
    return engine


def overrides_of(settings: Sequence[str] | None) -> dict[str, Any]:
    """``KEY=VALUE`` pairs as dotted settings."""
    pairs = [s.partition("=") for s in settings or ()]
    for key, equals, _ in pairs:
        if not equals:
            raise typer.BadParameter(f"{key!r} is not KEY=VALUE", param_hint="--set")
    return {key.strip(): value for key, _, value in pairs}


def print_json(value: object) -> None:
    """Indented JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def no_notes() -> RootError:
    """The error of a home without roots."""
    return RootError("There are no notes yet. Name a folder: footnotes sync DIR")
