"""What to look at in the graph: nodes whose names hold what is typed, and those that most leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph.model import Node

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from rag.store.catalogue import Catalogue

_NOTES = (
    "SELECT id, title, "
    "(SELECT count(DISTINCT resolved) FROM links WHERE doc_id = d.id AND resolved NOT IN ('', d.id)) + "
    "(SELECT count(DISTINCT doc_id) FROM links WHERE resolved = d.id AND doc_id <> d.id) "
    "FROM documents d WHERE status = 'indexed'"
)
_ENTITIES = (
    "SELECT e.key, e.label, e.kind, (SELECT count(DISTINCT doc_id) FROM mentions WHERE entity = e.id) + "
    "(SELECT count(DISTINCT doc_id) FROM relations WHERE object = e.id) AS notes FROM entities e WHERE e.shown"
)
_TAGS = (
    "SELECT j.value, count(DISTINCT d.id) FROM documents d, json_each(d.tags) j "
    "WHERE d.status = 'indexed' GROUP BY j.value"
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A node to look at; ``count``: a note's links to and from others, or the notes that say a name or have a tag."""

    node: Node
    count: int


def hints(catalogue: Catalogue, text: str, limit: int) -> list[Hint]:
    """Notes, names and tags whose name, or path, holds ``text``; what begins with it first, then the best connected.

    ``#film`` looks among the tags alone.
    """
    wanted = text.strip().casefold()
    with catalogue.database.reading() as db:
        if wanted.startswith("#"):
            found = [hint for hint in _tags(db) if wanted[1:] in hint.node.label.casefold()]
            wanted = wanted[1:]
        else:
            found = [
                hint
                for hint in (*_notes(db), *_tags(db), *_entities(db, wanted))
                if _holds(hint.node, wanted)
            ]
    return sorted(found, key=lambda hint: _order(hint, wanted))[:limit]


def central(catalogue: Catalogue, limit: int) -> list[Hint]:
    """The notes with the most links, or the latest where none has any, then names and tags of the most notes.

    ``limit`` in all, half of them notes.
    """
    with catalogue.database.reading() as db:
        half = limit - limit // 2
        notes = [hint for hint in _best(_notes(db), half) if hint.count] or _latest(db, half)
        others = _best((*_tags(db), *_best(_entities(db, ""), limit)), limit - len(notes))
    return [*notes, *others]


def _latest(db: sqlite3.Connection, limit: int) -> list[Hint]:
    """The notes whose files were changed last."""
    found = db.execute(
        "SELECT id, title FROM documents WHERE status = 'indexed' ORDER BY mtime_ns DESC, id LIMIT ?",
        (limit,),
    )
    return [Hint(Node(f"note:{doc_id}", "note", title or doc_id), 0) for doc_id, title in found]


def _best(found: Iterable[Hint], limit: int) -> list[Hint]:
    return sorted(found, key=lambda hint: (-hint.count, hint.node.id))[:limit]


def _holds(node: Node, wanted: str) -> bool:
    return wanted in node.label.casefold() or (node.kind == "note" and wanted in node.id.casefold())


def _order(hint: Hint, wanted: str) -> tuple[int, int, str]:
    label = hint.node.label.casefold()
    fit = 0 if label == wanted else 1 if label.startswith(wanted) else 2 if wanted in label else 3
    return fit, -hint.count, hint.node.id


def _notes(db: sqlite3.Connection) -> Iterator[Hint]:
    for doc_id, title, links in db.execute(_NOTES):
        yield Hint(Node(f"note:{doc_id}", "note", title or doc_id), links)


def _entities(db: sqlite3.Connection, wanted: str) -> Iterator[Hint]:
    """SQLite folds the case of ASCII letters only, which is why two spellings are asked for."""
    query = f"{_ENTITIES} AND (instr(lower(e.label), ?) OR instr(e.label, ?))"
    for key, label, kind, notes in db.execute(query, (wanted, wanted)):
        yield Hint(Node(f"entity:{key}", "entity", label, kind), notes)


def _tags(db: sqlite3.Connection) -> Iterator[Hint]:
    for tag, notes in db.execute(_TAGS):
        yield Hint(Node(f"tag:{tag}", "tag", tag), notes)
