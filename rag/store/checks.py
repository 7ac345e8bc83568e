"""Proof that the catalogue holds what was stored."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from rag.store import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def text_problems(db: sqlite3.Connection) -> Iterator[str]:
    """Documents with a passage that is not its span of the text, or not what it was: none, unless damaged."""
    for doc_id, text in db.execute("SELECT doc_id, text FROM texts"):
        found = db.execute(
            f"SELECT {rows.CHUNK_COLUMNS}, c.text_hash FROM chunks c JOIN documents d ON d.id = c.doc_id "
            "WHERE c.doc_id = ?",
            (doc_id,),
        )
        if not all(_is_intact(text, row) for row in found):
            yield doc_id


def integrity_problems(db: sqlite3.Connection) -> list[str]:
    """SQLite's own checks: damaged pages, and rows whose parent is gone."""
    damaged = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    return damaged + [f"{table}: row {row}" for table, row, *_ in orphans]


def _is_intact(text: str, row: Sequence[Any]) -> bool:
    try:
        chunk = rows.chunk(row[:-1])
    except (ValueError, TypeError, sqlite3.DatabaseError):  # no JSON any more
        return False
    return text[chunk.start : chunk.end] == chunk.text and rows.text_hash(chunk.index_text) == row[-1]
