"""Dates that came with an import: so many notes of a root share one that it says when they were copied.

They stay, with little trust, so that another date (a file's name, the words of a passage) counts instead. Which
dates these are follows from the notes present alone: when the crowd goes, the trust comes back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from rag.types import DateRange

CROWD = 40
"""Notes with the same date from the same source that nobody writes in a day."""
SMALL_CROWD = 12
"""As many are enough where they are half of all notes with a date from this source."""
TRUST_LEFT = 0.2
"""Factor on the confidence of a shared date, and of what was counted from one."""

_SOURCES = ("front matter:", "dateline:", "git:")
_FROM = " from "  # as ingest.dates.FROM


def put(db: sqlite3.Connection, doc_id: str, dates: Iterable[DateRange]) -> None:
    """Note a document's dates, in place of those known; call it with none where a document stops being indexed.

    Removed and renamed documents need nothing: the rows follow them.
    """
    db.execute("DELETE FROM days WHERE doc_id = ?", (doc_id,))
    db.execute(
        "UPDATE documents SET shared_dates = '[]' WHERE id = ? AND shared_dates <> '[]'",
        (doc_id,),
    )
    db.executemany(
        "INSERT INTO days (doc_id, source, day) VALUES (?, ?, ?)",
        {
            (doc_id, d.source, d.first.isoformat())
            for d in dates
            if d.first == d.last and d.source.startswith(_SOURCES)
        },
    )


def settle(db: sqlite3.Connection, roots: Iterable[str]) -> set[str]:
    """Bring ``documents.shared_dates`` up to date, after the roots' documents have changed; returns whose changed."""
    changed: set[str] = set()
    for root in roots:
        for source, day, shared in _turned(db, root):
            turned = db.execute(
                "UPDATE days SET shared = ? WHERE root = ? AND source = ? AND day = ? AND shared <> ? "
                "RETURNING doc_id",
                (shared, root, source, day, shared),
            ).fetchall()
            db.executemany(
                "UPDATE documents SET shared_dates = (SELECT json_group_array(source) FROM "
                "(SELECT DISTINCT source FROM days WHERE doc_id = documents.id AND shared ORDER BY source)) "
                "WHERE id = ?",
                turned,
            )
            changed.update(doc_id for (doc_id,) in turned)
    return changed


def lowered(dates: tuple[DateRange, ...], shared: Collection[str]) -> tuple[DateRange, ...]:
    """The dates with what little trust their source leaves them, the most trustworthy first.

    ``shared`` are the sources of the note's dates that came with an import. A passage's date that was counted
    from one of them is lowered too.
    """
    if not shared:
        return dates
    known = [
        replace(d, confidence=round(d.confidence * TRUST_LEFT, 3)) if _rests_on(d.source, shared) else d
        for d in dates
    ]
    return tuple(sorted(known, key=lambda d: -d.confidence))


def _rests_on(source: str, shared: Collection[str]) -> bool:
    return source in shared or source.partition(_FROM)[2] in shared


def _turned(db: sqlite3.Connection, root: str) -> list[tuple[str, str, bool]]:
    """The (source, day) whose notes are not marked as their number says, and how they should be."""
    groups = db.execute(
        "SELECT source, day, count(*), sum(shared) FROM days WHERE root = ? GROUP BY source, day "
        "HAVING count(*) >= ? OR sum(shared) > 0",
        (root, SMALL_CROWD),
    ).fetchall()
    totals: dict[str, int] = {}
    turned = []
    for source, day, count, marked in groups:
        if source not in totals:
            totals[source] = db.execute(
                "SELECT count(*) FROM days WHERE root = ? AND source = ?", (root, source)
            ).fetchone()[0]
        shared = count >= CROWD or (count >= SMALL_CROWD and 2 * count >= totals[source])
        if marked != (count if shared else 0):
            turned.append((source, day, shared))
    return turned
