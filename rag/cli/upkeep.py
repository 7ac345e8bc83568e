"""Commands that look after the index: status, doctor, reindex, config."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import config as settings_of
from rag import show, show_files
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    SetOption,
    open_engine,
    overrides_of,
    print_json,
)
from rag.live import Wish, essence, name_of
from rag.messages import say, set_language
from rag.models import opening

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.store.catalogue import FileRow

_INTERRUPTED = 130


class Status(StrEnum):
    """What can become of a file."""

    indexed = "indexed"
    skipped = "skipped"
    failed = "failed"


def status(
    *,
    as_json: JsonOption = False,
    files: Annotated[bool, typer.Option("--files", help="List every file and what became of it.")] = False,
    only: Annotated[
        Status | None,
        typer.Option("--status", help="With --files: only these.", show_default=False),
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Say what the index holds and which models it uses, or what became of every file."""
    if only is not None and not files:
        raise typer.BadParameter(say("Add --files."), param_hint="--status")
    with open_engine(home, config_file) as engine:
        if files:
            _list_files([f for f in engine.files() if only is None or f.status == only.value], as_json)
            return
        found = engine.status()
    if as_json:
        print_json(found.to_json())
    else:
        show.status(show.console(), found)


def _list_files(found: list[FileRow], as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        show_files.files(show.console(), found)


def doctor(*, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Prove that the index equals the folders; exit code 1 and the remedy when it does not."""
    with open_engine(home, config_file) as engine:
        found = engine.doctor()
    if as_json:
        print_json({"ok": all(f.ok for f in found), "checks": [asdict(f) for f in found]})
    else:
        show.findings(show.console(), found)
    if not all(f.ok for f in found):
        raise typer.Exit(1)


def reindex(
    *,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Switch to this model.", show_default=False),
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Switch back to the model before.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what is kept of other models than the one that answers.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Rebuild the search indexes, or switch the embedding model; questions are answered meanwhile."""
    if sum((model is not None, rollback, prune)) > 1:
        raise typer.BadParameter(say("Choose one of --model, --rollback and --prune."))
    with open_engine(home, config_file, [*(settings or ()), *_chosen(model)]) as engine:
        if prune:
            count = engine.prune()
            report = say("{count} vectors of other models removed.", count=count)
        else:
            _build(engine, rollback=rollback, quiet=quiet)
            report = say("{count} passages indexed.", count=engine.catalogue.counts().chunks)
        lines = [report, *_standing(engine, config_file)]
    for line in [] if quiet else lines:
        show.line(line)


def _chosen(model: str | None) -> list[str]:
    """``--model`` as overrides. The built-in model is on no server, whatever the settings say of one."""
    if model is None:
        return []
    if model.casefold() == "none":
        raise typer.BadParameter(
            say("To search without a model, set embedding.model: none."), param_hint="--model"
        )
    return [f"embedding.model={model}", *(["embedding.url="] if model == opening.BUILTIN else [])]


def _build(engine: Engine, *, rollback: bool, quiet: bool) -> None:
    try:
        with show.progress(quiet=quiet) as step:
            if rollback:
                engine.rollback(step)
            else:
                engine.reindex(step)
    except KeyboardInterrupt:
        show.line(say("Stopped. What was committed is kept; run the command again to go on."))
        raise typer.Exit(_INTERRUPTED) from None


def _standing(engine: Engine, config_file: Path | None) -> Iterator[str]:
    """Which model answers, how to go back, and whether the settings file agrees, once --model and --set are gone."""
    models = engine.models
    if models.answering is None:
        return
    if models.previous is not None:
        yield say(
            "Answers come from {model}. {previous} is kept: --rollback switches back, --prune removes it.",
            model=models.answering.name,
            previous=models.previous.name,
        )
    lasting = Wish.of(settings_of.load(engine.home, config=config_file))
    if lasting.is_stated and essence(lasting.settings) != models.answering.settings:
        yield say(
            "The settings still name {wished}: set embedding.model to {model}.",
            wished=name_of(lasting.settings),
            model=models.answering.name,
        )


def config(
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Print the effective settings and where each came from."""
    place = home or settings_of.default_home()
    loaded = settings_of.load(place, config=config_file, overrides=overrides_of(settings))
    set_language(loaded.settings.language)
    rows = [(key, _plain(value), origin) for key, value, origin in loaded.rows()]
    if as_json:
        print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    out = show.console()
    out.print(f"# {place}")
    for key, value, origin in rows:
        out.print(f"{key} = {json.dumps(value, ensure_ascii=False)}  # {origin}")


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
