"""After a sync the index equals the folders: the promises, on real files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag import config
from rag.errors import HomeError, RootError
from rag.home import Home
from rag.store import manifest
from tests.integration.finding import everything, is_gone
from tests.integration.finding import with_words as paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder of four notes."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "apple.md").write_text("# Apples\n\nThe harvest was rich.\n", encoding="utf-8")
    (folder / "zebra.md").write_text("# Zebras\n\nA zebra crossed the road.\n", encoding="utf-8")
    (folder / "猫.md").write_text("# 猫\n\n我们的猫叫年糕。\n", encoding="utf-8")
    (folder / "sub" / "index.md").write_text("# Sub\n\nA walnut tree.\n", encoding="utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path) -> Iterator[Engine]:
    """An engine on a home of its own."""
    with footnotes.open(footnotes_home) as opened:
        yield opened


def is_sound(engine: Engine) -> bool:
    """The doctor finds nothing."""
    return all(finding.ok for finding in engine.doctor())


def test_first_sync_then_nothing_to_do(engine: Engine, notes: Path) -> None:
    """A second sync changes nothing, and the generation stays."""
    engine.add_root(notes)
    first = engine.sync()
    assert (first.documents, first.added, first.failed) == (4, 4, [])
    generation = engine.catalogue.generation()
    second = engine.sync()
    assert (second.added, second.changed, second.moved, second.removed, second.unchanged) == (0, 0, 0, 0, 4)
    assert engine.catalogue.generation() == generation
    assert is_sound(engine)


def test_edit_delete_and_rename_leave_no_ghosts(engine: Engine, notes: Path) -> None:
    """Old text is gone, new text is found, a renamed note answers under its new path only."""
    engine.add_root(notes)
    engine.sync()
    (notes / "apple.md").write_text("# Apples\n\nThe frost came early.\n", encoding="utf-8")
    (notes / "zebra.md").unlink()
    (notes / "猫.md").rename(notes / "sub" / "猫咪.md")
    report = engine.sync()
    assert (report.changed, report.removed, report.moved, report.added) == (1, 1, 1, 0)
    assert is_gone(engine, "harvest")
    assert is_gone(engine, "zebra")
    assert paths(engine, "frost") == ["notes/apple.md"]
    assert paths(engine, "年糕") == ["notes/sub/猫咪.md"]
    assert {
        hit.chunk.doc_id for query in ("harvest", "zebra", "年糕") for hit in everything(engine, query)
    } <= {
        "notes/apple.md",
        "notes/sub/index.md",
        "notes/sub/猫咪.md",
    }
    assert engine.document("notes/猫.md") is None
    assert is_sound(engine)


def test_edit_keeps_the_keys_of_untouched_passages(engine: Engine, tmp_path: Path) -> None:
    """Only what an edit changed is written to the indexes."""
    folder = tmp_path / "n"
    folder.mkdir()
    sections = [f"## Part {i}\n\n" + f"word{i} " * 120 + "\n\n" for i in range(6)]
    (folder / "a.md").write_text("".join(sections), encoding="utf-8")
    engine.add_root(folder)
    engine.sync()
    before = {c.text: c.key for batch in engine.catalogue.all_chunks()[0] for c in batch}
    sections[2] = "## Part 2\n\nentirely other words here\n\n"
    (folder / "a.md").write_text("".join(sections), encoding="utf-8")
    engine.sync()
    after = {c.text: c.key for batch in engine.catalogue.all_chunks()[0] for c in batch}
    kept = before.keys() & after.keys()
    assert len(kept) >= 4
    assert all(before[text] == after[text] for text in kept)
    assert not {after[t] for t in after.keys() - kept} & set(before.values()), "keys are never reused"
    assert is_sound(engine)


def test_same_size_edit_with_restored_mtime_is_noticed(engine: Engine, notes: Path) -> None:
    """Size and mtime lie; the inode's change time does not."""
    path = notes / "apple.md"
    os.utime(path, (1_600_000_000, 1_600_000_000))
    engine.add_root(notes)
    engine.sync()
    _forget_that_it_was_fresh(engine)
    info = path.stat()
    path.write_text(path.read_text("utf-8").replace("harvest", "hailing"), encoding="utf-8")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert path.stat().st_size == info.st_size
    assert engine.changed_since_sync(5) == 1
    assert engine.sync().changed == 1
    assert is_gone(engine, "harvest")
    assert paths(engine, "hailing") == ["notes/apple.md"]


def _forget_that_it_was_fresh(engine: Engine) -> None:
    """Pretend that the last scan was later, so that only the file's state can tell."""
    with engine.catalogue.database.writing() as db:
        db.execute("UPDATE documents SET scanned_ns = scanned_ns + 10000000000")


def test_file_written_during_the_scan_second_is_hashed_again(engine: Engine, notes: Path) -> None:
    """A change within the clock's resolution keeps every stamp; the next sync hashes fresh files anyway."""
    engine.add_root(notes)
    engine.sync()
    path = notes / "apple.md"
    record = engine.catalogue.record("notes/apple.md")
    assert record is not None
    path.write_text("# Apples\n\nThe haXvest was rich.\n", encoding="utf-8")
    info = path.stat()
    with engine.catalogue.database.writing() as db:  # the stamps happen to be equal
        db.execute(
            "UPDATE documents SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ? WHERE id = ?",
            (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_ctime_ns, record.id),
        )
    assert engine.sync().changed == 1


def test_two_roots_with_equal_paths_stay_apart(engine: Engine, notes: Path, tmp_path: Path) -> None:
    """Two folders called notes, each with sub/index.md: two documents, each with its own text."""
    other = tmp_path / "other" / "notes"
    shutil.copytree(notes, other)
    (other / "sub" / "index.md").write_text("# Sub\n\nA chestnut tree.\n", encoding="utf-8")
    assert engine.add_root(notes).name == "notes"
    assert engine.add_root(other).name == "notes-2"
    engine.sync()
    assert paths(engine, "walnut") == ["notes/sub/index.md"]
    assert paths(engine, "chestnut") == ["notes-2/sub/index.md"]
    assert set(paths(engine, "年糕")) == {"notes/猫.md", "notes-2/猫.md"}, "equal notes stay two"
    engine.remove_root("notes")
    assert is_gone(engine, "walnut")
    assert paths(engine, "年糕") == ["notes-2/猫.md"]
    engine.rename_root("notes-2", "attic")
    assert paths(engine, "年糕") == ["attic/猫.md"]
    assert {hit.chunk.doc_id.partition("/")[0] for hit in everything(engine, "年糕")} == {"attic"}
    assert engine.sync().unchanged == 4
    assert is_sound(engine)


def test_registering_a_folder_twice_is_one_root(engine: Engine, notes: Path) -> None:
    """By whatever spelling of the path."""
    assert engine.add_root(notes) == engine.add_root(notes / "sub" / "..")
    assert len(engine.roots()) == 1


def test_nested_roots_are_refused(engine: Engine, notes: Path) -> None:
    """Inside or around: one note must have one path."""
    engine.add_root(notes)
    for path in (notes / "sub", notes.parent):
        with pytest.raises(RootError, match="inside each other"):
            engine.add_root(path)
    with pytest.raises(RootError, match="does not exist"):
        engine.add_root(notes / "nowhere")
    with pytest.raises(RootError, match="not a folder"):
        engine.add_root(notes / "apple.md")


@pytest.mark.parametrize("loss", ["unmounted", "emptied", "most"])
def test_lost_folder_loses_nothing(engine: Engine, notes: Path, loss: str) -> None:
    """An unplugged disk is not a deletion, unless the user says so."""
    engine.add_root(notes)
    engine.sync()
    if loss == "unmounted":
        shutil.move(notes, notes.parent / "away")
    else:
        for path in sorted(notes.rglob("*.md"))[: None if loss == "emptied" else 3]:
            path.unlink()
    report = engine.sync()
    assert len(report.refused) == 1
    assert report.documents == 4
    assert paths(engine, "harvest") == ["notes/apple.md"]
    report = engine.sync(accept_deletions=True)
    if loss == "unmounted":
        assert report.refused, "a folder that is not there cannot be accepted"
        shutil.move(notes.parent / "away", notes)
        assert engine.sync().unchanged == 4
    else:
        assert report.documents == (0 if loss == "emptied" else 1)
    assert is_sound(engine)


def test_refused_root_does_not_stop_the_others(engine: Engine, notes: Path, tmp_path: Path) -> None:
    """One folder is away, the other is synced."""
    other = tmp_path / "other"
    other.mkdir()
    engine.add_root(notes)
    engine.add_root(other)
    engine.sync()
    shutil.move(notes, tmp_path / "away")
    (other / "new.md").write_text("A pelican.", encoding="utf-8")
    report = engine.sync()
    assert len(report.refused) == 1
    assert paths(engine, "pelican") == ["other/new.md"]


def test_bad_files_do_not_stop_the_run(engine: Engine, notes: Path) -> None:
    """Each gets its reason, everything else is indexed, and a mended file comes back."""
    (notes / "binary.md").write_bytes(b"\x00\x01\x02" * 200)
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4\nnot really")
    (notes / "bad.md").write_text("---\ntitle: [unclosed\n---\n\nA heron stands.\n", encoding="utf-8")
    (notes / "photo.raw").write_bytes(b"\x89RAW")
    (notes / "empty.md").write_bytes(b"")
    (notes / "link.md").symlink_to(notes / "apple.md")
    engine.add_root(notes)
    report = engine.sync()
    assert {i.path for i in report.failed} == {"notes/binary.md", "notes/broken.pdf"}
    assert {i.path for i in report.skipped} == {"notes/photo.raw", "notes/link.md"}
    assert {i.path for i in report.warnings} == {"notes/bad.md"}
    assert report.added == 6
    assert paths(engine, "heron") == ["notes/bad.md"]
    counts = engine.catalogue.counts()
    assert counts.indexed + counts.failed + counts.skipped == 10, "every file is accounted for"
    again = engine.sync()
    assert (again.added, again.changed, again.unchanged) == (0, 0, 6)
    assert {i.path for i in again.failed} == {"notes/binary.md", "notes/broken.pdf"}, (
        "told until it is mended"
    )
    (notes / "binary.md").write_text("now a pelican", encoding="utf-8")
    assert engine.sync().added == 1
    assert paths(engine, "pelican") == ["notes/binary.md"]
    (notes / "apple.md").write_bytes(b"\x00" * 99)
    assert {i.path for i in engine.sync().failed} == {"notes/apple.md", "notes/broken.pdf"}
    assert is_gone(engine, "harvest"), "a note that became unreadable does not answer with its old text"
    assert is_sound(engine)


def test_unreadable_file_fails_alone(engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without permission there is a reason; with it back, the note is back."""
    real = Path.read_bytes

    def refusing(self: Path) -> bytes:  # root may read everything, so the refusal is made here
        if self.name == "apple.md":
            raise PermissionError(13, "Permission denied")
        return real(self)

    engine.add_root(notes)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refusing)
        report = engine.sync()
    assert [(i.path, i.reason) for i in report.failed] == [("notes/apple.md", "Permission denied")]
    assert report.added == 3
    assert engine.sync().added == 1
    assert paths(engine, "harvest") == ["notes/apple.md"]


def test_title_only_note_is_found_by_its_title(engine: Engine, notes: Path) -> None:
    """An empty note has a name."""
    (notes / "给阳台装一盏灯.md").write_bytes(b"")
    engine.add_root(notes)
    engine.sync()
    assert paths(engine, "阳台 灯")[0] == "notes/给阳台装一盏灯.md"


def test_derived_indexes_recover(footnotes_home: Path, notes: Path) -> None:
    """Absent, behind or damaged: the next start answers from the catalogue."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
    lexical = Home(footnotes_home).lexical
    for damage in ("absent", "damaged"):
        for path in [p for p in lexical.rglob("*") if p.is_file()]:
            path.unlink()
            if damage == "damaged":
                path.write_bytes(b"rubbish")
        with footnotes.open(footnotes_home) as engine:
            assert not is_sound(engine), damage
            assert paths(engine, "harvest") == ["notes/apple.md"], damage
            assert is_sound(engine), damage


def test_index_left_behind_by_a_crash_catches_up(footnotes_home: Path, notes: Path) -> None:
    """The catalogue was committed, then the process died before the indexes were written."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
        (notes / "apple.md").write_text("# Apples\n\nThe frost came early.\n", encoding="utf-8")
        engine._indexes.follow = lambda *_, **__: None  # type: ignore[method-assign] # the process dies here
        engine.sync()
    with footnotes.open(footnotes_home) as engine:
        assert is_gone(engine, "harvest")
        assert paths(engine, "frost") == ["notes/apple.md"]
        assert is_sound(engine)


def test_no_room_for_the_index_is_one_line(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is committed; with room again the next search is right."""
    engine.add_root(notes)
    engine.sync()
    (notes / "apple.md").write_text("# Apples\n\nThe frost came early.\n", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "write", full)
        with pytest.raises(HomeError, match="No space left"):
            engine.sync()
        assert is_gone(engine, "harvest"), "no ghost, though the index is behind"
    assert paths(engine, "frost") == ["notes/apple.md"]
    assert is_sound(engine)


def test_reindex_rebuilds(engine: Engine, notes: Path) -> None:
    """Same answers, same generation."""
    engine.add_root(notes)
    engine.sync()
    engine.reindex()
    assert paths(engine, "harvest") == ["notes/apple.md"]
    assert is_sound(engine)


def test_doctor_sees_what_a_sync_would_do(engine: Engine, notes: Path) -> None:
    """Stale files are found by their hash, and the remedy is named."""
    engine.add_root(notes)
    engine.sync()
    (notes / "apple.md").write_text("changed", encoding="utf-8")
    bad = [finding for finding in engine.doctor() if not finding.ok]
    assert [finding.remedy for finding in bad] == ["footnotes sync"]


def test_changed_recipe_makes_rows_again(footnotes_home: Path, notes: Path) -> None:
    """Another passage size cuts every note anew, without being asked."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
    with footnotes.open(footnotes_home, settings={"chunk.size": 100}) as engine:
        assert engine.sync().changed == 4
        assert engine.sync().unchanged == 4


def test_threads_search_while_another_syncs(engine: Engine, notes: Path) -> None:
    """Readers see the old or the new state of a note, never neither and never a mixture."""
    engine.add_root(notes)
    engine.sync()
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        while not stop.is_set():
            found = engine.search("apples season")
            for name, hits in {**found.stages, "final": found.hits}.items():
                texts = [hit.chunk.text for hit in hits if hit.chunk.doc_id == "notes/apple.md"]
                if len(texts) != 1 or not ("old" in texts[0]) ^ ("new" in texts[0]):
                    problems.append(f"{name}: {texts!r}")

    path = notes / "apple.md"
    path.write_text("# Apples\n\nseason old\n", encoding="utf-8")
    engine.sync()
    reader = threading.Thread(target=read)
    reader.start()
    for i in range(6):
        path.write_text(f"# Apples\n\nseason {'new' if i % 2 else 'old'}\n", encoding="utf-8")
        engine.sync()
    stop.set()
    reader.join()
    assert not problems


def test_home_of_a_newer_format_is_refused(footnotes_home: Path) -> None:
    """One clear line, and the home is left as it is."""
    footnotes.open(footnotes_home).close()
    db = sqlite3.connect(footnotes_home / "catalogue.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(HomeError, match="Upgrade Footnotes"):
        footnotes.open(footnotes_home)


def test_home_that_is_no_database(footnotes_home: Path) -> None:
    """A damaged catalogue is named, not overwritten."""
    Home(footnotes_home).catalogue.write_bytes(b"this is not a database" * 100)
    with pytest.raises(HomeError, match="is damaged"):
        footnotes.open(footnotes_home)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_home_is_private(engine: Engine, notes: Path, footnotes_home: Path) -> None:
    """Folder 0700, databases 0600."""
    engine.add_root(notes)
    engine.sync()
    assert footnotes_home.stat().st_mode & 0o777 == 0o700
    assert (footnotes_home / "catalogue.db").stat().st_mode & 0o777 == 0o600


def test_answer_cites_the_passage(engine: Engine, notes: Path) -> None:
    """The quote is the document's text at its place, on its lines, with a link to the file."""
    engine.add_root(notes)
    engine.sync()
    answer = engine.ask("猫叫什么名字？")
    assert not answer.abstained
    (citation,) = answer.citations
    document = engine.document(citation.doc_id)
    assert document is not None
    assert document.text[citation.start : citation.end] == citation.quote
    assert "年糕" in citation.quote
    assert citation.lines == (3, 3)
    assert citation.uri == (notes / "猫.md").as_uri() + "#L3"
    assert not citation.changed
    (notes / "猫.md").write_text("# 猫\n\n改了。\n", encoding="utf-8")
    assert engine.ask("猫叫什么名字？").citations[0].changed


def test_question_about_nothing_abstains(engine: Engine, notes: Path) -> None:
    """No shared word, no answer."""
    engine.add_root(notes)
    engine.sync()
    answer = engine.ask("quantum chromodynamics lattice")
    assert answer.abstained
    assert answer.citations == ()


def test_settings_of_the_home_apply(footnotes_home: Path) -> None:
    """config.yaml in the home, below the environment and arguments."""
    Home(footnotes_home)
    (footnotes_home / "config.yaml").write_text("chunk:\n  size: 333\n", encoding="utf-8")
    assert config.load(footnotes_home).settings.chunk.size == 333


def test_a_new_time_of_a_file_is_a_new_date(engine: Engine, tmp_path: Path) -> None:
    """The same bytes: nothing counts as changed, nothing is embedded, and what was counted from the time follows."""
    folder = tmp_path / "timed"
    folder.mkdir()
    note = folder / "a.md"
    note.write_text("We met yesterday.", encoding="utf-8")
    os.utime(note, (1_600_000_000, 1_600_000_000))
    engine.add_root(folder)
    engine.sync()
    before = engine.catalogue.chunks_of("timed/a.md")[0]
    os.utime(note, (1_700_000_000, 1_700_000_000))
    report = engine.sync()
    after = engine.catalogue.chunks_of("timed/a.md")[0]
    assert (report.changed, report.unchanged, report.embedded) == (0, 1, 0)
    assert (before.key, {d.first.year for d in before.dates}) == (after.key, {2020})
    assert {d.first.year for d in after.dates} == {2023}


def test_git_dates_switched_on_later_are_looked_for(footnotes_home: Path, notes: Path) -> None:
    """It is a setting that changes what is read: the notes are read again."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        count = engine.sync().added
    with footnotes.open(footnotes_home, settings={"dates.git": True}) as engine:
        assert engine.sync().changed == count
