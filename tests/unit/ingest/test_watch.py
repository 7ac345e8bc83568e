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
        self.paths: list[list[Path] | None] = []
        self.lines: list[str] = []
        self.failure: Exception | None = None
        self.changed = threading.Condition()

    def sync(self, names: list[str], paths: list[Path] | None) -> None:
        """Record a call, and fail where the scene says so."""
        with self.changed:
            self.calls.append(names)
            self.paths.append(paths)
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
    monkeypatch.setattr(watch, "_POLL_S", 0.2)
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


def _changed(scene: Scene, since: int) -> set[Path] | None:
    """The paths of the syncs since then; None: a root as a whole was among them."""
    found = scene.paths[since:]
    return None if None in found else {path for paths in found for path in paths or ()}


@pytest.mark.parametrize("polling", [False, True])
def test_changed_paths_are_handed_on(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path, polling: bool
) -> None:
    """The first sync is of the whole root, later ones name what was saved, made, moved and removed."""
    one = folder(scene, tmp_path / "one")
    (one / "old.md").write_text("old", "utf-8")
    (one / "gone.md").write_text("gone", "utf-8")
    start(force_polling=polling)
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    assert _changed(scene, 0) is None
    (one / "sub").mkdir()
    (one / "sub" / "new.md").write_text("new", "utf-8")
    (one / "old.md").rename(one / "moved.md")
    (one / "gone.md").unlink()
    wanted = {one / "old.md", one / "moved.md", one / "gone.md"}
    scene.wait(lambda: (_changed(scene, before) or set()) >= wanted, "the paths")
    scene.quiet()
    changed = _changed(scene, before)
    assert changed is not None
    assert changed & {one / "sub", one / "sub" / "new.md"}


def test_an_atomic_save_is_one_sync_of_its_note(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Editors write a file beside the note, then rename it over the note."""
    one = folder(scene, tmp_path / "one")
    (one / "note.md").write_text("old", "utf-8")
    start()
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    (one / "note.md.tmp").write_text("new", "utf-8")
    (one / "note.md.tmp").replace(one / "note.md")
    scene.wait(lambda: len(scene.calls) > before, "sync of the note")
    assert scene.quiet() == before + 1
    assert one / "note.md" in (_changed(scene, before) or set())


def test_very_many_changes_and_a_failure_mean_the_whole_root(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a number, and after a failure, nobody knows any more what is right."""
    monkeypatch.setattr(watch, "_MANY", 3)
    one = folder(scene, tmp_path / "one")
    start()
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    for number in range(20):
        (one / f"{number}.md").write_text("new", "utf-8")
    scene.wait(lambda: None in scene.paths[before:], "sync of everything")
    scene.failure = RootError("odd")
    before = scene.quiet()
    (one / "1.md").write_text("newer", "utf-8")
    scene.wait(lambda: len(scene.calls) > before + 1, "a second try")
    scene.failure = None
    assert scene.paths[before : before + 2] == [[one / "1.md"], None]


def test_a_footnotesignore_file_says_what_wakes_nobody(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Itself, it counts: the notes that it speaks of come or go."""
    one = folder(scene, tmp_path / "one")
    (one / "blog" / "drafts").mkdir(parents=True)
    start(exclude=(".*", "public/"))
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    (one / "blog" / ".footnotesignore").write_text("drafts/\n!public/\n", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync of the rules")
    before = scene.quiet()
    (one / "blog" / "drafts" / "a.md").write_text("new", "utf-8")
    assert scene.quiet() == before
    (one / "blog" / "public").mkdir()
    scene.wait(lambda: len(scene.calls) > before, "sync of a folder that is let in again")


def test_watching_falls_back_to_comparing_lists(
    scene: Scene, start: Callable[..., Watcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that cannot follow so many folders is told of once; changes are seen all the same."""
    import watchfiles

    def exhausted(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "watch", exhausted)
    one = folder(scene, tmp_path / "one")
    start()
    scene.wait(lambda: bool(scene.calls), "first sync")
    before = scene.quiet()
    (one / "note.md").write_text("new", "utf-8")
    scene.wait(lambda: len(scene.calls) > before, "sync of the change")
    assert _changed(scene, before) == {one / "note.md"}
    assert len(scene.lines) == 1
    assert "file lists are compared" in scene.lines[0]


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("nas:/v {folder} nfs4 rw 0 0", True),
        ("me@host: {folder} fuse.sshfs rw 0 0", True),
        ("drive {folder} fuse.gocryptfs rw 0 0", False),
        ("/dev/sda1 {folder} ext4 rw 0 0", False),
        ("nas:/v {folder}/else nfs4 rw 0 0", False),
        ("nas:/v {folder} nfs4 rw 0 0\n/dev/sda1 {folder}/notes\\040here ext4 rw 0 0", False),
    ],
)
def test_network_mounts_are_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mount: str, expected: bool
) -> None:
    """By the file system of the nearest mount, whose name may hold blanks."""
    notes = tmp_path / "notes here"
    notes.mkdir()
    table = tmp_path / "mounts"
    table.write_text("overlay / overlay rw 0 0\n" + mount.format(folder=tmp_path.resolve()), "utf-8")
    monkeypatch.setattr(watch, "_MOUNTS", table)
    assert watch.is_remote(notes) is expected
    monkeypatch.setattr(watch, "_MOUNTS", tmp_path / "no such table")
    assert not watch.is_remote(notes)
