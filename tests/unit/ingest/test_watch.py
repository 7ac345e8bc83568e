"""The watcher: changes become syncs, and nothing that goes wrong ends it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ingest import watch
from ingest.watch import Watcher
from rag.errors import RootError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 15.0


class Scene:
    """Roots, a sync that records its calls, and the lines that were told."""

    def __init__(self) -> None:
        self.roots: list[tuple[str, Path]] = []
        self.calls: list[list[str]] = []
        self.lines: list[str] = []
        self.failure: Exception | None = None
        self.changed = threading.Condition()

    def sync(self, names: list[str]) -> None:
        """Record a call, and fail where the scene says so."""
        with self.changed:
            self.calls.append(names)
            self.changed.notify_all()
        if self.failure:
            raise self.failure

    def tell(self, line: str) -> None:
        """Record a line."""
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], why: str) -> None:
        """Wait for something to have happened."""
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), f"{why}: {self.calls} {self.lines}"

    def quiet(self) -> int:
        """How many syncs there have been once none has come for a while."""
        count = -1
        while count != len(self.calls):
            count = len(self.calls)
            time.sleep(0.7)
        return count


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene with short waits."""
    monkeypatch.setattr(watch, "_LOOK_S", 0.2)
    monkeypatch.setattr(watch, "_FIRST_RETRY_S", 0.2)
    return Scene()


@pytest.fixture
def start(scene: Scene) -> Iterator[Callable[..., Watcher]]:
    """Starts watchers that are stopped after the test."""
    started: list[Watcher] = []

    def begin(**options: object) -> Watcher:
        watcher = Watcher(lambda: list(scene.roots), scene.sync, scene.tell, debounce_s=0.1, **options)  # type: ignore[arg-type]
        watcher.start()
        started.append(watcher)
        return watcher

    yield begin
    for watcher in started:
        watcher.stop()


def folder(scene: Scene, path: Path) -> Path:
    """A new root, named like its folder."""
    path.mkdir()
    scene.roots.append((path.name, path))
    return path


@pytest.mark.parametrize("polling", [False, True])
def test_a_change_is_synced_with_the_name_of_its_root(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path, polling: bool
) -> None:
    """Every root at the start, then the one that changed; by the system's events and by polling alike."""
    one = folder(scene, tmp_path / "one")
    folder(scene, tmp_path / "two")
    start(force_polling=polling)
    scene.wait(lambda: ["one", "two"] in scene.calls, "first sync")
    scene.quiet()
    (one / "deep").mkdir()
    (one / "deep" / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: ["one"] in scene.calls, "sync of the change")
    assert ["two"] not in scene.calls


def test_a_root_that_is_added_while_it_runs_is_synced_and_watched(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """``footnotes sync`` in a terminal registers roots under a running server."""
    start()
    assert scene.quiet() == 0
    late = folder(scene, tmp_path / "late")
    scene.wait(lambda: ["late"] in scene.calls, "first sync of the new root")
    before = scene.quiet()
    (late / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync of the change")


def test_a_failing_sync_is_told_once_and_tried_again(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """One line, however often it fails; and when it works, the change has not been forgotten."""
    folder(scene, tmp_path / "one")
    scene.failure = RootError("{name} has lost\nall notes.", name="one")
    start()
    scene.wait(lambda: len(scene.calls) >= 3, "tries")
    assert scene.lines == ["one has lost all notes."]
    scene.failure = None
    done = len(scene.calls)
    scene.wait(lambda: len(scene.calls) > done, "last try")
    settled = scene.quiet()
    time.sleep(1.0)
    assert len(scene.calls) == settled


def test_an_unexpected_error_is_one_line_too(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Whatever a sync raises, the watcher lives."""
    one = folder(scene, tmp_path / "one")
    scene.failure = ValueError("odd")
    start()
    scene.wait(lambda: bool(scene.lines), "the line")
    assert scene.lines == ["ValueError: odd"]
    scene.failure = None
    before = scene.quiet()
    (one / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync after the failure")


def test_a_root_that_goes_and_returns_is_watched_again(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """A disk that was unplugged: its return is a change, and so is what happens on it afterwards."""
    one = folder(scene, tmp_path / "one")
    start()
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    one.rename(tmp_path / "away")
    scene.wait(lambda: len(scene.calls) > before, "sync that sees the loss")
    before = scene.quiet()
    (tmp_path / "away").rename(one)
    scene.wait(lambda: len(scene.calls) > before, "sync of the return")
    before = scene.quiet()
    (one / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync after the return")


def test_what_a_sync_leaves_out_wakes_nobody(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """An editor's own files, and a home inside the notes, which every sync writes to."""
    one = folder(scene, tmp_path / "one")
    (one / ".obsidian").mkdir()
    (one / "home").mkdir()
    start(exclude=(".obsidian", "*.tmp"), keep_out=(one / "home",))
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    (one / ".obsidian" / "workspace.json").write_text("{}", "utf-8")
    (one / "home" / "catalogue.db").write_text("x", "utf-8")
    (one / "save.tmp").write_text("x", "utf-8")
    assert scene.quiet() == before
    (one / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync of a note")


def test_stopping_is_quick(scene: Scene, start: Callable[..., Watcher], tmp_path: Path) -> None:
    """Ctrl-C on the server must not wait for the next change."""
    folder(scene, tmp_path / "one")
    watcher = start()
    scene.wait(lambda: bool(scene.calls), "first sync")
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 2.0
    assert not watcher._thread.is_alive()


def test_a_list_of_roots_that_cannot_be_read_is_told_and_asked_again(scene: Scene, tmp_path: Path) -> None:
    """The catalogue may be busy for a moment."""
    one = folder(scene, tmp_path / "one")
    answers = iter([RuntimeError("busy")])

    def roots() -> list[tuple[str, Path]]:
        error = next(answers, None)
        if error:
            raise error
        return [("one", one)]

    watcher = Watcher(roots, scene.sync, scene.tell)
    watcher.start()
    scene.wait(lambda: bool(scene.calls), "sync after the error")
    watcher.stop()
    assert scene.lines == ["RuntimeError: busy"]
