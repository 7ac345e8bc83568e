"""``footnotes sessions``: conversations that are kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import show
from rag.cli.options import ConfigOption, HomeOption, JsonOption, open_engine, print_json
from rag.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from rag.conversations import Said

app = typer.Typer(
    help="Conversations with your notes: list, read, export, remove them.", no_args_is_help=True
)

_Named = Annotated[str, typer.Argument(metavar="SESSION", help="Its id, the beginning of it, or its name.")]


@app.command("list")
def list_sessions(
    words: Annotated[
        str, typer.Argument(metavar="[WORDS]", help="Only those that say all of these.", show_default=False)
    ] = "",
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """List conversations, the latest first."""
    with open_engine(home, config_file) as engine:
        found = engine.conversations().listed(words)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        typer.echo(f"{one.id}\t{one.updated[:16].replace('T', ' ')}\t{one.turns}\t{one.name}")


@app.command("show")
def show_session(
    session: _Named, *, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None
) -> None:
    """Read a conversation again; quotes whose notes have changed or gone since are marked."""
    with open_engine(home, config_file) as engine:
        talks = engine.conversations()
        found = talks.find(session)
        said = talks.turns(found.id)
    if as_json:
        print_json({**asdict(found), "turns": [_as_json(one) for one in said]})
        return
    out = show.console()
    for one in said:
        _show(out, one)


@app.command("export")
def export(
    session: _Named,
    *,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; default: the terminal.", show_default=False)
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Write a conversation as Markdown with footnotes."""
    with open_engine(home, config_file) as engine:
        talks = engine.conversations()
        text = talks.markdown(talks.find(session))
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as e:
        raise typer.BadParameter(
            say("{path} cannot be written: {reason}.", path=to, reason=e.strerror or e), param_hint="--output"
        ) from e
    show.line(say("Written: {path}", path=to))


@app.command("note")
def as_note(
    session: _Named,
    *,
    root: Annotated[
        str | None,
        typer.Option("--root", help="The notes folder's name; default: the first.", show_default=False),
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Write a conversation into your notes, where the next sync reads it. Nothing else does that."""
    with open_engine(home, config_file) as engine:
        talks = engine.conversations()
        path = talks.as_note(talks.find(session), root)
    show.line(say("Written: {path}", path=path))


@app.command("rename")
def rename(
    session: _Named,
    name: Annotated[str, typer.Argument(help="Its new name.")],
    *,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Name a conversation."""
    with open_engine(home, config_file) as engine:
        talks = engine.conversations()
        talks.rename(talks.find(session).id, name)


@app.command("remove")
def remove(session: _Named, *, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Remove a conversation for good."""
    with open_engine(home, config_file) as engine:
        talks = engine.conversations()
        found = talks.find(session)
        talks.remove(found.id)
    show.line(say("Removed: {name}", name=found.name))


def _as_json(said: Said) -> dict[str, object]:
    return {**asdict(said.kept), "fates": dict(said.fates)}


def _show(out: Console, said: Said) -> None:
    from rich.text import Text

    from rag.conversations import hidden, remark

    kept = said.kept
    out.print(Text(kept.question, style="bold"))
    if kept.answer is None:
        out.print(Text(hidden(), style="italic"))
    else:
        out.print(Text(kept.answer["answer"]))
        for cited in kept.answer["citations"]:
            first, last = cited["lines"]
            place = show.name(cited["path"]) + (f":{first}" if first == last else f":{first}-{last}")
            note = remark(said.fates[cited["marker"]])
            out.print(Text(f"[{cited['marker']}] {place}" + (f" ({note})" if note else ""), style="dim"))
    out.print()
