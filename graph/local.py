"""The graph in the catalogue: a store that needs no server.

What stands at a node is read straight from the tables; what a whole document brings, by ``graph.contribution``.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from graph import walk
from graph.answers import ASSOCIATIONS, Answers
from graph.contribution import contributions, dated, entity_nodes
from graph.model import Edge, EdgeKind, GraphStats, Node, NodeKind
from rag.store import associations, facts, rows
from rag.store.dating import lowered

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rag.store.database import Database

Days = dict[str, set[str]]

_CALENDAR: tuple[NodeKind, ...] = ("year", "month", "day")
_INSIDE = frozenset({"chunk", "section"})


class LocalGraph(Answers):
    """A ``GraphStore`` over the tables of a catalogue's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[int, Days] = (-1, {})
        self._lock = Lock()

    def touching(self, ids: Collection[str], kinds: Sequence[EdgeKind] = ASSOCIATIONS) -> list[Edge]:
        """Edges at any of these nodes, sorted, each once."""
        wanted = _by_kind(ids)
        found: set[Edge] = set()
        with self._database.reading() as db:
            notes = wanted.get("note", set())
            found.update(associations.of_documents(db, notes, kinds))
            found.update(associations.of_entities(db, wanted.get("entity", set()), kinds))
            if "TAGGED" in kinds:
                found.update(associations.of_tags(db, wanted.get("tag", set())))
            passages = wanted.get("chunk", set())
            if "MENTIONS" in kinds:
                found.update(associations.of_passages(db, passages))
            if "ON_DATE" in kinds:
                found.update(_dates(db, notes))
                holders = {passage.rpartition("#")[0] for passage in passages} - notes
                found.update(e for e in _dates(db, holders) if e.source.partition(":")[2] in passages)
                found.update(self._within(db, _periods(wanted)))
        return sorted(found)

    def said(self, predicate: str) -> list[Edge]:
        """Notes' properties of this name, sorted."""
        wanted = walk.predicate_key(predicate)
        with self._database.reading() as db:
            names = [name for name in associations.predicates(db) if walk.predicate_key(name) == wanted]
            return sorted(set(associations.of_properties(db, names)))

    def spread(self, ids: Collection[str]) -> dict[str, int]:
        """In how many documents each entity, tag or date stands."""
        wanted = _by_kind(ids)
        with self._database.reading() as db:
            found = {
                f"entity:{k}": n for k, n in associations.spread(db, wanted.get("entity", set())).items()
            }
            found |= {f"tag:{tag}": n for tag, n in associations.tags(db, wanted.get("tag", set())).items()}
            days = self._calendar(db)
            periods = _periods(wanted)
            return found | {_calendar_node(one).id: len(days[one]) for one in periods if one in days}

    def named(self, ids: Collection[str]) -> dict[str, Node]:
        """Nodes by id; those that are not there are left out."""
        wanted = _by_kind(ids)
        with self._database.reading() as db:
            nodes = [*_notes(db, wanted.get("note", set())), *_entities(db, wanted.get("entity", set()))]
            nodes += [
                Node(f"tag:{tag}", "tag", tag) for tag in associations.tags(db, wanted.get("tag", set()))
            ]
            days = self._calendar(db)
            nodes += [_calendar_node(one) for one in _periods(wanted) if one in days]
            inside = {f"{kind}:{rest}" for kind in _INSIDE for rest in wanted.get(kind, ())}
            holders = sorted({walk.folded(node).removeprefix("note:") for node in inside})
            nodes += [n for one in contributions(db, holders) for n in one.nodes if n.id in inside]
        return {node.id: node for node in nodes}

    def notes(self) -> int:
        """How many notes there are."""
        with self._database.reading() as db:
            count: int = db.execute("SELECT count(*) FROM documents WHERE status = 'indexed'").fetchone()[0]
            return count

    def stats(self) -> GraphStats:
        """How many nodes and edges of each kind."""
        nodes: Counter[NodeKind] = Counter()
        edges: Counter[EdgeKind] = Counter()
        shared: set[str] = set()  # tags and dates, which many documents bring
        with self._database.reading() as db:
            nodes["entity"] = sum(1 for _ in entity_nodes(db))
            for one in contributions(db):
                edges.update(edge.kind for edge in one.edges)
                fresh = [n for n in one.nodes if n.kind in {"note", *_INSIDE} or n.id not in shared]
                shared.update(n.id for n in fresh if n.kind not in {"note", *_INSIDE})
                nodes.update(node.kind for node in fresh)
        return GraphStats(dict(sorted((+nodes).items())), dict(sorted(edges.items())))

    def edges(self) -> Iterator[Edge]:
        """All edges, by document, then by themselves."""
        with self._database.reading() as db:
            for one in contributions(db):
                yield from one.edges

    def nodes(self) -> Iterator[Node]:
        """All nodes, by id."""
        with self._database.reading() as db:
            found = {node for one in contributions(db) for node in one.nodes}
            found.update(entity_nodes(db))
        yield from sorted(found)

    def _within(self, db: sqlite3.Connection, periods: Collection[str]) -> Iterator[Edge]:
        """Edges to days, months and years that are, or lie in, those wanted."""
        days = self._calendar(db)
        lie = tuple(f"{one}-" for one in periods)
        for edge in _dates(db, {doc_id for one in periods for doc_id in days.get(one, ())}):
            period = edge.target.partition(":")[2]
            if period in periods or period.startswith(lie):
                yield edge

    def _calendar(self, db: sqlite3.Connection) -> Days:
        """The catalogue's calendar, read again where the graph has changed."""
        now = facts.generation(db)
        with self._lock:
            if self._known[0] != now:
                self._known = (now, _days(db))
            return self._known[1]


def _by_kind(ids: Iterable[str]) -> dict[str, set[str]]:
    """What follows the colon, by what stands before it."""
    found: dict[str, set[str]] = {}
    for node in ids:
        kind, _, rest = node.partition(":")
        found.setdefault(kind, set()).add(rest)
    return found


def _periods(wanted: dict[str, set[str]]) -> set[str]:
    """The days, months and years among them."""
    return {
        one for kind in _CALENDAR for one in wanted.get(kind, ()) if one.count("-") == _CALENDAR.index(kind)
    }


# Nodes


def _notes(db: sqlite3.Connection, doc_ids: Iterable[str]) -> Iterator[Node]:
    for doc_id, title in db.execute(
        "SELECT id, title FROM documents WHERE status = 'indexed' AND id IN (SELECT value FROM json_each(?))",
        (rows.dump(sorted(doc_ids)),),
    ):
        yield Node(f"note:{doc_id}", "note", title or doc_id)


def _entities(db: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Node]:
    for key, label, kind in db.execute(
        "SELECT key, label, kind FROM entities WHERE shown AND key IN (SELECT value FROM json_each(?))",
        (rows.dump(sorted(keys)),),
    ):
        yield Node(f"entity:{key}", "entity", label, kind)


def _calendar_node(period: str) -> Node:
    kind = _CALENDAR[period.count("-")]
    return Node(f"{kind}:{period}", kind, period)


# Dates: they are kept as JSON, with the documents and passages that have them


def _dates(db: sqlite3.Connection, doc_ids: Iterable[str]) -> Iterator[Edge]:
    """Those of notes, and those of all their passages."""
    ids = rows.dump(sorted(doc_ids))
    for doc_id, start, end, dates, shared in db.execute(
        "SELECT id, -1, 0, dates, shared_dates FROM documents "
        "WHERE status = 'indexed' AND dates <> '[]' AND id IN (SELECT value FROM json_each(?1)) "
        'UNION ALL SELECT c.doc_id, c.start, c."end", c.dates, d.shared_dates FROM chunks c '
        "JOIN documents d ON d.id = c.doc_id "
        "WHERE c.dates <> '[]' AND c.doc_id IN (SELECT value FROM json_each(?1))",
        (ids,),
    ):
        source = f"note:{doc_id}" if start < 0 else f"chunk:{doc_id}#{start}"
        for period, confidence in dated(lowered(rows.load_dates(dates), rows.load(shared))).items():
            node = _calendar_node(period).id
            yield Edge(source, "ON_DATE", node, doc_id, max(start, 0), end, "date", round(confidence, 4))


def _days(db: sqlite3.Connection) -> Days:
    """The documents with a date in each day, month and year that any has."""
    found: Days = {}
    for doc_id, dates, shared in db.execute(
        "SELECT id, dates, shared_dates FROM documents WHERE status = 'indexed' AND dates <> '[]' "
        "UNION ALL SELECT c.doc_id, c.dates, d.shared_dates FROM chunks c JOIN documents d ON d.id = c.doc_id "
        "WHERE c.dates <> '[]'"
    ):
        for period in dated(lowered(rows.load_dates(dates), rows.load(shared))):
            for around in (period, period[:7], period[:4]):
                found.setdefault(around, set()).add(doc_id)
    return found
