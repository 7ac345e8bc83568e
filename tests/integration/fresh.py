"""What an index holds and answers, in a form that is the same for every index of the same folders."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from graph.contribution import contributions, entity_nodes
from ingest.walk import FORGOTTEN

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from footnotes import Engine

Content = dict[str, list[tuple[object, ...]]]


def content(engine: Engine) -> Content:
    """What the catalogue says, without its own keys."""
    with engine.catalogue.database.reading() as db:
        return {
            "chunks": sorted(
                db.execute(
                    'SELECT doc_id, start, "end", text, body, heading, dates, speaker, language FROM chunks'
                ).fetchall(),
                key=repr,
            ),
            "times": db.execute(
                "SELECT t.doc_id, c.start, t.first, t.last, t.source, t.confidence "
                "FROM times t LEFT JOIN chunks c ON c.key = t.key ORDER BY 1, 2, 3, 4, 5, 6"
            ).fetchall(),
            "links": sorted(
                db.execute('SELECT doc_id, start, "end", target, anchor, resolved FROM links').fetchall()
            ),
            "documents": sorted(
                db.execute(
                    "SELECT id, status, reason, relative, iif(reason = ?, '', sha256), encoding, title, tags, "
                    "shared_dates, warnings FROM documents",
                    (FORGOTTEN,),  # whether its hash is known hangs on what it was before
                ).fetchall()
            ),
            **_graph(db),
        }


def _graph(db: sqlite3.Connection) -> Content:
    """The knowledge graph: every document's nodes and edges, entities, and titles."""
    brought = list(contributions(db))
    return {
        "nodes": [astuple(node) for one in brought for node in one.nodes],
        "edges": [astuple(edge) for one in brought for edge in one.edges],
        "entities": db.execute("SELECT key, label, kind, shown FROM entities ORDER BY key").fetchall(),
        "mentions": db.execute(
            'SELECT m.doc_id, m.start, m."end", c.start, e.key, m.name, m.kind, m.extractor, m.confidence '
            "FROM mentions m JOIN entities e ON e.id = m.entity LEFT JOIN chunks c ON c.key = m.chunk "
            "ORDER BY 1, 2, 3, 5, 8, 9"
        ).fetchall(),
        "titles": db.execute(
            "SELECT doc_id, key, label, kind, searched FROM titles ORDER BY 1, 2, 3, 4"
        ).fetchall(),
        "shown": [astuple(node) for node in entity_nodes(db)],
    }


def difference(one: Content, other: Content) -> str:
    """What only one of them has, by table; empty where they are equal."""
    apart = []
    for name in one:
        apart += [f"only here, {name}: {row}" for row in one[name] if row not in other[name]]
        apart += [f"only in the other, {name}: {row}" for row in other[name] if row not in one[name]]
        if len(one[name]) != len(other[name]):
            apart.append(f"{len(one[name])} {name}, in the other {len(other[name])}")
    return "\n".join(apart)


def answers(engine: Engine, questions: Sequence[str], k: int = 10) -> list[list[tuple[str, int, float]]]:
    """The best hits of each question, with their scores."""
    return [
        [(h.chunk.doc_id, h.chunk.start, round(h.score, 4)) for h in engine.search(q, k).hits]
        for q in questions
    ]


def found_by_words(engine: Engine, questions: Sequence[str]) -> list[list[tuple[str, int]]]:
    """Every passage that holds a word of the question, whatever its score."""
    return [
        sorted((h.chunk.doc_id, h.chunk.start) for h in engine.search(q, 5_000).stages["lexical"])
        for q in questions
    ]


def texts(engine: Engine) -> dict[str, str]:
    """What each document says."""
    with engine.catalogue.database.reading() as db:
        return dict(db.execute("SELECT doc_id, text FROM texts"))
