"""What a language model read in passages, kept by model and hash of the text: no passage is paid for twice.

A SQLite file of its own in the home, made when something is first kept. It only saves work: a damaged file is begun anew.
"""

from __future__ import annotations

import contextlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from rag.errors import HomeError
from rag.store import database, rows
from rag.store.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from graph.model import EntityKind

_T = TypeVar("_T")
_SQL_VARIABLES = 900
FILE = "extractions.db"
STEPS: tuple[str, ...] = (
    # 1: triples by passage, numbered in the order in which they came.
    """
    CREATE TABLE extractions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        model TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        reason TEXT NOT NULL,       -- why nothing could be read; empty: it was read
        triples TEXT NOT NULL,      -- JSON
        tokens_in REAL NOT NULL,    -- this passage's share of its request, estimated
        tokens_out REAL NOT NULL,
        seconds REAL NOT NULL,
        UNIQUE (model, text_hash)
    ) STRICT;
    CREATE INDEX extractions_text_hash ON extractions(text_hash);
    """,
)


class Triple(NamedTuple):
    """``subject`` stands in ``predicate`` to ``object``; names as the passage writes them."""

    subject: str
    subject_kind: EntityKind
    predicate: str
    object: str
    object_kind: EntityKind


@dataclass(frozen=True, slots=True)
class Cost:
    """What requests took: estimated tokens in and out, and seconds."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one passage: its triples, or the reason why there are none; and its share of the cost."""

    text_hash: bytes
    triples: tuple[Triple, ...] = ()
    reason: str = ""
    cost: Cost = Cost()


class Extractions:
    """The store of a home. Close it, or use ``with``."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._database = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def put(self, model: str, readings: Sequence[Reading]) -> None:
        """Keep what a model read, in place of what it read in the same texts before."""
        added = [
            (model, r.text_hash, r.reason, rows.dump(list(map(list, r.triples))), *astuple(r.cost))
            for r in readings
        ]
        columns = "model, text_hash, reason, triples, tokens_in, tokens_out, seconds"
        self._tried(
            lambda db: db.executemany(
                f"INSERT OR REPLACE INTO extractions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", added
            )
        )

    def reasons(self, model: str) -> dict[bytes, str]:
        """The texts that a model was given, each with the reason why it could not be read, or nothing."""
        return dict(
            self._tried(
                lambda db: db.execute(
                    "SELECT text_hash, reason FROM extractions WHERE model = ?", (model,)
                ).fetchall()
            )
        )

    def triples(self, hashes: Iterable[bytes]) -> dict[bytes, tuple[Triple, ...]]:
        """What was read last in each of these texts; nothing of those that were not read."""
        wanted = list(dict.fromkeys(hashes))

        def select(db: sqlite3.Connection) -> dict[bytes, tuple[Triple, ...]]:
            found = {}
            for first in range(0, len(wanted), _SQL_VARIABLES):
                part = wanted[first : first + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                for text_hash, triples in db.execute(
                    f"SELECT text_hash, triples FROM extractions WHERE reason = '' AND text_hash IN ({marks}) "
                    "ORDER BY number",
                    part,
                ):
                    found[text_hash] = tuple(Triple(*one) for one in rows.load(triples))
            return found

        return self._tried(select)

    def news(self, number: int) -> tuple[set[bytes], int]:
        """Texts that were read after a number, and the last number; all of them, where this file never gave the number."""

        def select(db: sqlite3.Connection) -> tuple[set[bytes], int]:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'extractions'").fetchone()
            last: int = row[0] if row else 0
            since = number if number <= last else 0
            found = db.execute("SELECT text_hash FROM extractions WHERE number > ? AND reason = ''", (since,))
            return {text_hash for (text_hash,) in found}, last

        return self._tried(select)

    def cost(self, model: str) -> Cost:
        """What the passages that a model has read took together."""
        return Cost(
            *self._tried(
                lambda db: db.execute(
                    "SELECT total(tokens_in), total(tokens_out), total(seconds) FROM extractions "
                    "WHERE model = ? AND reason = ''",
                    (model,),
                ).fetchone()
            )
        )

    def retain(self, hashes: Iterable[bytes]) -> int:
        """Drop what was read in texts that are in no passage any more; returns how many went."""
        wanted = set(hashes)

        def drop(db: sqlite3.Connection) -> int:
            known = {text_hash for (text_hash,) in db.execute("SELECT DISTINCT text_hash FROM extractions")}
            gone = [(text_hash,) for text_hash in known - wanted]
            return db.executemany("DELETE FROM extractions WHERE text_hash = ?", gone).rowcount if gone else 0

        return self._tried(drop)

    def scrub(self) -> bool:
        """Leave nothing of dropped rows in the file; False while somebody reads an older state."""
        return self._database.scrub()

    def _tried(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do it; where the file turns out to be damaged, once more with an empty one."""
        try:
            with self._database.writing() as db:
                return work(db)
        except HomeError as e:
            if not database.is_damage(e):
                raise
            self._database.close()
            database.discard(self._path)
            self._database = self._opened()
            with self._database.writing() as db:
                return work(db)

    def _opened(self) -> Database:
        try:
            return Database(self._path, STEPS)
        except HomeError as e:
            if not database.is_damage(e):
                raise
            database.discard(self._path)
            return Database(self._path, STEPS)


def retain(home: Path, hashes: Iterable[bytes], *, scrub: bool = False) -> bool:
    """Drop what was read in texts that are in no passage any more.

    Args:
        home: the home folder.
        hashes: of every passage.
        scrub: also leave nothing of it in the file.

    Returns:
        Whether it is done; False while somebody reads an older state.
    """
    if not (home / FILE).exists():
        return True
    with contextlib.closing(Extractions(home)) as kept:
        kept.retain(hashes)
        return kept.scrub() if scrub else True
