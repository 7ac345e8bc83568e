"""The graph's derived index: it follows what documents say, writes when it is worth it, and heals by itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import footnotes
from graph.matrix import index, reading
from graph.matrix.index import Matrix
from rag.errors import BusyError, HomeError, IndexDamagedError
from rag.store import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine
    from graph.matrix.table import Table

LEXICAL_ONLY = {"embedding.model": "none", "sync.workers": 0}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Three notes that speak of each other."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "Qdrant.md").write_text("# Qdrant\n\nQdrant is like [[Milvus]].\n", "utf-8")
    (folder / "Milvus.md").write_text("# Milvus\n\nMilvus was made by Zilliz.\n", "utf-8")
    (folder / "Zilliz.md").write_text("# Zilliz\n\nA company in Redwood City.\n", "utf-8")
    return folder


@pytest.fixture
def engine(notes: Path, footnotes_home: Path) -> Iterator[Engine]:
    """An engine that has read them."""
    with footnotes.open(footnotes_home, settings=LEXICAL_ONLY) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def opened(engine: Engine) -> Matrix:
    """The index as another process has it."""
    matrix = Matrix(engine._home, engine.catalogue)
    matrix.refresh()
    return matrix


def table(matrix: Matrix) -> Table:
    """What it holds."""
    assert matrix._state is not None
    return matrix._state.table


def is_fresh(matrix: Matrix, engine: Engine) -> bool:
    """Whether it holds what one that is made anew does."""
    with engine.catalogue.database.reading() as db:
        anew = reading.whole(db)
    names = ("docs", "bounds", "nodes", "rows")
    return all(np.array_equal(getattr(table(matrix), n), getattr(anew, n)) for n in names)


def test_a_sync_leaves_the_file_as_the_catalogue_says(engine: Engine, notes: Path) -> None:
    """After edits, renames and deletions too; another process that has it open follows."""
    other = opened(engine)
    (notes / "Zilliz.md").write_text("# Zilliz\n\nIt makes [[Milvus]], not [[Qdrant]].\n", "utf-8")
    engine.sync()
    (notes / "Qdrant.md").rename(notes / "Vespa.md")
    (notes / "Milvus.md").unlink()
    engine.sync()
    other.refresh()
    assert is_fresh(other, engine)
    assert is_fresh(opened(engine), engine)
    found = manifest.read(engine._home.graph)
    assert found.generation == other.generation
    assert found.count == other.count > 0


def test_a_question_reads_only_what_has_changed(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And writes nothing, however large the file is."""
    other = opened(engine)
    before = manifest.read(engine._home.graph)
    monkeypatch.setattr(index, "_SMALL_FILE", 0)
    monkeypatch.setattr(index, "_SHARE", 1.0)
    (notes / "Zilliz.md").write_text("# Zilliz\n\nIt makes [[Qdrant]].\n", "utf-8")
    engine.sync()
    assert manifest.read(engine._home.graph) == before, "one note of three is no reason to write a large file"
    monkeypatch.setattr(reading, "whole", None)
    other.refresh()
    assert other.generation != before.generation
    monkeypatch.undo()
    assert is_fresh(other, engine)
    assert is_fresh(opened(engine), engine), "who opens an older file catches up in memory"


@pytest.mark.parametrize("damage", ["bytes", "manifest", "deleted", "another format"])
def test_a_damaged_file_is_made_anew(engine: Engine, damage: str) -> None:
    """By the next question; nothing is told but by `check`."""
    folder = engine._home.graph
    (path,) = folder.glob("*.rows")
    if damage == "bytes":
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    elif damage == "manifest":
        (folder / manifest.NAME).write_text("{}", "utf-8")
    elif damage == "deleted":
        shutil.rmtree(folder)
    else:
        found = manifest.read(folder)
        manifest.write(
            folder, manifest.Manifest("graph", 0, "", 0, found.generation, found.count, found.files)
        )
    with pytest.raises(IndexDamagedError):
        Matrix(engine._home, engine.catalogue).check()
    matrix = opened(engine)
    assert is_fresh(matrix, engine)
    matrix.check()


def test_a_home_that_cannot_be_written_is_walked_all_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small one's graph is made in memory; a large one goes without."""

    def no(*_: object) -> None:
        raise HomeError("No.")

    shutil.rmtree(engine._home.graph)
    monkeypatch.setattr(type(engine._home), "writing", no)
    assert is_fresh(opened(engine), engine)
    assert not engine._home.graph.exists()
    monkeypatch.setattr(index, "_SMALL", 2)
    assert opened(engine).woven() is None


def test_no_room_leaves_what_was_there(engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line for a sync; questions go on with what is in memory."""
    before = manifest.read(engine._home.graph)
    other = opened(engine)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    (notes / "Zilliz.md").write_text("# Zilliz\n\nIt makes [[Qdrant]].\n", "utf-8")
    with pytest.raises(HomeError, match="No space left on device"):
        engine.sync()
    assert manifest.read(engine._home.graph) == before
    assert len(list(engine._home.graph.glob("*.rows"))) == 1
    other.refresh()
    assert is_fresh(other, engine)


def test_who_writes_meanwhile_is_not_waited_for(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few changes are read at once; many are left to who makes them."""
    other = opened(engine)
    for n in range(4):
        (notes / f"{n}.md").write_text(f"# N{n}\n\nSee [[Milvus]].\n", "utf-8")
    engine._indexes.matrix = None
    engine.sync()

    def busy(*_: object) -> None:
        raise BusyError("Busy.")

    monkeypatch.setattr(index, "_FEW", 3)
    before = other.generation
    with monkeypatch.context() as patched:
        patched.setattr(type(engine._home), "writing", busy)
        other.refresh()
        assert other.generation == before
    other.refresh()
    assert is_fresh(other, engine)
    assert manifest.read(engine._home.graph).generation == other.generation


def test_another_history_is_seen_to_be_foreign(engine: Engine, notes: Path, tmp_path: Path) -> None:
    """A catalogue that is restored from a backup, beside the graph of what came after it."""
    with engine.catalogue.database.reading() as db:
        db.execute("SELECT 1")
    backup = tmp_path / "backup.db"
    engine.catalogue.database.scrub()
    shutil.copyfile(engine._home.catalogue, backup)
    (notes / "Zilliz.md").write_text("# Zilliz\n\nIt makes [[Qdrant]].\n", "utf-8")
    engine.sync()
    engine.close()
    for path in engine.home.glob("catalogue.db*"):
        path.unlink()
    shutil.copyfile(backup, engine._home.catalogue)
    (notes / "Zilliz.md").write_text("# Zilliz\n\nNothing is left of it.\n", "utf-8")
    with footnotes.open(engine.home, settings=LEXICAL_ONLY) as restored:
        restored.sync()
        assert is_fresh(opened(restored), restored)


@pytest.mark.parametrize("setting", [{"graph.backend": "none"}, {"graph.weight": 0}])
def test_who_does_not_want_it_does_not_get_it(
    notes: Path, footnotes_home: Path, setting: dict[str, object]
) -> None:
    """Neither file nor stage; hits are those of the stage before."""
    with footnotes.open(footnotes_home, settings=LEXICAL_ONLY | setting) as engine:
        engine.add_root(notes)
        engine.sync()
        assert not engine._home.graph.exists()
        found = engine.search("Qdrant")
        assert list(found.stages) == ["lexical", "diverse"]
        assert found.hits == found.stages["diverse"]
