"""What documents bring, read from the catalogue as rows of the table."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from graph.contribution import contributions
from graph.matrix.table import EMPTY, Table, identify, part
from graph.model import Edge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from graph.matrix.table import Part
    from rag.store.catalogue import Catalogue

_TOGETHER: Final = 2_000  # documents taken up at once


def whole(db: sqlite3.Connection) -> Table:
    """The table of all documents."""
    table = EMPTY
    parts = _parts(db, None)
    while some := list(islice(parts, _TOGETHER)):
        table = table.replaced((), some)
    return table


def changed(db: sqlite3.Connection, table: Table, doc_ids: Sequence[str]) -> Table:
    """A table with what documents bring now in place of what they brought; those that are gone bring nothing."""
    for start in range(0, len(doc_ids), _TOGETHER):
        some = doc_ids[start : start + _TOGETHER]
        table = table.replaced((identify(f"note:{doc_id}") for doc_id in some), _parts(db, some))
    return table


def around(catalogue: Catalogue, edges: Iterable[Edge]) -> Table:
    """The table of some edges, with the passages of all notes that they speak of."""
    by_document: dict[str, list[Edge]] = {}
    for edge in edges:
        by_document.setdefault(edge.doc_id, []).append(edge)
        for node in (edge.source, edge.target):
            if node.startswith("note:"):
                by_document.setdefault(node.removeprefix("note:"), [])
    with catalogue.database.reading() as db:
        return EMPTY.replaced((), [_with_passages(db, *one) for one in sorted(by_document.items())])


def _with_passages(db: sqlite3.Connection, doc_id: str, edges: Sequence[Edge]) -> Part:
    """Edges of a document, and of what is gone nothing."""
    found = db.execute('SELECT start, "end", key FROM chunks WHERE doc_id = ?', (doc_id,)).fetchall()
    keys = {start: key for start, _, key in found}
    note = f"note:{doc_id}"
    held = [
        Edge(f"chunk:{doc_id}#{start}", "PART_OF", note, doc_id, start, end, "structure", 1.0)
        for start, end, _ in found
    ]
    known = {edge.source for edge in held}
    said = [
        e for e in edges if e.kind != "PART_OF" and (e.source in known or not e.source.startswith("chunk:"))
    ]
    return part(doc_id, [*held, *said], keys)


def _parts(db: sqlite3.Connection, doc_ids: Sequence[str] | None) -> Iterator[Part]:
    for found in contributions(db, doc_ids):
        if found.edges:
            keys = db.execute("SELECT start, key FROM chunks WHERE doc_id = ?", (found.doc_id,))
            yield part(found.doc_id, found.edges, dict(keys.fetchall()))
