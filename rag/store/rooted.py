"""Roots that get another name, or go: what is known of their documents follows. The transaction is the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import RootError
from rag.store import facts, journal

if TYPE_CHECKING:
    import sqlite3


def rename(db: sqlite3.Connection, name: str, new: str) -> None:
    """Give a root a new name; its documents' ids follow.

    Raises:
        RootError: no such root.
    """
    (path,) = _row(db, name)
    db.execute("UPDATE roots SET path = NULL WHERE name = ?", (name,))
    db.execute("INSERT INTO roots VALUES (?, ?)", (new, path))
    db.execute(  # reasons and warnings begin with the id
        "UPDATE documents SET warnings = replace(warnings, ?, ?), "
        "reason = iif(instr(reason, id) = 1, ? || substr(reason, ?), reason) WHERE root = ?",
        (f'"{name}/', f'"{new}/', new, len(name) + 1, name),
    )
    db.execute(  # a note that bears the folder's name is read again
        "UPDATE documents SET recipe = '' WHERE root = ? AND title = ? AND instr(relative, '/') = 0",
        (name, name),
    )
    db.execute(
        "UPDATE documents SET id = ? || substr(id, ?), root = ? WHERE root = ?",
        (new, len(name) + 1, new, name),
    )
    for table, column in (("links", "resolved"), ("images", "doc_id")):
        db.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} >= ? AND {column} < ?",
            (new, len(name) + 1, name + "/", name + "0"),
        )
    db.execute("DELETE FROM roots WHERE name = ?", (name,))
    ids = _ids(db, new)
    facts.stamp(db, [*ids, *(name + doc_id.removeprefix(new) for doc_id in ids)])
    journal.record(db, _keys(db, new), ())


def remove(db: sqlite3.Connection, name: str) -> None:
    """Forget a root and everything that came from it.

    Raises:
        RootError: no such root.
    """
    _row(db, name)
    journal.record(db, (), _keys(db, name))
    ids = _ids(db, name)
    unnamed = facts.drop(db, ids)
    db.execute("DELETE FROM roots WHERE name = ?", (name,))
    facts.sweep(db, unnamed)
    facts.stamp(db, ids)


def _row(db: sqlite3.Connection, name: str) -> tuple[str | None]:
    found: tuple[str | None] | None = db.execute("SELECT path FROM roots WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise RootError("There is no root named {name!r}. `footnotes roots list` shows them.", name=name)
    return found


def _ids(db: sqlite3.Connection, root: str) -> list[str]:
    return [doc_id for (doc_id,) in db.execute("SELECT id FROM documents WHERE root = ?", (root,))]


def _keys(db: sqlite3.Connection, root: str) -> list[int]:
    found = db.execute(
        "SELECT key FROM chunks WHERE doc_id IN (SELECT id FROM documents WHERE root = ?)", (root,)
    )
    return [key for (key,) in found]
