"""The journal: what changed since a generation, so that derived indexes can follow.

Every transaction that changes passages has a generation of its own: a count in the upper bits, chance in the lower
ones. So two histories, as a restored backup and what was there before, never share a generation, and an index that
followed the other history is seen to be foreign.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


_CHANCE_BITS = 32


@dataclass(frozen=True, slots=True)
class Changes:
    """Net changes up to ``generation``: keys to (re)index, and keys to drop. Sorted."""

    added: tuple[int, ...]
    removed: tuple[int, ...]
    generation: int


def generation(db: sqlite3.Connection) -> int:
    """The last committed generation."""
    return _state(db, "generation")


def record(db: sqlite3.Connection, added: Iterable[int], removed: Iterable[int]) -> int:
    """Write one generation, inside the caller's transaction; no change writes none."""
    rows = [(key, "add") for key in added] + [(key, "remove") for key in removed]
    current = generation(db)
    if not rows:
        return current
    now = following(current)
    db.execute("UPDATE state SET value = ? WHERE name = 'generation'", (now,))
    db.executemany("INSERT INTO journal VALUES (?, ?, ?)", [(now, key, op) for key, op in rows])
    return now


def following(generation: int) -> int:
    """A generation after this one, that no other history has."""
    return ((number(generation) + 1) << _CHANCE_BITS) | secrets.randbits(_CHANCE_BITS)


def number(generation: int) -> int:
    """How many transactions a generation counts, for people to read."""
    return generation >> _CHANCE_BITS if generation > 0 else generation


def since(db: sqlite3.Connection, reached: int) -> Changes | None:
    """Net changes after ``reached``; None when the journal does not go back so far: rebuild."""
    now = generation(db)
    if not _is_ours(db, reached):
        return None
    touched = {
        key for (key,) in db.execute("SELECT DISTINCT key FROM journal WHERE generation > ?", (reached,))
    }
    alive = {
        key
        for (key,) in db.execute(
            "SELECT key FROM chunks WHERE key IN (SELECT key FROM journal WHERE generation > ?)", (reached,)
        )
    }
    return Changes(tuple(sorted(alive)), tuple(sorted(touched - alive)), now)


def prune(db: sqlite3.Connection, reached_by_all: int) -> None:
    """Forget what every derived index has seen."""
    if reached_by_all > _state(db, "journal_start"):
        db.execute("DELETE FROM journal WHERE generation <= ?", (reached_by_all,))
        db.execute("UPDATE state SET value = ? WHERE name = 'journal_start'", (reached_by_all,))


def _is_ours(db: sqlite3.Connection, reached: int) -> bool:
    """Whether a generation belongs to this catalogue's history, as far as the journal goes back."""
    if reached in {generation(db), _state(db, "journal_start")}:
        return True
    found = db.execute("SELECT 1 FROM journal WHERE generation = ? LIMIT 1", (reached,)).fetchone()
    return found is not None


def _state(db: sqlite3.Connection, name: str) -> int:
    value: int = db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()[0]
    return value
