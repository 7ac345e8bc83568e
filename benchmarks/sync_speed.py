"""How long a sync takes where little has changed: an unchanged folder, and a saved note among many passages.

    python benchmarks/sync_speed.py [--notes 10000] [--chunks 100000] [--runs 7] [--out benchmarks/results/sync.md]

Notes are made from the sentences of the sample notes, shuffled with a fixed seed; the built-in model embeds them.
Prints a table, and writes it where ``--out`` says. A saved note counts from the watcher's event, which is the moment
in which the system's change reaches the watcher's thread, until a search returns the note's new word.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import footnotes
from ingest.watch import Watcher

sys.path.insert(0, str(Path(__file__).resolve().parent))
from search_speed import made_notes  # type: ignore[import-not-found] # a script beside this one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from footnotes import Engine

PATIENCE_S = 60


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["FOOTNOTES_HOME"] = str(Path(name) / "unused")
        rows = [
            *unchanged(Path(name) / "a", args.notes, args.runs),
            *saved(Path(name) / "b", args.chunks, args.runs),
        ]
    table = "\n".join(["| what | median s | least s | most s |", "| --- | --: | --: | --: |", *rows])
    print(table)
    if args.out:
        command = " ".join(["python", "benchmarks/sync_speed.py", *sys.argv[1:]])
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        text = f"# Syncs where little has changed\n\n`{command}` on {machine}; {args.runs} runs each.\n\n{table}\n"
        args.out.write_text(text, encoding="utf-8")


def unchanged(folder: Path, notes: int, runs: int) -> list[str]:
    """Sync a folder again in which nothing has happened: in a process that runs, and as a command."""
    made_notes(folder / "notes", notes * 4)
    home = folder / "home"
    with footnotes.open(home) as engine:
        engine.add_root(folder / "notes")
        first = engine.sync()
        time.sleep(2.5)  # files younger than the clock's resolution would be hashed
        engine.sync()
        warm = [_timed(lambda: _must(engine.sync().unchanged == notes)) for _ in range(runs)]
        status = [_timed(lambda: _must(engine.changed_since_sync(60) == 0)) for _ in range(runs)]
    command = [
        sys.executable,
        "-c",
        "from rag.cli import main; main()",
        "sync",
        "--home",
        str(home),
        "--quiet",
    ]
    whole = [_timed(lambda: subprocess.run(command, check=True)) for _ in range(runs)]
    return [
        _row(f"first sync of {notes} notes, {first.chunks} passages", [first.seconds]),
        _row(f"sync of {notes} unchanged notes, in a running process", warm),
        _row(f"`footnotes sync` of {notes} unchanged notes", whole),
        _row(f"what `footnotes status` looks for in {notes} unchanged notes", status),
    ]


def saved(folder: Path, chunks: int, runs: int) -> list[str]:
    """Save a note while a watcher follows the folder; search for what it says now."""
    notes = made_notes(folder / "notes", chunks)
    with footnotes.open(folder / "home") as engine:
        engine.add_root(notes)
        found = engine.sync().chunks
        with _Followed(engine) as followed:
            times = [followed.save(notes / "000" / f"note {number}.md", number) for number in range(runs)]
    event, saving = [t[0] for t in times], [t[1] for t in times]
    return [
        _row(f"watcher's event to searchable, among {found} passages", event),
        _row(f"save to searchable, among {found} passages", saving),
    ]


class _Followed:
    """A watcher over all roots, with the moment of its last event."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._synced = threading.Condition()
        self._count = 0
        self._event = 0.0
        watcher = Watcher(
            lambda: [(root.name, root.path) for root in engine.roots() if root.path is not None],
            self._sync,
            print,
        )
        self._watcher = watcher

    def __enter__(self) -> Self:
        self._watcher.start()
        self._wait(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._watcher.stop()

    def _sync(self, names: list[str], paths: list[Path] | None) -> None:
        with self._synced:
            self._event = time.perf_counter()
        self._engine.sync(names, paths=paths)
        with self._synced:
            self._count += 1
            self._synced.notify_all()

    def save(self, path: Path, number: int) -> tuple[float, float]:
        """Seconds from the event, and from the save, to a search that finds it."""
        time.sleep(0.5)
        before, word = self._count, f"quokka{number}"
        text = path.read_text("utf-8")
        began = time.perf_counter()
        path.write_text(f"{text}\n\n{word} was seen.\n", encoding="utf-8")
        self._wait(before)
        hits = self._engine.search(word).hits
        done = time.perf_counter()
        _must(word in hits[0].chunk.text)
        return done - self._event, done - began

    def _wait(self, before: int) -> None:
        with self._synced:
            _must(self._synced.wait_for(lambda: self._count > before, PATIENCE_S))


def _timed(action: object) -> float:
    assert callable(action)
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _must(condition: bool) -> None:
    if not condition:
        raise SystemExit("the measured step did not do what it is measured for")


def _row(what: str, seconds: Sequence[float]) -> str:
    return f"| {what} | {statistics.median(seconds):.3f} | {min(seconds):.3f} | {max(seconds):.3f} |"


if __name__ == "__main__":
    main()
