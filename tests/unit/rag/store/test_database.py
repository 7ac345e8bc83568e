"""One SQLite file: deleted content is overwritten, damage to what only saves work is no error."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import HomeError
from rag.store import database
from rag.store.database import Database
from rag.store.vectors import VectorCache
from rag.types import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STEPS = ("CREATE TABLE words (word TEXT NOT NULL) STRICT;",)
WORD = "quartzberg"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Database]:
    """A database of many words."""
    found = Database(tmp_path / "words.db", STEPS)
    with found.writing() as db:
        db.executemany("INSERT INTO words VALUES (?)", [(f"{WORD} {i} " * 20,) for i in range(500)])
    yield found
    found.close()


def bytes_of(folder: Path) -> bytes:
    """Everything that is on the disk."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_nothing_is_left_of_deleted_rows(opened: Database, tmp_path: Path) -> None:
    """Not in free pages, nor in the log, whichever thread deleted them."""
    with opened.writing() as db:
        db.execute("INSERT INTO words VALUES ('kept')")
    assert WORD.encode() in bytes_of(tmp_path)

    def delete() -> None:
        with opened.writing() as db:
            db.execute("DELETE FROM words WHERE word <> 'kept'")

    thread = threading.Thread(target=delete)
    thread.start()
    thread.join()
    assert opened.scrub()
    assert WORD.encode() not in bytes_of(tmp_path)
    with opened.reading() as db:
        assert db.execute("SELECT word FROM words").fetchall() == [("kept",)]


def test_a_deletion_overwrites_what_it_frees(opened: Database, tmp_path: Path) -> None:
    """Before anything is rewritten: once the log is in the file, the words are gone from it."""
    with opened.writing() as db:
        db.execute("DELETE FROM words")
    opened.close()
    assert WORD.encode() not in bytes_of(tmp_path)


def test_a_reader_keeps_the_log(opened: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is not done, and can be done again."""
    opened.close()
    monkeypatch.setattr(database, "_BUSY_MS", 50)
    with closing(Database(tmp_path / "words.db", STEPS)) as impatient:
        with closing(sqlite3.connect(tmp_path / "words.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM words").fetchone()
            with impatient.writing() as db:
                db.execute("DELETE FROM words")
            assert not impatient.scrub()
        assert impatient.scrub()
    assert WORD.encode() not in bytes_of(tmp_path)


def test_an_error_of_a_damaged_row_is_told_as_damage(opened: Database, tmp_path: Path) -> None:
    """Whatever a value of another type leads to; of a sound file it is a mistake of ours, and stays what it is."""

    def joined() -> str:
        with opened.reading() as db:
            return "".join(word for (word,) in db.execute("SELECT word FROM words"))

    with pytest.raises(ZeroDivisionError), opened.reading():
        _ = 1 / 0
    with opened.writing() as db:
        db.execute("DELETE FROM words WHERE rowid > 1")
    assert joined().startswith(WORD)
    opened.close()
    with closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None)) as db:
        (sql,) = db.execute("SELECT sql FROM sqlite_schema").fetchone()
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE words (word)'")
    with closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None)) as db:
        db.execute("UPDATE words SET word = 24460")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = ?", (sql,))
    with pytest.raises(HomeError, match=r"words.db is damaged: non-TEXT value in words.word"):
        joined()


class Ones:
    """Every text's vector is the same."""

    identity = "ones"
    dimension = 4

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self.embed_passages([text]).reshape(self.dimension)


@pytest.mark.parametrize("while_open", [False, True])
def test_damaged_vectors_are_computed_anew(tmp_path: Path, while_open: bool) -> None:
    """Found when the file is opened, or in the middle of its use."""
    path = tmp_path / "vectors.db"
    chunks = [Chunk("n/a", i, i + 1, str(i), str(i), "", (1, 1)) for i in range(2_000)]
    with closing(VectorCache(path)) as cache:
        assert cache.ensure(Ones(), chunks) == 2_000
    data = path.read_bytes()
    path.write_bytes((data[:4096] if while_open else b"x" * 4096) + b"x" * (len(data) - 4096))
    with closing(VectorCache(path)) as cache:
        assert cache.of(Ones(), chunks).shape == (2_000, 4)
        assert cache.ensure(Ones(), chunks) == 0


def test_what_may_not_be_used_now_is_kept(tmp_path: Path) -> None:
    """A newer format is no damage."""
    path = tmp_path / "vectors.db"
    VectorCache(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(HomeError, match="format 99"):
        VectorCache(path)
    assert path.exists()
