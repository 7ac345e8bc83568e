"""Proof that the catalogue holds what was stored."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from rag.store import rows, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def text_problems(db: sqlite3.Connection) -> Iterator[str]:
    """Documents with a passage that is not its span of the text, or not what it was: none, unless damaged."""
    for doc_id, text in db.execute("SELECT doc_id, text FROM texts"):
        found = db.execute(
            f"SELECT {rows.CHUNK_COLUMNS}, c.language, c.text_hash FROM chunks c JOIN documents d ON d.id = c.doc_id "
            "WHERE c.doc_id = ?",
            (doc_id,),
        )
        if not all(_is_intact(text, row) for row in found):
            yield doc_id


def time_problems(db: sqlite3.Connection) -> list[str]:
    """Documents whose days in table ``times`` are not those of the document and its passages: none, unless damaged."""
    parts = (
        "SELECT * FROM due_times EXCEPT SELECT * FROM times",
        "SELECT * FROM times EXCEPT SELECT * FROM due_times",
    )
    return sorted({row[0] for part in parts for row in db.execute(part)})


def mend_times(db: sqlite3.Connection) -> None:
    """Make the days of such documents follow from what they and their passages have."""
    for doc_id in time_problems(db):
        db.execute("DELETE FROM times WHERE doc_id = ?", (doc_id,))
        db.execute("INSERT INTO times SELECT * FROM due_times WHERE doc_id = ?", (doc_id,))


def graph_problems(db: sqlite3.Connection) -> Iterator[str]:
    """Documents of which the graph says what cannot stand in them: none, unless damaged."""
    for doc_id, text in db.execute("SELECT doc_id, text FROM texts"):
        spans = db.execute(
            'SELECT start, "end", NULL, NULL, NULL FROM relations WHERE doc_id = ?1 UNION ALL '
            'SELECT start, "end", NULL, NULL, NULL FROM aliases WHERE doc_id = ?1 UNION ALL '
            "SELECT m.start, m.\"end\", iif(m.extractor = 'title', m.name, NULL), "
            'iif(m.chunk IS NULL, 0, coalesce(c.start, m."end" + 1)), iif(m.chunk IS NULL, m."end", c."end") '
            "FROM mentions m LEFT JOIN chunks c ON c.key = m.chunk AND c.doc_id = m.doc_id WHERE m.doc_id = ?1",
            (doc_id,),
        )
        if not all(_stands(text, *span) for span in spans):
            yield doc_id


def _stands(text: str, start: int, end: int, name: str | None, first: int | None, last: int | None) -> bool:
    """Whether a span lies in the text, and in its passage, and holds a title that was found there."""
    if not 0 <= start <= end <= len(text) or (name is not None and text[start:end] != name):
        return False
    return first is None or last is None or first <= start <= end <= last


def integrity_problems(db: sqlite3.Connection) -> list[str]:
    """SQLite's own checks: damaged pages, and rows whose parent is gone."""
    damaged = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    return damaged + [f"{table}: row {row}" for table, row, *_ in orphans]


def _is_intact(text: str, row: Sequence[Any]) -> bool:
    try:
        chunk = rows.chunk(row[:-2])
    except (ValueError, TypeError, sqlite3.DatabaseError):  # no JSON any more
        return False
    derived = (script.language(chunk.body), rows.text_hash(chunk.index_text))
    return text[chunk.start : chunk.end] == chunk.text and derived == tuple(row[-2:])
