"""Commands that look after the index: status, doctor, reindex, config."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from rag import config as settings_of
from rag import show
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    SetOption,
    open_engine,
    overrides_of,
    print_json,
)
from rag.messages import say, set_language


def status(*, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Say what the index holds and which models it uses."""
    with open_engine(home, config_file) as engine:
        found = engine.status()
    if as_json:
        print_json(found.to_json())
    else:
        show.status(show.console(), found)


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


def reindex(*, home: HomeOption = None, config_file: ConfigOption = None, settings: SetOption = None) -> None:
    """Rebuild the derived indexes from the catalogue."""
    with open_engine(home, config_file, settings) as engine:
        engine.reindex()
        chunks = engine.catalogue.counts().chunks
    show.line(say("{count} passages indexed.", count=chunks))


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
