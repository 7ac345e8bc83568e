"""What documents say, as rows: the knowledge graph's truth.

``put`` and ``drop`` go with a document's other rows, in the same transaction. What follows from all documents
together is settled afterwards, so that it is a pure function of the documents present:

- ``sweep``: entities that nothing names any more go, with the transaction that took their last row.
- ``settle``: each entity's label and kind by majority, and whether it is shown (``graph.titles.follow`` calls it,
  after each sync).

Every change is stamped with a generation of the graph's own: ``changed_since`` tells derived graphs what to read.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from graph.keys import key_of
from rag.store import journal

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Sequence

    from graph.model import Facts
    from rag.store.called import Called
    from rag.types import Document

SHOWN_FROM = 0.5
"""A name of which no document is as sure as this is not shown."""
_KEPT_GENERATIONS = 4_096
_TOGETHER = 10_000
_PLAIN_KIND = "concept"
_PARTS = (  # every column that holds an entity
    ("mentions", "entity"),
    ("relations", "subject"),
    ("relations", "object"),
    ("aliases", "entity"),
    ("aliases", "other"),
    ("titles", "entity"),
)
_ENTITIES_OF = " UNION ".join(
    f"SELECT {column} FROM {table} WHERE doc_id IN (SELECT value FROM json_each(:docs)) AND {column} IS NOT NULL"
    for table, column in _PARTS
    if table != "titles"
)
_NAMED = " UNION ALL ".join(
    f"SELECT {entity} AS entity, {name} AS name, {kind} AS kind, {confidence} AS confidence, count(*) AS times "
    f"FROM {table} WHERE {entity} IN (SELECT value FROM json_each(:ids)) AND {condition} GROUP BY 1, 2, 3"
    for table, entity, name, kind, confidence, condition in (
        ("mentions", "entity", "name", "kind", "max(confidence)", "extractor <> 'title'"),
        ("relations", "subject", "subject_name", "''", "max(confidence)", "1"),
        ("relations", "object", "value", "''", "max(confidence)", "1"),
        ("aliases", "entity", "name", "''", "1.0", "1"),
        ("aliases", "other", "other_name", "''", "1.0", "1"),
        ("titles", "entity", "label", "''", "1.0", "1"),
    )
)


_key = lru_cache(1 << 14)(key_of)


class _Settled(NamedTuple):
    label: str
    kind: str
    shown: int


# One document


def put(db: sqlite3.Connection, document: Document, facts: Facts) -> set[int]:
    """Replace what a document says and is called. Its passages must be there, and its row marked as not searched.

    Returns:
        Entities that have lost a row, for ``sweep``.
    """
    from rag.store.called import called  # what writes: a search need not load it

    lost = _drop_said(db, [document.id])
    _add(db, document.id, facts)
    return lost | _put_titles(db, document.id, called(document))


def add(db: sqlite3.Connection, doc_id: str, facts: Facts) -> None:
    """Add to what a document says, until it is read again; the caller stamps the document."""
    _add(db, doc_id, facts)


def drop(db: sqlite3.Connection, doc_ids: Sequence[str]) -> set[int]:
    """Take out everything that documents say and are called; returns entities that have lost a row."""
    lost = _drop_said(db, doc_ids)
    for doc_id in doc_ids:
        lost |= _put_titles(db, doc_id, ())
    return lost


def _drop_said(db: sqlite3.Connection, doc_ids: Sequence[str]) -> set[int]:
    docs = _json(doc_ids)
    lost = {entity for (entity,) in db.execute(_ENTITIES_OF, {"docs": docs})}
    if not lost:
        return lost
    for table in ("mentions", "relations", "aliases"):
        db.execute(f"DELETE FROM {table} WHERE doc_id IN (SELECT value FROM json_each(?))", (docs,))
    _unsettle(db, lost)
    return lost


def _add(db: sqlite3.Connection, doc_id: str, facts: Facts) -> None:
    said = {m.name for m in facts.mentions}
    said.update(name for r in facts.relations for name in (r.subject, r.object))
    said.update(name for a in facts.aliases for name in (a.name, a.other))
    ids = entities(db, said)
    passage = _passages(db, doc_id)
    db.executemany(
        "INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                doc_id,
                passage(m.start, m.end),
                m.start,
                m.end,
                ids[m.name],
                m.name,
                m.kind,
                m.extractor,
                m.confidence,
            )
            for m in facts.mentions
            if m.name in ids
        ],
    )
    db.executemany(
        "INSERT INTO relations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                doc_id,
                r.start,
                r.end,
                ids.get(r.subject),
                r.subject,
                r.predicate,
                ids[r.object],
                r.object,
                r.extractor,
                r.confidence,
            )
            for r in facts.relations
            if r.object in ids
        ],
    )
    db.executemany(
        "INSERT INTO aliases VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (doc_id, a.start, a.end, ids[a.name], a.name, ids[a.other], a.other)
            for a in facts.aliases
            if a.name in ids and a.other in ids and ids[a.name] != ids[a.other]
        ],
    )


def entities(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """The entity of each name, made where there is none; all are to be settled. Names of nothing but space have none."""
    keys = {name: key for name in names if (key := _key(name))}
    spelled = {key: name for name, key in sorted(keys.items())}
    known = db.execute(
        "SELECT key, id, settled FROM entities WHERE key IN (SELECT value FROM json_each(?))",
        (_json(spelled),),
    ).fetchall()
    ids = {key: entity for key, entity, _ in known}
    for key, name in spelled.items():
        if key not in ids:
            made = db.execute(
                "INSERT INTO entities (key, label, kind) VALUES (?, ?, ?)", (key, name, _PLAIN_KIND)
            ).lastrowid
            assert made is not None  # noqa: S101 - an INSERT without conflict clause always has one
            ids[key] = made
    _unsettle(db, [entity for _, entity, settled in known if settled])
    return {name: ids[key] for name, key in keys.items()}


def _passages(db: sqlite3.Connection, doc_id: str) -> Callable[[int, int], int | None]:
    """Finds the passage that holds a span; None: it stands in none, or in two."""
    found = db.execute(
        'SELECT start, "end", key FROM chunks WHERE doc_id = ? ORDER BY start', (doc_id,)
    ).fetchall()
    starts = [start for start, _, _ in found]

    def holding(start: int, end: int) -> int | None:
        at = bisect_right(starts, start) - 1
        return found[at][2] if at >= 0 and end <= found[at][1] else None

    return holding


def _put_titles(db: sqlite3.Connection, doc_id: str, wanted: Sequence[Called]) -> set[int]:
    """Make a document be called so. Where a name goes, the documents that say it must be searched again."""
    from rag.store.called import beginning

    known = {
        (label, kind): entity
        for label, kind, entity in db.execute(
            "SELECT label, kind, entity FROM titles WHERE doc_id = ?", (doc_id,)
        )
    }
    if known.keys() == {*wanted}:
        return set()
    lost = {entity for name, entity in known.items() if name not in wanted}
    db.executemany(
        "DELETE FROM titles WHERE doc_id = ? AND label = ? AND kind = ?",
        [(doc_id, *name) for name in known if name not in wanted],
    )
    _search_again(db, lost)
    _unsettle(db, lost)
    fresh = [name for name in wanted if tuple(name) not in known]
    ids = entities(db, [name.label for name in fresh])
    db.executemany(
        "INSERT INTO titles (doc_id, entity, key, label, kind, beginning, searched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
        "EXISTS (SELECT 1 FROM titles WHERE label = ?4 AND searched = 1))",
        [(doc_id, ids[n.label], key_of(n.label), n.label, n.kind, beginning(n.label)) for n in fresh],
    )
    return lost


def _search_again(db: sqlite3.Connection, titled: Collection[int]) -> None:
    """What says a title that goes may say a shorter one within, and says this one no more."""
    if not titled:
        return
    db.execute(
        "UPDATE documents SET searched = 0 WHERE searched = 1 AND id IN (SELECT doc_id FROM mentions "
        "WHERE entity IN (SELECT value FROM json_each(?)) AND extractor = 'title')",
        (_json(sorted(titled)),),
    )


def _unsettle(db: sqlite3.Connection, ids: Collection[int]) -> None:
    if not ids:
        return
    db.execute(
        "UPDATE entities SET settled = 0 WHERE settled = 1 AND id IN (SELECT value FROM json_each(?))",
        (_json(sorted(ids)),),
    )


# All documents together


def sweep(db: sqlite3.Connection, ids: Collection[int]) -> None:
    """Remove those of the entities that nothing names any more."""
    unnamed = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.{column} = entities.id)" for table, column in _PARTS
    )
    db.execute(
        f"DELETE FROM entities WHERE id IN (SELECT value FROM json_each(?)) AND {unnamed}",
        (_json(sorted(ids)),),
    )


def settle(db: sqlite3.Connection) -> None:
    """Give some entities that documents name differently now their label, kind and standing.

    The transaction is the caller's, who calls again while there are such. Titles found in other notes have no vote.
    """
    found = db.execute(
        "SELECT id, label, kind, shown FROM entities WHERE settled = 0 LIMIT ?", (_TOGETHER,)
    ).fetchall()
    ids = [row[0] for row in found]
    now = _votes(db, ids)
    sweep(db, [i for i in ids if i not in now])
    changed = [(i, now[i]) for i, *old in found if i in now and now[i] != tuple(old)]
    turned = [i for i, _, _, shown in found if i in now and now[i].shown != shown]
    if changed:
        generation = stamp(db, _naming(db, turned))
        db.executemany(
            "UPDATE entities SET label = ?, kind = ?, shown = ?, generation = ? WHERE id = ?",
            [(*settled, generation, i) for i, settled in changed],
        )
    db.execute("UPDATE entities SET settled = 1 WHERE id IN (SELECT value FROM json_each(?))", (_json(ids),))


def misjudged(db: sqlite3.Connection) -> set[str]:
    """Documents that name an entity whose label, kind or standing is not what ``settle`` would make it."""
    wrong: list[int] = []
    last = 0
    while found := db.execute(
        "SELECT id, label, kind, shown FROM entities WHERE id > ? ORDER BY id LIMIT ?", (last, _TOGETHER)
    ).fetchall():
        last = found[-1][0]
        now = _votes(db, [row[0] for row in found])
        wrong += [i for i, *told in found if now.get(i) != tuple(told)]
    return _naming(db, wrong)


def _votes(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, _Settled]:
    """What each entity is called most, and taken for most; the rarer one is never shown, the first of equals is."""
    rows = db.execute(f"SELECT * FROM ({_NAMED}) ORDER BY entity", {"ids": _json(ids)})
    settled = {}
    for entity, votes in groupby(rows, itemgetter(0)):
        labels: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        best = 0.0
        for _, name, kind, confidence, times in votes:
            labels[name] += times
            if kind:
                kinds[kind] += times
            best = max(best, confidence)
        settled[entity] = _Settled(
            _most(labels), _most(kinds) if kinds else _PLAIN_KIND, int(best >= SHOWN_FROM)
        )
    return settled


def _most(votes: Counter[str]) -> str:
    return min(votes, key=lambda one: (-votes[one], one))


def _naming(db: sqlite3.Connection, ids: Sequence[int]) -> set[str]:
    """Documents that name any of the entities."""
    told = _json(ids)
    return {
        doc_id
        for table, column in _PARTS
        for (doc_id,) in db.execute(
            f"SELECT DISTINCT doc_id FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", (told,)
        )
    }


# Generations


def generation(db: sqlite3.Connection) -> int:
    """The graph's last generation."""
    value: int = db.execute("SELECT value FROM state WHERE name = 'graph'").fetchone()[0]
    return value


def stamp(db: sqlite3.Connection, doc_ids: Iterable[str]) -> int:
    """Note that the contributions of documents may have changed, in a generation of its own; returns it."""
    now = journal.following(generation(db))
    db.execute("UPDATE state SET value = ? WHERE name = 'graph'", (now,))
    db.executemany(
        "INSERT INTO graph_changes VALUES (?, ?) ON CONFLICT (doc_id) DO UPDATE SET generation = excluded.generation",
        [(doc_id, now) for doc_id in sorted(set(doc_ids))],
    )
    db.execute("INSERT INTO graph_generations VALUES (?)", (now,))
    _prune(db)
    return now


def changed_since(db: sqlite3.Connection, reached: int) -> tuple[tuple[str, ...], int] | None:
    """Documents whose contributions may have changed after ``reached``, sorted, and the generation that is now.

    None: start anew; ``reached`` is of another history, or lies too far back. Documents that are gone are named
    too: their contribution is empty.
    """
    if not db.execute("SELECT 1 FROM graph_generations WHERE generation = ?", (reached,)).fetchone():
        return None
    found = db.execute("SELECT doc_id FROM graph_changes WHERE generation > ? ORDER BY doc_id", (reached,))
    return tuple(doc_id for (doc_id,) in found), generation(db)


def _prune(db: sqlite3.Connection) -> None:
    """Forget generations that nobody should still be at, and the gone documents that only they need to hear of.

    Seldom: so that a home with many documents does not look through all of them with every change.
    """
    if _generation_before(db, 2 * _KEPT_GENERATIONS) is None:
        return
    oldest = _generation_before(db, _KEPT_GENERATIONS)
    db.execute("DELETE FROM graph_generations WHERE generation <= ?", (oldest,))
    db.execute(
        "DELETE FROM graph_changes WHERE generation <= ? AND doc_id NOT IN (SELECT id FROM documents)",
        (oldest,),
    )


def _generation_before(db: sqlite3.Connection, count: int) -> int | None:
    found = db.execute(
        "SELECT generation FROM graph_generations ORDER BY generation DESC LIMIT 1 OFFSET ?", (count,)
    ).fetchone()
    return found[0] if found else None


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
