"""Bringing the graph to a Neo4j server.

The server is stamped with the generation of the graph that it holds. A push sends what documents have changed since:
each document's edges are replaced whole, so a push that is repeated changes nothing, and one that was cut off is made
good by the next. The stamp moves last.

Pushes take turns: the first act of each is to claim the stamp, and every transaction begins by looking whether the
claim still holds (which locks it). A push that was overtaken stops; the one that overtook it read the catalogue later.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from graph.answers import predicate_key
from graph.contribution import contributions, entity_nodes
from graph.neo4j import ENTITY_LABELS, FORMAT, KINDS, LABELS, Neo4jGraph, another_home, read_stamp
from graph.walk import folded
from rag.errors import FootnotesError, GraphError
from rag.messages import explain, say
from rag.store import facts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from graph.bolt import Ask, Rows
    from graph.model import Contribution, Edge, EdgeKind, Node, NodeKind
    from graph.neo4j import Stamp
    from rag.settings import Settings
    from rag.store.catalogue import Catalogue

    Progress = Callable[[int, int], None]

T = TypeVar("T")

_TOGETHER = 5_000  # nodes and edges in a transaction; a document is never split
_CLEARED_TOGETHER = 20_000
_HOME_BITS = 62
_SETUP = {
    "stamp": "CONSTRAINT {name} IF NOT EXISTS FOR (f:Footnotes) REQUIRE f.name IS UNIQUE",
    "id": "CONSTRAINT {name} IF NOT EXISTS FOR (n:FootnotesNode) REQUIRE n.id IS UNIQUE",
    "doc": "INDEX {name} IF NOT EXISTS FOR (n:FootnotesNode) ON (n.doc)",
    "note": "INDEX {name} IF NOT EXISTS FOR (n:Note) ON (n.name)",
    "entity": "INDEX {name} IF NOT EXISTS FOR (n:Entity) ON (n.name)",
    "property": "INDEX {name} IF NOT EXISTS FOR ()-[r:RELATED]-() ON (r.property)",
    **{kind.lower(): f"INDEX {{name}} IF NOT EXISTS FOR ()-[r:{kind}]-() ON (r.doc)" for kind in KINDS},
}
_OWN: tuple[NodeKind, ...] = ("note", "section", "chunk")
_OWN_LABELS = ":".join(LABELS[kind] for kind in _OWN)
_EDGE_VALUES = "doc: of[0], start: e[2], end: e[3], extractor: e[4], confidence: e[5]"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push sent; ``is_whole``: all documents, not only those that changed."""

    documents: int
    nodes: int
    edges: int
    is_whole: bool


def after_sync(catalogue: Catalogue, settings: Settings) -> str | None:
    """Push, where ``graph.backend`` is neo4j; one line to warn with, where that failed."""
    if settings.graph.backend != "neo4j":
        return None
    try:
        with open_store(catalogue, settings) as store:
            push(catalogue, store)
    except FootnotesError as e:
        return say(
            "The graph server was not brought up to date; the next sync tries again. {reason}",
            reason=explain(e),
        )
    return None


def open_store(catalogue: Catalogue, settings: Settings) -> Neo4jGraph:
    """The server's graph, which must be this home's; not contacted before the first question. Close it.

    Raises:
        ConfigError: ``graph.url`` is no address of a Neo4j server.
    """
    return Neo4jGraph(settings.graph, home_id(catalogue))


def home_id(catalogue: Catalogue) -> int:
    """By which a server knows this home: a number, made by chance when it is first asked for."""
    query = "SELECT value FROM state WHERE name = 'home'"
    with catalogue.database.reading() as db:
        found = db.execute(query).fetchone()
    if found is None:
        with catalogue.database.writing() as db:
            db.execute("INSERT OR IGNORE INTO state VALUES ('home', ?)", (secrets.randbits(_HOME_BITS),))
            found = db.execute(query).fetchone()
    return int(found[0])


def push(
    catalogue: Catalogue, store: Neo4jGraph, *, replace: bool = False, progress: Progress | None = None
) -> Pushed:
    """Bring the server to the catalogue's state.

    With ``replace``, what the server holds of Footnotes goes, of whichever home, and everything is sent. ``progress``
    is called with the number of documents sent, and of all to be sent.

    Raises:
        GraphError: the server failed, or holds another home's graph; what was sent so far stays, and the next push
            goes on from there.
        ExtraMissingError: the driver is not installed.
    """
    pusher = _Pusher(store, home_id(catalogue))
    before = pusher.claim(replace=replace)
    # The snapshot is younger than the claim: whoever claims later has seen at least as much.
    with catalogue.database.reading() as db:
        reached = before.generation if before and before.format == FORMAT and not replace else None
        changed = facts.changed_since(db, reached) if reached is not None else None
        now = facts.generation(db)
        if changed is None:
            pusher.clear()
            return pusher.send(db, None, -1, now, progress)
        if now == reached:
            pusher.release(now)
            return Pushed(0, 0, 0, is_whole=False)
        return pusher.send(db, changed[0], reached or 0, now, progress)


class _Pusher:
    """Writes to the server for as long as its claim holds."""

    def __init__(self, store: Neo4jGraph, home: int) -> None:
        self._server = store.server
        self._home = home
        self._claim = secrets.token_hex(8)

    def claim(self, *, replace: bool) -> Stamp | None:
        """Take the stamp, as it was before.

        Raises:
            GraphError: it is another home's, and not to be replaced.
        """
        before = self._server.read(read_stamp)
        if before is not None and before.home != self._home and not replace:
            raise another_home(self._server.url)
        if before is None or before.format != FORMAT or replace:
            self._server.write(_set_up)
            self._server.write(partial(_run, query="CALL db.awaitIndexes(60)"))

        def take(ask: Ask) -> Stamp | None:
            ask("MERGE (f:Footnotes {name: 'graph'}) SET f.claim = $claim", claim=self._claim)
            found = read_stamp(ask)
            ask(
                "MATCH (f:Footnotes {name: 'graph'}) SET f.home = $home, f.format = $format",
                home=self._home,
                format=FORMAT,
            )
            return found

        return self._server.write(take)

    def clear(self) -> None:
        """Remove every node and edge of ours; the stamp stays, without a generation."""
        self._write(partial(_run, query="MATCH (f:Footnotes {name: 'graph'}) REMOVE f.generation"))
        for pattern in ("(:FootnotesNode)-[x]->()", "(x:FootnotesNode)"):
            query = f"MATCH {pattern} WITH x LIMIT {_CLEARED_TOGETHER} DELETE x RETURN count(*)"
            while self._write(partial(_run, query=query))[0][0]:
                pass

    def send(
        self,
        db: sqlite3.Connection,
        doc_ids: Sequence[str] | None,
        reached: int,
        now: int,
        progress: Progress | None,
    ) -> Pushed:
        """Send documents, or all, and the entities named or labelled anew; then move the stamp."""
        total = len(doc_ids) if doc_ids is not None else _count(db)
        documents = nodes = edges = 0
        for batch in _batched(entity_nodes(db, reached)):
            self._write(partial(_put_nodes, nodes=batch))
            nodes += len(batch)
        sent: set[str] = set()
        for together in _grouped(contributions(db, doc_ids)):
            fresh = {node.id: node for one in together for node in one.nodes if node.id not in sent}
            sent.update(node.id for node in fresh.values() if node.kind not in _OWN)
            self._write(partial(_put, together=together, nodes=fresh.values(), is_new=doc_ids is None))
            documents += len(together)
            nodes += len(fresh)
            edges += sum(len(one.edges) for one in together)
            if progress:
                progress(documents, total)
        while self._write(_sweep):
            pass
        self.release(now)
        return Pushed(documents, nodes, edges, is_whole=doc_ids is None)

    def release(self, generation: int) -> None:
        """Say what the server holds, and give the stamp up."""
        query = "MATCH (f:Footnotes {name: 'graph'}) SET f.generation = $generation REMOVE f.claim"
        self._write(partial(_run, query=query, generation=generation))

    def _write(self, work: Callable[[Ask], T]) -> T:
        def claimed(ask: Ask) -> T:
            # Writing locks the stamp until the transaction ends; only then is the claim read.
            lock = "MATCH (f:Footnotes {name: 'graph'}) SET f.locked = true WITH f WHERE f.claim = $claim RETURN 1"
            if not ask(lock, claim=self._claim):
                raise GraphError(
                    "Another process pushes the graph to {url}; this one stopped.", url=self._server.url
                )
            return work(ask)

        return self._server.write(claimed)


# One transaction


def _set_up(ask: Ask) -> None:
    """Make the constraints and indexes that are missing."""
    there = {name for (name,) in ask("SHOW INDEXES YIELD name")}
    for part, statement in _SETUP.items():
        name = f"footnotes_{part}"
        if name not in there:
            ask("CREATE " + statement.format(name=name))


def _run(ask: Ask, query: str, **values: object) -> Rows:
    return ask(query, **values)


def _put(ask: Ask, together: Sequence[Contribution], nodes: Iterable[Node], *, is_new: bool) -> None:
    """Make these documents say what their contributions say; ``is_new``: the server knows none of them.

    ``nodes``: theirs, but tags and dates that this push has sent before.
    """
    if not is_new:
        _take_out(ask, [one.doc_id for one in together])
    _put_nodes(ask, nodes)
    of_kind: dict[EdgeKind, list[list[object]]] = defaultdict(list)
    for one in together:
        for kind, rows in _rows(one.edges).items():
            of_kind[kind].append([one.doc_id, rows])
    for kind, rows in of_kind.items():
        values = _EDGE_VALUES + (", predicate: e[6], property: e[7]" if kind == "RELATED" else "")
        ask(
            "UNWIND $rows AS of UNWIND of[1] AS e "
            "MERGE (s:FootnotesNode {id: e[0]}) MERGE (t:FootnotesNode {id: e[1]}) "
            f"CREATE (s)-[:{kind} {{{values}}}]->(t)",
            rows=rows,
        )


def _rows(edges: Iterable[Edge]) -> dict[EdgeKind, list[list[object]]]:
    rows: dict[EdgeKind, list[list[object]]] = defaultdict(list)
    for e in edges:
        row = [e.source, e.target, e.start, e.end, e.extractor, e.confidence]
        rows[e.kind].append([*row, e.predicate, predicate_key(e.predicate)] if e.kind == "RELATED" else row)
    return rows


def _take_out(ask: Ask, doc_ids: Sequence[str]) -> None:
    """Remove what documents brought. Nodes stay as mere ends of edges, to be swept where nothing else holds them."""
    for kind in KINDS:
        ask(
            f"UNWIND $docs AS doc MATCH (s)-[r:{kind} {{doc: doc}}]->(t) "
            "SET s:FootnotesLoose, t:FootnotesLoose DELETE r",
            docs=doc_ids,
        )
    ask(
        "UNWIND $docs AS doc MATCH (n:FootnotesNode {doc: doc}) "
        f"SET n:FootnotesLoose REMOVE n:{_OWN_LABELS}, n.name, n.doc",
        docs=doc_ids,
    )


def _put_nodes(ask: Ask, nodes: Iterable[Node]) -> None:
    """Nodes with their labels; those that are there are changed."""
    own: dict[str, list[list[str]]] = defaultdict(list)
    shared: dict[str, list[list[str]]] = defaultdict(list)
    for node in nodes:
        if node.kind in _OWN:
            own[LABELS[node.kind]].append([node.id, node.label, folded(node.id).removeprefix("note:")])
        elif node.entity_kind:
            shared[node.entity_kind].append([node.id, node.label])
        else:
            shared[LABELS[node.kind]].append([node.id, node.label])
    put = "UNWIND $rows AS row MERGE (n:FootnotesNode {id: row[0]}) "
    for label, rows in own.items():
        ask(f"{put} SET n:{label}, n.name = row[1], n.doc = row[2]", rows=rows)
    for name, rows in shared.items():
        ask(f"{put} {_labelled(name)}", rows=rows)


def _labelled(name: str) -> str:
    """What makes a node a tag, a day, ..., or an entity of a kind, which it may not have been before."""
    label = ENTITY_LABELS.get(name)  # type: ignore[call-overload] # a label of another node is no kind of entity
    if label is None:
        return f"SET n:{name}, n.name = row[1]"
    others = ":".join(other for other in ENTITY_LABELS.values() if other != label)
    return f"REMOVE n:{others} SET n:Entity:{label}, n.name = row[1], n.kind = '{name}'"


def _sweep(ask: Ask) -> bool:
    """Remove nodes that nothing holds any more; whether there may be others."""
    found = ask(
        "MATCH (n:FootnotesLoose) WITH n LIMIT $limit REMOVE n:FootnotesLoose RETURN n.id",
        limit=_CLEARED_TOGETHER,
    )
    ask(
        "UNWIND $ids AS id MATCH (n:FootnotesNode {id: id}) WHERE n.doc IS NULL AND NOT EXISTS { (n)--() } DELETE n",
        ids=[node_id for (node_id,) in found],
    )
    return bool(found)


# Batches


def _count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM documents WHERE status = 'indexed'").fetchone()[0])


def _batched(nodes: Iterable[Node]) -> Iterator[list[Node]]:
    remaining = iter(nodes)
    while batch := list(islice(remaining, _TOGETHER)):
        yield batch


def _grouped(found: Iterable[Contribution]) -> Iterator[list[Contribution]]:
    together: list[Contribution] = []
    size = 0
    for one in found:
        weight = 1 + len(one.nodes) + len(one.edges)
        if together and size + weight > _TOGETHER:
            yield together
            together, size = [], 0
        together.append(one)
        size += weight
    if together:
        yield together
