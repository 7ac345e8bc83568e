"""``footnotes roots``: the registered folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import ConfigOption, HomeOption, JsonOption, open_engine, print_json

app = typer.Typer(help="List, add, rename or remove notes folders.", no_args_is_help=True)


@app.command("list")
def list_roots(
    *, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None
) -> None:
    """List registered folders."""
    with open_engine(home, config_file) as engine:
        counts = engine.catalogue.counts_by_root()
        rows = [(r.name, str(r.path or ""), counts.get(r.name, 0)) for r in engine.roots()]
    if as_json:
        print_json([{"name": name, "path": path, "documents": count} for name, path, count in rows])
        return
    for name, path, count in rows:
        typer.echo(f"{name}\t{path}\t{count}")


@app.command("add")
def add(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of notes.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="Its name; default: the folder's.", show_default=False)
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Register a folder without reading it yet."""
    with open_engine(home, config_file) as engine:
        root = engine.add_root(folder, name)
    typer.echo(f"{root.name}\t{root.path}")


@app.command("rename")
def rename(
    name: Annotated[str, typer.Argument(help="The root's name.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    *,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Rename a root; nothing is read again."""
    with open_engine(home, config_file) as engine:
        engine.rename_root(name, new)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="The root's name.")],
    *,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Forget a root and everything indexed from it; its files stay."""
    with open_engine(home, config_file) as engine:
        engine.remove_root(name)
