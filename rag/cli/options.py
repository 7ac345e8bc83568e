"""What the commands share: options, opening an engine, JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import RootError
from rag.messages import say, set_language
from rag.show import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
SaveOption = Annotated[
    str | None, typer.Option("--save", help="Keep the run, by name or path.", show_default=False)
]
CompareOption = Annotated[
    str | None, typer.Option("--compare", help="Compare with a kept run.", show_default=False)
]
FailBelowOption = Annotated[
    list[str] | None,
    typer.Option("--fail-below", metavar="[SET:]METRIC=VALUE", help="Else exit with 1.", show_default=False),
]
FailOnLossOption = Annotated[
    bool, typer.Option("--fail-on-loss", help="Exit with 1 where --compare finds a loss.")
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
            raise typer.BadParameter(
                say("{key!r} is no setting. Write KEY=VALUE, as chunk.size=300.", key=key), param_hint="--set"
            )
    return {key.strip(): value for key, _, value in pairs}


def conclude(written: Iterable[Path], failures: Sequence[str]) -> None:
    """Say which files an evaluation wrote and which of its conditions do not hold, and end with 1 where one does not."""
    for path in written:
        line(say("Written: {path}", path=path))
    for failure in failures:
        line(failure)
    if failures:
        raise typer.Exit(1)


def print_json(value: object) -> None:
    """Indented JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def no_notes() -> RootError:
    """The error of a home without roots."""
    return RootError("There are no notes yet. Name a folder: footnotes sync DIR")
