"""The graph's edges as the catalogue's rows say them, looked up from either end: names, properties, links, tags.

Together with dates (``graph.local``) these are exactly the edges that ``graph.contribution`` makes, but PART_OF and
NEXT; a test compares the two.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from graph.model import Edge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

_IN = "IN (SELECT value FROM json_each(:ids))"
_EDGES = {
    "MENTIONS": (
        "SELECT iif(c.key IS NULL, 'note:' || m.doc_id, 'chunk:' || m.doc_id || '#' || c.start), 'MENTIONS', "
        "'entity:' || e.key, m.doc_id, m.start, m.\"end\", m.extractor, m.confidence, '' "
        "FROM mentions m JOIN entities e ON e.id = m.entity LEFT JOIN chunks c ON c.key = m.chunk WHERE e.shown"
    ),
    "RELATED": (
        "SELECT iif(r.subject IS NULL, 'note:' || r.doc_id, 'entity:' || s.key), 'RELATED', 'entity:' || e.key, "
        'r.doc_id, r.start, r."end", r.extractor, r.confidence, r.predicate '
        "FROM relations r JOIN entities e ON e.id = r.object LEFT JOIN entities s ON s.id = r.subject "
        "WHERE e.shown AND (r.subject IS NULL OR s.shown)"
    ),
    "ALIASES": (
        "SELECT 'entity:' || e.key, 'ALIAS_OF', 'entity:' || o.key, a.doc_id, a.start, a.\"end\", 'alias', 1.0, '' "
        "FROM aliases a JOIN entities e ON e.id = a.entity JOIN entities o ON o.id = a.other "
        "WHERE e.shown AND o.shown"
    ),
    "TITLES": (
        "SELECT 'entity:' || e.key, 'ALIAS_OF', 'note:' || t.doc_id, t.doc_id, 0, 0, t.kind, 1.0, '' "
        "FROM titles t JOIN entities e ON e.id = t.entity WHERE e.shown"
    ),
    "LINKS_TO": (
        "SELECT 'note:' || k.doc_id, 'LINKS_TO', 'note:' || k.resolved, k.doc_id, k.start, k.\"end\", 'link', 1.0, '' "
        "FROM links k WHERE k.resolved NOT IN ('', k.doc_id)"
    ),
    "TAGGED": (
        "SELECT 'note:' || d.id, 'TAGGED', 'tag:' || j.value, d.id, 0, 0, 'tag', 1.0, '' "
        "FROM documents d, json_each(d.tags) j WHERE d.status = 'indexed'"
    ),
}
_KINDS = {  # an edge's kind, what it is read by, and the columns that its ends and its document stand in
    "MENTIONS": (("MENTIONS", "m.doc_id", ("m.entity",)),),
    "RELATED": (("RELATED", "r.doc_id", ("r.object", "r.subject")),),
    "ALIAS_OF": (
        ("ALIASES", "a.doc_id", ("a.entity", "a.other")),
        ("TITLES", "t.doc_id", ("t.entity",)),
    ),
    "LINKS_TO": (("LINKS_TO", "k.doc_id", ()),),
    "TAGGED": (("TAGGED", "d.id", ()),),
}
_NAMING = " UNION ".join(
    f"SELECT {column} AS entity, {doc_id} FROM {_EDGES[query].partition(' FROM ')[2]} AND {column} {_IN}"
    for entries in _KINDS.values()
    for query, doc_id, columns in entries
    for column in columns
)


def of_documents(db: sqlite3.Connection, doc_ids: Collection[str], kinds: Iterable[str]) -> Iterator[Edge]:
    """What documents say, and the links that lead to them."""
    for kind in kinds:
        for query, doc_id, _ in _KINDS.get(kind, ()):
            yield from _read(db, f"{_EDGES[query]} AND {doc_id} {_IN}", doc_ids)
        if kind == "LINKS_TO":
            yield from _read(db, f"{_EDGES[kind]} AND k.resolved {_IN}", doc_ids)


def of_entities(db: sqlite3.Connection, keys: Collection[str], kinds: Iterable[str]) -> Iterator[Edge]:
    """What is said of entities."""
    ids = _ids(db, keys)
    for kind in kinds:
        for query, _, columns in _KINDS.get(kind, ()):
            for column in columns:
                yield from _read(db, f"{_EDGES[query]} AND {column} {_IN}", ids)


def of_tags(db: sqlite3.Connection, tags: Collection[str]) -> Iterator[Edge]:
    """The notes that have tags."""
    yield from _read(db, f"{_EDGES['TAGGED']} AND j.value {_IN}", tags)


def of_passages(db: sqlite3.Connection, places: Collection[str]) -> Iterator[Edge]:
    """The names that passages, by ``document#start``, say."""
    wanted = [place.rpartition("#") for place in sorted(places)]
    found = db.execute(
        "SELECT c.key FROM json_each(?) j JOIN chunks c "
        "ON c.doc_id = json_extract(j.value, '$[0]') AND c.start = json_extract(j.value, '$[1]')",
        (_json((doc_id, int(start)) for doc_id, _, start in wanted if start.isdecimal()),),
    )
    yield from _read(db, f"{_EDGES['MENTIONS']} AND c.key {_IN}", [key for (key,) in found])


def of_properties(db: sqlite3.Connection, predicates: Collection[str]) -> Iterator[Edge]:
    """The notes that have properties, by the properties' names as they are written."""
    yield from _read(db, f"{_EDGES['RELATED']} AND r.subject IS NULL AND r.predicate {_IN}", predicates)


def predicates(db: sqlite3.Connection) -> list[str]:
    """The names of all properties, as they are written, sorted."""
    found = db.execute("SELECT DISTINCT predicate FROM relations WHERE subject IS NULL ORDER BY predicate")
    return [predicate for (predicate,) in found]


def spread(db: sqlite3.Connection, keys: Collection[str]) -> dict[str, int]:
    """In how many documents each entity stands, by key."""
    ids = _ids(db, keys)
    found = db.execute(
        f"SELECT e.key, count(*) FROM ({_NAMING}) n JOIN entities e ON e.id = n.entity GROUP BY e.id",
        {"ids": _json(ids)},
    )
    return dict(found.fetchall())


def tags(db: sqlite3.Connection, wanted: Collection[str]) -> dict[str, int]:
    """How many notes have each tag; those that none has are left out."""
    found = db.execute(
        "SELECT j.value, count(DISTINCT d.id) FROM documents d, json_each(d.tags) j "
        f"WHERE d.status = 'indexed' AND j.value {_IN} GROUP BY j.value",
        {"ids": _json(wanted)},
    )
    return dict(found.fetchall())


def _ids(db: sqlite3.Connection, keys: Collection[str]) -> list[int]:
    found = db.execute(f"SELECT id FROM entities WHERE key {_IN}", {"ids": _json(keys)})
    return [entity for (entity,) in found]


def _read(db: sqlite3.Connection, query: str, ids: Collection[str] | Collection[int]) -> Iterator[Edge]:
    if ids:
        for source, kind, target, doc_id, start, end, extractor, confidence, predicate in db.execute(
            query, {"ids": _json(ids)}
        ):
            yield Edge(source, kind, target, doc_id, start, end, extractor, round(confidence, 4), predicate)


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
