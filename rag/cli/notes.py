"""Commands that people use daily: sync, watch, search, ask."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag import show
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    IgnoreOption,
    JsonOption,
    SetOption,
    no_notes,
    open_engine,
    print_json,
)
from rag.messages import explain, say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ingest.pipeline import FileIssue, SyncReport
    from rag.deep import Step
    from rag.engine import Engine
    from rag.store.sessions import Session
    from rag.types import Answer

_INTERRUPTED = 130


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
    with open_engine(home, config_file, settings) as engine:
        names = [engine.add_root(folder).name for folder in folders] if folders else None
        if names is None and not engine.roots():
            raise no_notes()
        try:
            with show.progress(quiet=quiet or as_json) as step:
                report = engine.sync(names, verify=verify, accept_deletions=accept_deletions, progress=step)
        except KeyboardInterrupt:
            show.line(say("Stopped. What was committed is kept; run the command again to go on."))
            raise typer.Exit(_INTERRUPTED) from None
    if as_json:
        print_json(report.to_json())
    if not quiet and not as_json:
        show.sync_report(report)
    elif report.refused:
        for refusal in report.refused:
            show.line(explain(refusal))
    if report.refused:
        raise typer.Exit(1)


def watch(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR]...", help="Folders to register and follow; none: all registered ones."),
    ] = None,
    *,
    poll: Annotated[
        bool | None,
        typer.Option(
            "--poll/--no-poll",
            help="Compare file lists, for network drives; default: where it must be.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Sync, then follow every change of the notes until Ctrl-C."""
    with open_engine(home, config_file, settings) as engine:
        names = [engine.add_root(folder).name for folder in folders] if folders else None
        if names is None and not engine.roots():
            raise no_notes()
        try:
            with show.progress(quiet=quiet) as step:
                report = engine.sync(names, progress=step)
            following = _Following(engine, names, quiet=quiet)
            following.first(report)
            following.until_stopped(poll=poll)
        except KeyboardInterrupt:
            show.line(say("Stopped. What was committed is kept; run the command again to go on."))
            raise typer.Exit(_INTERRUPTED) from None


class _Following:
    """Syncs what a watcher tells of, and prints a line for each sync that changed something."""

    def __init__(self, engine: Engine, names: list[str] | None, *, quiet: bool) -> None:
        self._engine = engine
        self._names = names
        self._quiet = quiet
        self._failed: set[FileIssue] = set()
        self._stopped = threading.Event()

    def first(self, report: SyncReport) -> None:
        """What the sync before the watch found."""
        self._failed = set(report.failed)
        if not self._quiet:
            show.sync_report(report)
        else:
            for refusal in report.refused:
                show.line(explain(refusal))

    def until_stopped(self, *, poll: bool | None) -> None:
        """Follow changes until Ctrl-C, or until the process is asked to end."""
        from ingest.watch import Watcher

        settings = self._engine.settings.sync
        watcher = Watcher(
            self._roots,
            self._sync,
            self._tell,
            exclude=settings.never_read,
            keep_out=(self._engine.home,),
            force_polling=settings.poll if poll is None else poll,
        )
        with self._ended_by_signals():
            watcher.start()
            if not self._quiet:
                show.line(say("Watching {count} folders. Press Ctrl-C to stop.", count=len(self._roots())))
            while not self._stopped.wait(1.0):  # on Windows, an endless wait hears no Ctrl-C
                pass
            watcher.stop()

    def _roots(self) -> list[tuple[str, Path]]:
        roots = [(root.name, root.path) for root in self._engine.roots() if root.path is not None]
        return [root for root in roots if self._names is None or root[0] in self._names]

    def _sync(self, names: list[str], paths: list[Path] | None) -> None:
        report = self._engine.sync(names, paths=paths)
        failed = [issue for issue in report.failed if issue not in self._failed]
        self._failed.update(failed)
        done = {name: getattr(report, name) for name in ("added", "changed", "moved", "removed")}
        if not self._quiet and (failed or any(done.values())):
            show.line(
                say(
                    "{time} {added} added, {changed} changed, {moved} moved, {removed} removed, "
                    "{failed} failed ({seconds} s)",
                    **done,
                    time=time.strftime("%H:%M:%S"),
                    failed=len(failed),
                    seconds=f"{report.seconds:.1f}",
                )
            )
        for issue in failed:
            show.line(say("failed: {path}: {reason}", path=issue.path, reason=issue.reason))
        if report.refused:
            raise report.refused[0]

    def _tell(self, message: str) -> None:
        if not self._stopped.is_set():
            show.line(message)

    @contextlib.contextmanager
    def _ended_by_signals(self) -> Iterator[None]:
        kinds = (signal.SIGINT, signal.SIGTERM)
        before = {kind: signal.signal(kind, lambda *_: self._stopped.set()) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages.")] = 10,
    ignore: IgnoreOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Find passages."""
    from dataclasses import replace

    from rag import present

    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        found = engine.search(query, k, ignore=ignore or ())
        note = _changes(engine)
    if as_json:
        print_json(present.retrieval(replace(found, trace=_noted(found.trace, note))))
        return
    if not found.hits:
        why = say("Nothing found. No note shares a word with the question.")
        show.line(say("Nothing found.") if found.trace.notes else why)
    show.hits(show.console(), found)
    show.trace(_noted(found.trace, note))


def ask(
    question: Annotated[str, typer.Argument(help="A question in Chinese or English.")],
    *,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages to read.")] = 10,
    ignore: IgnoreOption = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", "-s", help="Ask in this conversation; a new name begins one.", show_default=False
        ),
    ] = None,
    go_on: Annotated[bool, typer.Option("--continue", "-c", help="Ask in the latest conversation.")] = False,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Let the language model look things up in several steps first."),
    ] = False,
    show_prompt: Annotated[
        bool,
        typer.Option(
            "--show-prompt", help="Show what a language model would be sent, and where; send nothing."
        ),
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Answer a question from the notes, with footnotes."""
    from dataclasses import replace

    from rag import present

    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        if show_prompt:
            _preview(engine, question, k, ignore or (), as_json=as_json)
            return
        out = show.console()
        spoken = _conversation(engine, session, go_on=go_on)
        history = engine.conversations().history(spoken.id) if spoken else ()
        how: dict[str, Any] = {"k": k, "ignore": ignore or (), "history": history}
        pieces = _told(engine.ask_deep(question, **how)) if deep else engine.ask_stream(question, **how)
        answer = show.last(pieces) if as_json else show.streamed(out, pieces)
        if spoken:
            engine.conversations().keep(spoken.id, answer)
        note = _changes(engine)
    answer = replace(answer, trace=_noted(answer.trace, note))
    if as_json:
        print_json(present.answer(answer))
        return
    show.footnotes(out, answer)
    show.trace(answer.trace)


def _told(pieces: Iterator[Step | str | Answer]) -> Iterator[str | Answer]:
    """The answer's pieces; each step before it is a line on standard error."""
    from rag.deep import Step, line

    for piece in pieces:
        if isinstance(piece, Step):
            show.line(line(piece))
        else:
            yield piece


def _conversation(engine: Engine, named: str | None, *, go_on: bool) -> Session | None:
    """The conversation that a question belongs to; None: it stands alone and is not kept."""
    talks = engine.conversations()
    if named is not None:
        return engine.sessions.find(named) or talks.start(named)
    if go_on:
        return talks.latest() or talks.start(say("Conversation"))
    return None


def _preview(engine: Engine, question: str, k: int, ignore: Collection[str], *, as_json: bool) -> None:
    """What would be sent, on standard output; where to, on standard error."""
    from rag.answering import preview
    from rag.asking import Asked

    prompt = preview(engine, Asked(question, k, ignore=ignore))
    writer = engine.generator
    if prompt is None or writer is None:
        show.line(say("Nothing would be sent: no note that may be was found."))
        return
    place, notes = writer.place, tuple(dict.fromkeys(passage.doc_id for passage in prompt.passages))
    if as_json:
        print_json(
            {
                "server": place.server,
                "far": place.far,
                "model": writer.llm.name,
                "notes": list(notes),
                "masked": prompt.masked,
                "system": prompt.system,
                "prompt": prompt.text,
            }
        )
        return
    out = show.console()
    out.print(prompt.system)
    out.print()
    out.print(prompt.text)
    values = {"server": place.server, "model": writer.llm.name, "count": len(notes), "masked": prompt.masked}
    show.line(
        say(
            "{server}, beyond this machine, would be sent this for {model}: {count} notes, {masked} secrets masked.",
            **values,
        )
        if place.far
        else say(
            "{server}, on this machine, would be sent this for {model}: {count} notes, {masked} secrets masked.",
            **values,
        )
    )
    for name in notes:
        show.line(f"  {show.name(name)}")


def _changes(engine: Engine) -> str:
    count = engine.changed_since_sync()
    return show.changed_files(count) if count else ""


def _noted(trace: Any, note: str) -> Any:
    from dataclasses import replace

    return replace(trace, notes=(*trace.notes, note)) if note else trace
