"""What was recognised in images and what a model said of them, kept by the hash of the file: computed once."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import HomeError
from rag.store.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

Kind = Literal["ocr", "caption"]

STEPS: tuple[str, ...] = (
    # 1: texts by what made them.
    """
    CREATE TABLE texts (
        sha256 TEXT NOT NULL,       -- of the file
        part INTEGER NOT NULL,      -- page of a PDF; 0: the whole file
        kind TEXT NOT NULL,
        identity TEXT NOT NULL,     -- of the reader or the model
        text TEXT NOT NULL,
        PRIMARY KEY (sha256, part, kind, identity)
    ) STRICT, WITHOUT ROWID;
    """,
)


class Recognised:
    """A key-value store in a SQLite file of its own; many processes may use it."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, STEPS)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def get(self, kind: Kind, identity: str, sha256: str, part: int = 0) -> str | None:
        """A text that is kept; None: nobody has looked yet. An empty text says that there is none."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT text FROM texts WHERE sha256 = ? AND part = ? AND kind = ? AND identity = ?",
                (sha256, part, kind, identity),
            ).fetchone()
        return None if row is None else row[0]

    def put(self, kind: Kind, identity: str, sha256: str, text: str, part: int = 0) -> None:
        """Keep a text."""
        with self._database.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO texts (sha256, part, kind, identity, text) VALUES (?, ?, ?, ?, ?)",
                (sha256, part, kind, identity, text),
            )

    def forget(self, hashes: Iterable[str]) -> int:
        """Remove what came from these files; returns how many texts went."""
        with self._database.writing() as db:
            return _delete(db, hashes)

    def prune(self, keep: Iterable[str]) -> int:
        """Remove what came from other files than these; returns how many texts went."""
        with self._database.writing() as db:
            known = {row[0] for row in db.execute("SELECT DISTINCT sha256 FROM texts")}
            return _delete(db, known.difference(keep))


def _delete(db: sqlite3.Connection, hashes: Iterable[str]) -> int:
    return db.executemany("DELETE FROM texts WHERE sha256 = ?", [(one,) for one in hashes]).rowcount


@contextlib.contextmanager
def opened(path: str) -> Iterator[Recognised | None]:
    """The store at ``path``, for as long as one file is read; None where it cannot be used or ``path`` is empty.

    It only saves time: a file is read without it too.
    """
    store = None
    if path:
        with contextlib.suppress(HomeError):
            store = Recognised(Path(path))
    try:
        yield store
    finally:
        if store is not None:
            store.close()


def once(
    store: Recognised | None, kind: Kind, identity: str, sha256: str, make: Callable[[], str], part: int = 0
) -> str:
    """The kept text, or the one made now, which is kept."""
    if store is not None:
        with contextlib.suppress(HomeError):
            found = store.get(kind, identity, sha256, part)
            if found is not None:
                return found
    text = make()
    if store is not None:
        with contextlib.suppress(HomeError):
            store.put(kind, identity, sha256, text, part)
    return text
