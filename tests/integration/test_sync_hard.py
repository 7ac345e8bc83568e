"""Syncs that go wrong halfway: disks that come off, races, odd names, restored backups."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from ingest import loaders, pipeline, scan
from rag.errors import HomeError, RootError
from rag.store import lexical
from rag.store.changes import Batch
from tests.integration.finding import is_gone
from tests.integration.finding import with_words as found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

TREES = "ash birch cedar elm fir hazel linden maple oak poplar".split()  # noqa: SIM905 - reads better
NOTES = len(TREES)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Ten notes; each holds a word of its own."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for i, tree in enumerate(TREES):
        (folder / f"n{i}.md").write_text(f"{tree} common\n", encoding="utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """The notes, synced."""
    with footnotes.open(footnotes_home, settings={"sync.batch": 2}) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def is_sound(engine: Engine) -> bool:
    """The doctor finds nothing."""
    return all(finding.ok for finding in engine.doctor())


def copy_home(source: Path, target: Path) -> None:
    """What a backup of the home holds, or puts back."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def test_new_catalogue_beside_an_old_index(footnotes_home: Path, tmp_path: Path) -> None:
    """The catalogue was moved away; the old index, of equal count and number, is not trusted."""
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "a.md").write_text("zebra", encoding="utf-8")
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(folder)
        engine.sync()
    for path in footnotes_home.glob("catalogue.db*"):
        path.unlink()
    (folder / "a.md").write_text("walnut", encoding="utf-8")
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(folder)
        engine.sync()
        assert is_gone(engine, "zebra")
        assert found(engine, "walnut") == ["one/a.md"]
        assert is_sound(engine)


def test_restored_catalogue_beside_a_newer_index(footnotes_home: Path, notes: Path, tmp_path: Path) -> None:
    """A backup is restored and goes on: its next generation is not the one that the index has seen."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
    copy_home(footnotes_home, tmp_path / "backup")
    (notes / "b.md").write_text("banana", encoding="utf-8")
    with footnotes.open(footnotes_home) as engine:
        engine.sync()
    for path in footnotes_home.glob("catalogue.db*"):
        path.unlink()
    for path in (tmp_path / "backup").glob("catalogue.db*"):
        shutil.copy(path, footnotes_home / path.name)
    (notes / "b.md").unlink()
    (notes / "c.md").write_text("cherry", encoding="utf-8")
    with footnotes.open(footnotes_home) as engine:
        engine.sync()
        assert is_gone(engine, "banana")
        assert found(engine, "cherry") == ["notes/c.md"]
        assert is_sound(engine)


def test_touch_of_a_row_that_changed_meanwhile_is_left_alone(engine: Engine, notes: Path) -> None:
    """Another sync committed newer text between our scan and our commit; the file was put back since."""
    path = notes / "n0.md"
    old = path.read_bytes()
    os.utime(path, (1, 1))
    root = engine.roots()[0]
    plan = scan.scan(root, engine.catalogue.records("notes"), engine.scan_rules())
    assert "notes/n0.md" in [f.id for f in plan.touched]
    path.write_text("walnut", encoding="utf-8")
    engine.sync()
    path.write_bytes(old)
    report = pipeline.SyncReport()
    engine._upkeep.pipeline().apply(plan, report, lambda _: None)
    assert report.overtaken == {"notes"}
    engine.sync()
    assert is_gone(engine, "walnut")
    assert found(engine, "ash") == ["notes/n0.md"]


def test_overtaken_sync_looks_again(
    engine: Engine, notes: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process commits older bytes after our scan: our sync still ends with the file's own text."""
    path = notes / "n0.md"
    path.write_text("banana", encoding="utf-8")
    real, calls = scan.scan, list[int]()

    def overtaking(*args: object) -> scan.Plan:
        plan = real(*args)  # type: ignore[arg-type] # passed through
        if not calls:
            calls.append(1)
            path.write_text("older", encoding="utf-8")
            with footnotes.open(footnotes_home) as other:
                other.sync()
            path.write_text("cherry", encoding="utf-8")
        return plan

    monkeypatch.setattr(scan, "scan", overtaking)
    engine.sync()
    assert found(engine, "cherry") == ["notes/n0.md"]
    assert is_gone(engine, "older")
    assert is_sound(engine)


@pytest.mark.parametrize("how", ["unreadable", "links", "emptied", "too large"])
def test_notes_that_cannot_be_read_any_more_are_not_dropped(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A stale mount, cloud placeholders, a tool that turned files into links: refused like a deletion."""
    for path in notes.iterdir():
        if how == "links":
            path.rename(notes.parent / path.name)
            path.symlink_to(notes.parent / path.name)
        elif how == "emptied":
            path.write_bytes(b"")
        else:
            os.utime(path, (1, 1))
    if how == "unreadable":

        def failing(_: Path) -> str:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(scan, "sha256_of", failing)
    rules = {"too large": {"sync.max_file_mb": 0.000001}}.get(how, {})
    with footnotes.open(engine.home, settings=rules) as other:
        report = other.sync()
        assert len(report.refused) == 1
        assert report.documents == NOTES
        assert found(other, "elm") == ["notes/n3.md"]


def test_disk_that_comes_off_during_a_sync(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the scan, before the files are read: nothing is taken for a failure."""
    for path in notes.iterdir():
        path.write_text("new text", encoding="utf-8")
    real, seen = loaders.load, list[str]()

    def unplugging(doc_id: str, data: bytes, *_: object, **__: object) -> footnotes.Document:
        seen.append(doc_id)
        if len(seen) == 3:
            shutil.move(notes, notes.parent / "away")
        return real(doc_id, data)

    monkeypatch.setattr(loaders, "load", unplugging)
    report = engine.sync()
    assert len(report.refused) == 1
    assert "missing" in str(report.refused[0])
    assert report.documents == NOTES
    assert engine.catalogue.counts().failed == 0


def test_most_notes_failing_while_they_are_read(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the notes may turn out unreadable, not more."""
    for path in notes.iterdir():
        path.write_text("new text", encoding="utf-8")

    def failing(self: Path) -> bytes:
        raise OSError(5, f"Input/output error {self.name}")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", failing)
        report = engine.sync()
    assert len(report.refused) == 1
    assert engine.catalogue.counts().indexed >= NOTES / 2
    engine.sync()
    assert len(found(engine, "new text")) == NOTES


def test_file_that_goes_while_it_is_read_is_seen_by_the_next_sync(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors replace files; a vanished one is neither a failure nor a loss of its old text yet."""
    (notes / "n0.md").write_text("new text", encoding="utf-8")
    real = Path.read_bytes

    def vanishing(self: Path) -> bytes:
        if self.name == "n0.md":
            self.unlink()
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", vanishing)
        report = engine.sync()
    assert (report.failed, report.changed) == ([], 0)
    assert engine.sync().removed == 1
    assert is_gone(engine, "ash")


def test_unexpected_failure_is_tried_again(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loader that ran out of memory once must not lose the note for good."""
    (notes / "n0.md").write_text("new text", encoding="utf-8")

    def failing(*_: object, **__: object) -> footnotes.Document:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(loaders, "load", failing)
        assert [i.path for i in engine.sync().failed] == ["notes/n0.md"]
    assert engine.sync().added == 1
    assert found(engine, "new text") == ["notes/n0.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems normalise file names themselves")
def test_names_in_both_unicode_forms(engine: Engine, notes: Path) -> None:
    """A note copied from a Mac is found under its composed name and opened under its own; twins are two notes."""
    composed, decomposed = "Café.md", unicodedata.normalize("NFD", "Café.md")
    (notes / decomposed).write_text("alpha decomposed", encoding="utf-8")
    engine.sync()
    answer = engine.ask("alpha decomposed?")
    assert answer.citations[0].doc_id == "notes/Café.md"
    assert not answer.citations[0].changed
    assert engine.file_of("notes/Café.md") == notes / decomposed
    (notes / composed).write_text("beta composed", encoding="utf-8")
    engine.sync()
    assert len(found(engine, "decomposed")) == 1
    assert found(engine, "beta") == ["notes/Café.md"]
    assert engine.file_of(found(engine, "decomposed")[0]) == notes / decomposed
    report = engine.sync()
    assert (report.added, report.changed, report.unchanged) == (0, 0, NOTES + 2)
    assert engine.changed_since_sync(5) == 0
    assert is_sound(engine)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_name_that_is_no_utf8_is_skipped_with_a_reason(engine: Engine, notes: Path) -> None:
    """And does not push out a note whose name looks like its stand-in."""
    Path(os.fsdecode(os.fsencode(notes) + b"/\xff.md")).write_text("gamma", encoding="utf-8")
    (notes / "?.md").write_text("delta", encoding="utf-8")
    for _ in range(3):
        report = engine.sync()
        assert [i.reason for i in report.skipped] == ["file name is not valid UTF-8"]
        assert found(engine, "delta") == ["notes/?.md"]
        assert engine.changed_since_sync(5) == 0
    assert is_sound(engine)


def test_root_names_are_normalised(engine: Engine, tmp_path: Path) -> None:
    """A folder that a Mac named works, and so does such a new name."""
    folder = tmp_path / unicodedata.normalize("NFD", "café")
    folder.mkdir()
    (folder / "a.md").write_text("epsilon", encoding="utf-8")
    assert engine.add_root(folder).name == "café"
    engine.sync()
    assert found(engine, "epsilon") == ["café/a.md"]
    engine.rename_root("café", unicodedata.normalize("NFD", "Zoë"))
    engine.sync()
    assert found(engine, "epsilon") == ["Zoë/a.md"]


@pytest.mark.parametrize("what", ["removed", "renamed"])
def test_root_that_another_process_takes_away_during_a_sync(
    engine: Engine, notes: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """One line, nothing half done, and the next sync is right."""
    (notes / "new.md").write_text("zeta", encoding="utf-8")
    real = scan.scan

    def interfering(*args: object) -> scan.Plan:
        plan = real(*args)  # type: ignore[arg-type] # passed through
        with footnotes.open(footnotes_home) as other:
            if what == "removed":
                other.remove_root("notes")
            else:
                other.rename_root("notes", "other")
        return plan

    with monkeypatch.context() as patch:
        patch.setattr(scan, "scan", interfering)
        report = engine.sync()
    assert "removed or renamed" in str(report.refused[0])
    engine.sync()
    assert found(engine, "zeta") == ([] if what == "removed" else ["other/new.md"])
    assert is_sound(engine)


def test_threads_come_and_go_without_leaving_connections(engine: Engine) -> None:
    """A web server's threads are many; open files stay few."""
    for _ in range(30):
        thread = threading.Thread(target=lambda: engine.search("common"))
        thread.start()
        thread.join()
    assert len(engine.catalogue.database._all) <= 3


def test_doctor_sees_notes_that_can_no_longer_be_read(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that the folder cannot confirm is not green."""
    path = notes / "n0.md"
    path.rename(notes.parent / "n0.md")
    path.symlink_to(notes.parent / "n0.md")
    assert not is_sound(engine)

    def failing(_: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(scan, "sha256_of", failing)
    assert not is_sound(engine)


def test_verify_mends_a_passage_that_is_not_its_span(engine: Engine) -> None:
    """The remedy that the doctor names works."""
    with engine.catalogue.database.writing() as db:
        db.execute("UPDATE chunks SET text = 'rubbish' WHERE doc_id = 'notes/n0.md'")
    bad = [finding for finding in engine.doctor() if not finding.ok]
    assert [finding.remedy for finding in bad] == ["footnotes sync --verify"]
    engine.sync(verify=True)
    assert is_sound(engine)


def test_damaged_catalogue_is_one_line(footnotes_home: Path, notes: Path) -> None:
    """Pages overwritten: every command says so and changes nothing."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
    path = footnotes_home / "catalogue.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    whole = bytearray(path.read_bytes())
    for at in range(4096, len(whole), 4096):
        whole[at : at + 2048] = b"\xa5" * 2048
    path.write_bytes(bytes(whole))
    with pytest.raises(HomeError, match="damaged"), footnotes.open(footnotes_home) as engine:
        engine.search("common")


def test_home_inside_the_notes_is_not_read(notes: Path, tmp_path: Path) -> None:
    """Not even when it is reached through a link."""
    (tmp_path / "link").symlink_to(notes)
    with footnotes.open(tmp_path / "link" / "home") as engine:
        engine.add_root(notes)
        report = engine.sync()
        assert (report.added, report.skipped) == (NOTES, [])
        assert engine.sync().unchanged == NOTES


def test_missing_part_of_a_batch_is_not_committed(engine: Engine) -> None:
    """A batch asks for its root before it writes."""
    with engine.catalogue.database.reading() as db:
        root = engine.roots()[0]
        assert Batch(db).has_root(root)
        assert not Batch(db).has_root(type(root)("notes", root.path and root.path / "elsewhere"))
    with pytest.raises(RootError, match="no root named"):
        engine.sync(["nobody"])


def test_folder_that_cannot_be_entered_does_not_stop_the_rest(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed with its reason; the other notes go on; entered again, its notes are back."""
    locked = notes / "locked"
    locked.mkdir()
    (locked / "in.md").write_text("secret garden", encoding="utf-8")
    engine.sync()
    (notes / "new.md").write_text("walnut", encoding="utf-8")
    real = os.scandir

    def refusing(path: Path | int) -> object:
        if not isinstance(path, int) and Path(path) == locked:
            raise PermissionError(13, "Permission denied")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        report = engine.sync()
        assert {i.path for i in report.failed} == {"notes/locked", "notes/locked/in.md"}
        assert "cannot be listed" in report.failed[0].reason
        assert found(engine, "walnut") == ["notes/new.md"]
        assert engine.changed_since_sync(5) == 0
    assert engine.sync().failed == []
    assert found(engine, "secret garden") == ["notes/locked/in.md"]
    assert is_sound(engine)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_folders_whose_names_are_no_utf8(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out or locked, they are named legibly and stop nothing."""
    odd = Path(os.fsdecode(os.fsencode(notes) + b"/\xff"))
    odd.mkdir()
    Path(os.fsdecode(os.fsencode(notes) + b"/.\xfe")).mkdir()
    real = os.scandir

    def refusing(path: Path | int) -> object:
        if not isinstance(path, int) and Path(path) == odd:
            raise PermissionError(13, "Permission denied")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        report = engine.sync()
    assert [i.path for i in report.failed] == [r"notes/\udcff"]
    assert [i.path for i in report.skipped] == [r"notes/.\udcfe/"]
    assert report.unchanged == NOTES


def test_folders_left_out_are_named(engine: Engine, notes: Path) -> None:
    """A folder called public may hold notes: its owner must learn that it is not read."""
    for name in ("public", ".obsidian"):
        (notes / name).mkdir()
        (notes / name / "a.md").write_text("hidden pelican", encoding="utf-8")
    report = engine.sync()
    assert [(i.path, i.reason) for i in report.skipped] == [
        ("notes/.obsidian/", "left out by `.*` (sync.exclude)"),
        ("notes/public/", "left out by `public/` (sync.exclude)"),
    ]
    assert is_gone(engine, "pelican")


def test_full_disk_in_the_full_text_engine_is_one_line(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reports such things as a ValueError."""
    (notes / "n0.md").write_text("walnut", encoding="utf-8")

    def full(*_: object) -> int:
        raise ValueError("An IO error occurred: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(lexical, "_written", full)
        with pytest.raises(HomeError, match="No space left"):
            engine.sync()
        assert is_gone(engine, "ash"), "what is gone from the catalogue is not shown"
    assert found(engine, "walnut") == ["notes/n0.md"]


def test_index_that_cannot_be_built_is_an_error_not_an_empty_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that cannot be written, without an index: nobody is told that the notes do not say."""
    shutil.rmtree(engine.home / "lexical")

    def full(*_: object) -> int:
        raise ValueError("Permission denied")

    monkeypatch.setattr(lexical, "_written", full)
    with footnotes.open(engine.home) as other, pytest.raises(HomeError, match="Permission denied"):
        other.ask("ash?")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """A home may be put into somebody's folder; only what we make is made private."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    with footnotes.open(folder) as engine:
        assert folder.stat().st_mode & 0o777 == 0o755
        engine.import_documents("none", [])
        assert (folder / "lexical").stat().st_mode & 0o777 == 0o700
        with pytest.raises(RootError, match="where the index is kept"):
            engine.add_root(folder)
