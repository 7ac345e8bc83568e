"""The command line: a thin face over the engine."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from rag import config, show
from rag.errors import FootnotesError, RootError
from rag.messages import explain, say, set_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.engine import Engine

_INTERRUPTED = 130

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Split(StrEnum):
    """Which questions of a set: dev to tune on, report for figures."""

    DEV = "dev"
    REPORT = "report"
    ALL = "all"


app = typer.Typer(
    name="footnotes",
    help="Ask your notes; every answer carries footnotes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _RunByDefault(TyperGroup):
    """``footnotes eval SET_DIR`` means ``footnotes eval run SET_DIR``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


roots_app = typer.Typer(help="List, add, rename or remove notes folders.", no_args_is_help=True)
eval_app = typer.Typer(help="Measure retrieval on question sets.", cls=_RunByDefault, no_args_is_help=True)
app.add_typer(roots_app, name="roots")
app.add_typer(eval_app, name="eval")


def main() -> None:
    """Entry point: errors are one line each; exit code 1, usage 2."""
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


def _open(home: Path | None, config_file: Path | None, settings: Sequence[str] | None = None) -> Engine:
    from rag.engine import Engine

    engine = Engine.open(home, config=config_file, settings=_overrides(settings))
    set_language(engine.settings.language)
    return engine


def _overrides(settings: Sequence[str] | None) -> dict[str, Any]:
    pairs = [s.partition("=") for s in settings or ()]
    for key, equals, _ in pairs:
        if not equals:
            raise typer.BadParameter(f"{key!r} is not KEY=VALUE", param_hint="--set")
    return {key.strip(): value for key, _, value in pairs}


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


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


@app.command()
def sync(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR]...", help="Folders to register and sync; none: all registered ones."),
    ] = None,
    *,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Hash every file, trust no time stamps.")] = False,
    accept_deletions: Annotated[
        bool,
        typer.Option("--accept-deletions", help="Apply even when a folder has lost over half of its notes."),
    ] = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Make the index equal the notes folders."""
    with _open(home, config_file, settings) as engine:
        names = [engine.add_root(folder).name for folder in folders] if folders else None
        if names is None and not engine.roots():
            raise _no_notes()
        try:
            with show.progress(quiet=quiet or as_json) as step:
                report = engine.sync(names, verify=verify, accept_deletions=accept_deletions, progress=step)
        except KeyboardInterrupt:
            show.line(say("Stopped. What was committed is kept; run the command again to go on."))
            raise typer.Exit(_INTERRUPTED) from None
    if as_json:
        _print_json(report.to_json())
    if not quiet and not as_json:
        show.sync_report(report)
    elif report.refused:
        for refusal in report.refused:
            show.line(explain(refusal))
    if report.refused:
        raise typer.Exit(1)


def _no_notes() -> RootError:
    return RootError("There are no notes yet. Name a folder: footnotes sync DIR")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages.")] = 10,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Find passages."""
    from dataclasses import replace

    from rag import present

    with _open(home, config_file, settings) as engine:
        if not engine.roots():
            raise _no_notes()
        found = engine.search(query, k)
        note = _changes(engine)
    if as_json:
        _print_json(present.retrieval(replace(found, trace=_noted(found.trace, note))))
        return
    if not found.hits:
        show.line(say("Nothing found. No note shares a word with the question."))
    show.hits(show.console(), found)
    if note:
        show.line(note)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in Chinese or English.")],
    *,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages to read.")] = 10,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Answer a question from the notes, with footnotes."""
    from dataclasses import replace

    from rag import present

    with _open(home, config_file, settings) as engine:
        if not engine.roots():
            raise _no_notes()
        out = show.console()
        answer = (
            engine.ask(question, k=k) if as_json else show.streamed(out, engine.ask_stream(question, k=k))
        )
        note = _changes(engine)
    answer = replace(answer, trace=_noted(answer.trace, note))
    if as_json:
        _print_json(present.answer(answer))
        return
    show.footnotes(out, answer)
    for remark in answer.trace.notes:
        show.line(remark)


def _changes(engine: Engine) -> str:
    count = engine.changed_since_sync()
    return show.changed_files(count) if count else ""


def _noted(trace: Any, note: str) -> Any:
    from dataclasses import replace

    return replace(trace, notes=(*trace.notes, note)) if note else trace


@app.command()
def status(*, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Say what the index holds and which models it uses."""
    with _open(home, config_file) as engine:
        found = engine.status()
    if as_json:
        _print_json(found.to_json())
    else:
        show.status(show.console(), found)


@app.command()
def doctor(*, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Prove that the index equals the folders; exit code 1 and the remedy when it does not."""
    from dataclasses import asdict

    with _open(home, config_file) as engine:
        found = engine.doctor()
    if as_json:
        _print_json({"ok": all(f.ok for f in found), "checks": [asdict(f) for f in found]})
    else:
        show.findings(show.console(), found)
    if not all(f.ok for f in found):
        raise typer.Exit(1)


@app.command()
def reindex(*, home: HomeOption = None, config_file: ConfigOption = None, settings: SetOption = None) -> None:
    """Rebuild the derived indexes from the catalogue."""
    with _open(home, config_file, settings) as engine:
        engine.reindex()
        chunks = engine.catalogue.counts().chunks
    show.line(say("{count} passages indexed.", count=chunks))


@app.command(name="config")
def config_command(
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Print the effective settings and where each came from."""
    place = home or config.default_home()
    loaded = config.load(place, config=config_file, overrides=_overrides(settings))
    set_language(loaded.settings.language)
    rows = [(key, _plain(value), origin) for key, value, origin in loaded.rows()]
    if as_json:
        _print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    out = show.console()
    out.print(f"# {place}")
    for key, value, origin in rows:
        out.print(f"{key} = {json.dumps(value, ensure_ascii=False)}  # {origin}")


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@app.command()
def ui(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder to register and sync first.")
    ] = None,
    *,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 picks a free one.", show_default=False),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address; loopback only.", show_default=False)
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Open the browser UI; it watches the folders while it runs."""
    from ui.server import serve

    with _open(home, config_file, settings) as engine:
        names = [engine.add_root(folder).name] if folder is not None else None
        if engine.roots():
            with show.progress(quiet=False) as step:
                show.sync_report(engine.sync(names, progress=step))
        serve(engine, host=host, port=port, open_browser=browser)


@roots_app.command("list")
def roots_list(
    *, as_json: JsonOption = False, home: HomeOption = None, config_file: ConfigOption = None
) -> None:
    """List registered folders."""
    with _open(home, config_file) as engine:
        counts = engine.catalogue.counts_by_root()
        rows = [(r.name, str(r.path or ""), counts.get(r.name, 0)) for r in engine.roots()]
    if as_json:
        _print_json([{"name": name, "path": path, "documents": count} for name, path, count in rows])
        return
    for name, path, count in rows:
        typer.echo(f"{name}\t{path}\t{count}")


@roots_app.command("add")
def roots_add(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of notes.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="Its name; default: the folder's.", show_default=False)
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Register a folder without reading it yet."""
    with _open(home, config_file) as engine:
        root = engine.add_root(folder, name)
    typer.echo(f"{root.name}\t{root.path}")


@roots_app.command("rename")
def roots_rename(
    name: Annotated[str, typer.Argument(help="The root's name.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    *,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Rename a root; nothing is read again."""
    with _open(home, config_file) as engine:
        engine.rename_root(name, new)


@roots_app.command("remove")
def roots_remove(
    name: Annotated[str, typer.Argument(help="The root's name.")],
    *,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Forget a root and everything indexed from it; its files stay."""
    with _open(home, config_file) as engine:
        engine.remove_root(name)


@eval_app.command("run")
def eval_run(
    sets: Annotated[list[Path], typer.Argument(metavar="SET_DIR...", help="Folders in BEIR form.")],
    *,
    as_json: JsonOption = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first N questions.", show_default=False)
    ] = None,
    stages: Annotated[
        str | None, typer.Option("--stages", help="Only these, comma-separated.", show_default=False)
    ] = None,
    split: Annotated[Split, typer.Option("--split", help="Which questions.")] = Split.ALL,
    home: HomeOption = None,
    settings: SetOption = None,
) -> None:
    """Score retrieval, stage by stage."""
    from rag.evals import harness, report

    reports = [
        harness.run(
            folder,
            home=home,
            limit=limit,
            stages=tuple(s.strip() for s in stages.split(",") if s.strip()) if stages else None,
            split=split.value,
            overrides=_overrides(settings),
        )
        for folder in sets
    ]
    if as_json:
        values = [r.to_json() for r in reports]
        _print_json(values[0] if len(values) == 1 else values)
    else:
        typer.echo(report.render(reports))
