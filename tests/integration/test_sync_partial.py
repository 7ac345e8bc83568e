"""A sync of changed paths only does what a whole sync would do of them, and looks at nothing else."""

from __future__ import annotations

import os
import random
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from ingest import scan
from rag.store.catalogue import Catalogue
from tests.integration.finding import is_gone
from tests.integration.finding import with_words as found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

TREES = "ash birch cedar elm fir hazel linden maple oak poplar".split()  # noqa: SIM905 - reads better


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Ten notes in two folders; each holds a word of its own."""
    folder = tmp_path / "notes"
    (folder / "deep" / "er").mkdir(parents=True)
    for i, tree in enumerate(TREES):
        (folder / ("deep/er" if i % 2 else "") / f"{tree}.md").write_text(
            f"# Tree\n\n{tree} common\n", "utf-8"
        )
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """The notes, synced."""
    with footnotes.open(footnotes_home) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def whole(engine: Engine) -> dict[str, tuple[str, str, str]]:
    """What the catalogue says of each file."""
    return {i: (r.status, r.reason, r.sha256) for i, r in engine.catalogue.records("notes").items()}


def test_nothing_else_is_looked_at(engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the records of other notes."""
    for name in ("ash", "cedar"):
        (notes / f"{name}.md").write_text("walnut", "utf-8")

    def all_of_them(*_: object) -> object:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "records", all_of_them)
        report = engine.sync(["notes"], paths=[notes / "ash.md"])
    assert (report.changed, report.unchanged, report.documents) == (1, 0, 10)
    assert found(engine, "walnut") == ["notes/ash.md"]
    assert found(engine, "cedar") == ["notes/cedar.md"]
    assert engine.sync().changed == 1


def test_new_moved_removed_and_folders(engine: Engine, notes: Path) -> None:
    """A folder means all below it, whether it came or went."""
    (notes / "ash.md").rename(notes / "deep" / "moved.md")
    (notes / "cedar.md").unlink()
    (notes / "new").mkdir()
    (notes / "new" / "a.md").write_text("walnut", "utf-8")
    report = engine.sync(
        paths=[
            notes / "ash.md",
            notes / "deep" / "moved.md",
            notes / "cedar.md",
            notes / "new",
            notes / "none.md",
        ]
    )
    assert (report.added, report.moved, report.removed, report.embedded) == (1, 1, 1, 1)
    assert found(engine, "walnut") == ["notes/new/a.md"]
    assert found(engine, "ash") == ["notes/deep/moved.md"]
    (notes / "deep").rename(notes / "new" / "deep")
    report = engine.sync(paths=[notes / "deep", notes / "new" / "deep"])
    assert (report.moved, report.added, report.removed, report.embedded) == (6, 0, 0, 0)
    shutil.rmtree(notes / "new" / "deep" / "er")
    report = engine.sync(paths=[notes / "new" / "deep" / "er"], accept_deletions=True)
    assert report.removed == 5
    assert all(finding.ok for finding in engine.doctor())


def test_loss_is_judged_by_the_whole_root(engine: Engine, notes: Path) -> None:
    """One of ten notes may go, nine may not; a folder that is away is never a deletion."""
    (notes / "ash.md").unlink()
    assert engine.sync(paths=[notes / "ash.md"]).removed == 1
    gone = [path for path in notes.rglob("*.md") if path.name != "birch.md"]
    for path in gone:
        path.unlink()
    report = engine.sync(paths=gone)
    assert len(report.refused) == 1
    assert "lost 8 of its 9 notes" in str(report.refused[0])
    shutil.move(notes, notes.parent / "away")
    report = engine.sync(paths=gone)
    assert "missing" in str(report.refused[0])
    assert report.documents == 9


def test_rules_hold_and_changed_rules_mean_their_folder(engine: Engine, notes: Path) -> None:
    """Left out on the way down, or by a file of rules that is itself the change."""
    (notes / ".git").mkdir()
    (notes / ".git" / "a.md").write_text("walnut", "utf-8")
    engine.sync(paths=[notes / ".git" / "a.md"])
    assert is_gone(engine, "walnut")
    assert whole(engine)["notes/.git/"][:2] == ("skipped", "left out by `.*` (sync.exclude)")
    (notes / "deep" / ".footnotesignore").write_text("er/\n", "utf-8")
    engine.sync(paths=[notes / "deep" / ".footnotesignore"])
    assert is_gone(engine, "birch")
    assert engine.changed_since_sync(5) == 0
    (notes / "deep" / ".footnotesignore").unlink()
    engine.sync(paths=[notes / "deep" / ".footnotesignore"])
    assert found(engine, "birch") == ["notes/deep/er/birch.md"]
    assert engine.changed_since_sync(5) == 0


def test_paths_elsewhere_are_nobodys(engine: Engine, notes: Path, tmp_path: Path) -> None:
    """Neither beside the root, nor in a root that is not named."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("walnut", "utf-8")
    (notes / "ash.md").write_text("walnut", "utf-8")
    engine.add_root(other)
    report = engine.sync(["other"], paths=[notes / "ash.md", tmp_path / "other2" / "x.md"])
    assert (report.added, report.changed) == (0, 0)
    report = engine.sync(paths=[notes / "ash.md", other / "a.md"])
    assert (report.added, report.changed) == (1, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems normalise file names themselves")
def test_twins_in_two_unicode_forms_stay_two(engine: Engine, notes: Path) -> None:
    """Which of them has the plain id is decided among all names, so all are looked at."""
    composed, decomposed = "Café.md", unicodedata.normalize("NFD", "Café.md")
    (notes / decomposed).write_text("walnut", "utf-8")
    engine.sync(paths=[notes / decomposed])
    assert engine.file_of("notes/Café.md") == notes / decomposed
    (notes / composed).write_text("chestnut", "utf-8")
    engine.sync(paths=[notes / composed])
    assert found(engine, "chestnut") == ["notes/Café.md"]
    assert len(found(engine, "walnut")) == 1
    odd = Path(os.fsdecode(os.fsencode(notes) + b"/\xff.md"))
    odd.write_text("hickory", "utf-8")
    report = engine.sync(paths=[odd])
    assert [i.reason for i in report.skipped] == ["file name is not valid UTF-8"]


def test_another_process_that_was_faster_is_noticed(
    engine: Engine, notes: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a whole sync: looked at again."""
    path = notes / "ash.md"
    path.write_text("banana", "utf-8")
    real, calls = scan.scan, list[int]()

    def overtaking(*args: object) -> scan.Plan:
        plan = real(*args)  # type: ignore[arg-type] # passed through
        if not calls:
            calls.append(1)
            path.write_text("older", "utf-8")
            with footnotes.open(footnotes_home) as other:
                other.sync()
            path.write_text("cherry", "utf-8")
        return plan

    monkeypatch.setattr(scan, "scan", overtaking)
    engine.sync(paths=[path])
    assert found(engine, "cherry") == ["notes/ash.md"]
    assert is_gone(engine, "older")


def test_random_changes_told_path_by_path_equal_a_whole_sync(
    engine: Engine, notes: Path, tmp_path: Path, soak: bool
) -> None:
    """Whatever happens to files and folders, the rows are those that a fresh home gets."""
    random_ = random.Random(5)
    fresh = tmp_path / "fresh"
    for step in range(400 if soak else 40):
        paths = _change(random_, notes, step)
        engine.sync(paths=paths, accept_deletions=True)
        if step % 10 == 9:
            shutil.rmtree(fresh, ignore_errors=True)
            with footnotes.open(fresh) as other:
                other.add_root(notes)
                other.sync()
                assert whole(engine) == whole(other), step
            assert engine.changed_since_sync(5) == 0


def _change(random_: random.Random, notes: Path, step: int) -> list[Path]:
    """Change something below a folder; returns what a watcher would tell."""
    files = sorted(p for p in notes.rglob("*") if p.is_file())
    folders = sorted(p for p in notes.rglob("*") if p.is_dir())
    target = random_.choice([notes, *folders]) / random_.choice(
        ["a.md", "b.md", "public", "x.png", f"{step}.md"]
    )
    what = random_.choice(["add", "add", "edit", "remove", "move", "folder", "drop", "rules", "shift"])
    if what == "rules":
        rules = random_.choice([notes, *folders]) / ".footnotesignore"
        rules.write_text(random_.choice(["a.md\n", "*.md\n!b.md\n", "deep/\n", "!public/\n", "!\n"]), "utf-8")
        return [rules]
    if what in {"edit", "remove"} and files:
        path = random_.choice(files)
        if what == "remove":
            path.unlink()
        else:
            path.write_text(f"edited {step}", "utf-8")
        return [path]
    if what == "drop" and len(folders) > 2:
        path = random_.choice(folders)
        shutil.rmtree(path)
        return [path]
    if what in {"move", "shift"} and files and not target.exists():
        path = random_.choice(files if what == "move" or not folders else folders)
        if not target.is_relative_to(path):
            path.rename(target)
            return [path, target]
    if what == "folder" and not target.exists():
        target.mkdir()
        (target / "inner.md").write_text(f"inner {step}", "utf-8")
        return [target]
    if not target.exists():
        target.write_text(f"new {step}", "utf-8")
    return [target]
