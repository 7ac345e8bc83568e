"""``footnotes watch`` as a process: it follows changes and ends when it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes

if TYPE_CHECKING:
    from collections.abc import Callable

    from footnotes import Engine

PATIENCE_S = 30.0
REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


def until(condition: Callable[[], bool], why: str) -> None:
    """Wait for something to have happened."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, why
        time.sleep(0.1)


def ids(engine: Engine, word: str) -> set[str]:
    """Notes that full text finds; another process may be changing them at this very moment."""
    return {hit.chunk.doc_id for hit in engine.search(word).stages["lexical"]}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_changes_are_followed_until_the_end(tmp_path: Path, footnotes_home: Path, ending: int) -> None:
    """New, saved as editors do, renamed, removed; a line each; Ctrl-C ends it without a trace."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for tree in ("ash", "birch", "cedar"):
        (notes / f"{tree}.md").write_text(f"# Tree\n\n{tree}", "utf-8")
    told = (tmp_path / "told.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", "from rag.cli import main; main()", "watch", str(notes)],
        stderr=told,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"},
    )

    def lines() -> list[str]:
        return (tmp_path / "told.txt").read_text("utf-8").splitlines()

    try:
        until(lambda: any("Press Ctrl-C" in line for line in lines()), "start")
        time.sleep(1.0)  # its own first look
        with footnotes.open(footnotes_home) as engine:
            (notes / "new.md").write_text("walnut", "utf-8")
            until(lambda: ids(engine, "walnut") == {"notes/new.md"}, "a new note")
            (notes / "ash.md.tmp").write_text("# Tree\n\nhickory", "utf-8")
            (notes / "ash.md.tmp").replace(notes / "ash.md")
            until(lambda: ids(engine, "hickory") == {"notes/ash.md"}, "an atomic save")
            (notes / "birch.md").rename(notes / "moved.md")
            until(lambda: ids(engine, "birch") == {"notes/moved.md"}, "a rename")
            (notes / "cedar.md").unlink()
            until(lambda: ids(engine, "cedar") == set(), "a removal")
            until(lambda: sum("0 failed" in line for line in lines()) >= 5, "the lines")
    finally:
        process.send_signal(ending)
        assert process.wait(PATIENCE_S) == 0
        told.close()
    assert any(" 1 added, 0 changed, 0 moved, 0 removed" in line for line in lines())
    assert any(" 0 added, 0 changed, 1 moved, 0 removed" in line for line in lines())
    assert any(" 0 added, 0 changed, 0 moved, 1 removed" in line for line in lines())
    assert not any("Traceback" in line for line in lines())
