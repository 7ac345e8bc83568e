"""``footnotes models``: which models are configured, present and downloadable; the built-in one as a folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import config as settings_of
from rag import show
from rag.cli.options import ConfigOption, HomeOption, JsonOption, SetOption, overrides_of, print_json
from rag.messages import say, set_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.models.listing import Entry

app = typer.Typer(help="List models: configured, on this machine, downloadable.")
_LISTED = 6
_GIGABYTE = 1000


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    *,
    find: Annotated[
        bool,
        typer.Option(
            "--find", help="Ask the usual ports of this machine for programs that serve language models."
        ),
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """List models: configured, on this machine, downloadable. Nothing is downloaded."""
    if ctx.invoked_subcommand is not None:
        return
    from rag.models import listing

    place = home or settings_of.default_home()
    loaded = settings_of.load(place, config=config_file, overrides=overrides_of(settings)).settings
    set_language(loaded.language)
    if find:
        _find(as_json=as_json)
        return
    found = listing.entries(loaded)
    if as_json:
        print_json([asdict(entry) for entry in found])
    else:
        _print(found)


def _find(*, as_json: bool) -> None:
    """What serves language models here, with the settings that use it."""
    from rag.models import finding

    found = finding.local_servers()
    if as_json:
        print_json([asdict(one) for one in found])
        return
    out = show.console()
    for one in found:
        out.print(f"{one.program}  {one.url}")
        for name in one.serves:
            out.print(
                f"  {show.name(name)}  --set llm.url={one.url} --set llm.kind={one.kind} --set llm.model={show.name(name)}"
            )
        if not one.serves:
            out.print("  " + say("It wants a key. Set FOOTNOTES_LLM__API_KEY and llm.url."))
    if not found:
        ports = ", ".join(f"{program} {port}" for port, program in finding.PORTS.items())
        show.line(say("No server answers on the usual ports of this machine: {ports}.", ports=ports))


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet.")],
) -> None:
    """Write the built-in model as a folder that sentence-transformers loads."""
    from rag.models import export as exporting
    from rag.models import static

    exporting.export(static.FOLDER, target)
    show.line(say("Written. In Python: SentenceTransformer({path!r})", path=str(target)))


def _print(found: Sequence[Entry]) -> None:
    out = show.console()
    groups = (
        (say("configured"), [entry for entry in found if entry.configured]),
        (say("on this machine"), [e for e in found if not e.configured and e.state != "downloadable"]),
        (say("downloadable"), [e for e in found if not e.configured and e.state == "downloadable"]),
    )
    rows = {title: [_row(entry) for entry in group] for title, group in groups if group}
    widths = [
        max(map(_width, column))
        for column in zip(*(r for group in rows.values() for r in group), strict=True)
    ]
    for title, group in rows.items():
        out.print(title)
        for row in group:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            out.print("  " + "  ".join(cells).rstrip())
    if any(entry.command.startswith("hf ") for entry in found):
        out.print(
            say(
                "Where the hub cannot be reached: set HF_ENDPOINT to a mirror, or "
                "`modelscope download --model NAME --local_dir DIR` and set embedding.model to DIR."
            )
        )


def _row(entry: Entry) -> tuple[str, str, str, str, str]:
    """Role, name, state, size, and where it is or how it is had."""
    where = entry.command or entry.place
    if entry.state == "downloadable":
        where += f"  # {entry.settings}"
    if entry.serves and entry.state != "reachable":
        names = ", ".join(entry.serves[:_LISTED]) + (", ..." if len(entry.serves) > _LISTED else "")
        where += "  " + say("it serves: {names}", names=names)
    return (_role(entry), entry.name or "-", _state(entry), _size(entry), where)


def _role(entry: Entry) -> str:
    return {
        "embedding": say("embedding"),
        "reranker": say("reranker"),
        "language model": say("language model"),
    }[entry.role]


def _state(entry: Entry) -> str:
    return {
        "off": say("off"),
        "present": say("present"),
        "idle": say("not in use: it needs embedding.model=builtin"),
        "missing": say("not on this machine"),
        "needs extra": say("needs: pip install 'footnotes[models]'"),
        "reachable": say("reachable"),
        "not served": say("not in the server's list"),
        "unnamed": say("no model is named"),
        "key refused": say("the key is refused"),
        "not reachable": say("not reachable"),
        "downloadable": "",
    }[entry.state]


def _size(entry: Entry) -> str:
    if not entry.size_mb:
        return ""
    if entry.size_mb >= _GIGABYTE:
        return f"{entry.size_mb / _GIGABYTE:.1f} GB"
    return f"{entry.size_mb:.0f} MB"


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
