"""The graph on a Neo4j server: Cypher answers what SQL answers in ``graph.local``. ``graph.push`` brings it there.

What lies on the server (format 1):

- ``(:FootnotesNode {id, name})`` with ``Note``, ``Section``, ``Chunk`` (and ``doc``, the document's id), ``Entity`` (and
  ``Person``, ``Place``, ...), ``Tag``, ``Day``, ``Month`` or ``Year``. A node without ``name`` only holds the end of a
  link that leads to a file that is no note.
- relationships as ``graph.model.Edge`` names them, with ``doc, start, end, extractor, confidence``; ``RELATED`` has
  ``predicate`` and ``property``, by which predicates are compared.
- ``(:Footnotes {home, generation, format})``: whose graph it is, and how far it has followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args

from graph.answers import ASSOCIATIONS, Answers, predicate_key
from graph.bolt import Server
from graph.model import Edge, EdgeKind, EntityKind, GraphStats, Node, NodeKind
from rag.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from graph.bolt import Ask, Rows
    from rag.settings import GraphSettings

T = TypeVar("T")

FORMAT = 1
KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
LABELS: dict[NodeKind, str] = {kind: kind.capitalize() for kind in get_args(NodeKind)}
ENTITY_LABELS: dict[EntityKind, str] = {kind: kind.capitalize() for kind in get_args(EntityKind)}
_EDGE = (
    "startNode(r).id AS source, type(r) AS kind, endNode(r).id AS target, r.doc AS doc, r.start AS first, "
    "r.end AS last, r.extractor AS extractor, r.confidence AS confidence, coalesce(r.predicate, '') AS predicate"
)
_NODE = "n.id, n.name, coalesce(n.kind, '')"
_DOCUMENTS_TOGETHER = 200
_WITHIN = (
    "UNWIND $dates AS date UNWIND date[1] AS within "
    "MATCH (d:FootnotesNode) WHERE d.id STARTS WITH within MATCH (d)<-[r:ON_DATE]-()"
)
# How the edges at nodes are found, from the parameter named after the nodes' kind; which kinds of edges, and where.
_AT: Mapping[str, tuple[tuple[tuple[EdgeKind, ...], str], ...]] = {
    "note": (
        (
            ("LINKS_TO", "MENTIONS", "ON_DATE", "TAGGED"),
            "UNWIND $note AS doc MATCH (:FootnotesNode {doc: doc})-[r:%s]->()",
        ),
        (("LINKS_TO",), "UNWIND $note AS doc MATCH (:FootnotesNode {id: 'note:' + doc})<-[r:%s]-()"),
        (("ALIAS_OF",), "UNWIND $note AS doc MATCH ()-[r:%s {doc: doc}]->()"),
        (("RELATED",), "UNWIND $note AS doc MATCH ()-[r:%s {doc: doc}]->()"),
    ),
    "entity": (
        (
            ("ALIAS_OF", "MENTIONS", "RELATED"),
            "UNWIND $entity AS key MATCH (:FootnotesNode {id: 'entity:' + key})-[r:%s]-()",
        ),
    ),
    "tag": ((("TAGGED",), "UNWIND $tag AS tag MATCH (:FootnotesNode {id: 'tag:' + tag})<-[r:%s]-()"),),
    "chunk": (
        (
            ("MENTIONS", "ON_DATE"),
            "UNWIND $chunk AS place MATCH (:FootnotesNode {id: 'chunk:' + place})-[r:%s]->()",
        ),
    ),
    "dates": ((("ON_DATE",), _WITHIN.replace("ON_DATE", "%s")),),
}
_SPREAD = {
    "entity": "UNWIND $entity AS key MATCH (n:FootnotesNode {id: 'entity:' + key})-[r:MENTIONS|RELATED|ALIAS_OF]-() "
    "RETURN n.id AS id, count(DISTINCT r.doc) AS documents",
    "tag": "UNWIND $tag AS tag MATCH (n:FootnotesNode {id: 'tag:' + tag})<-[r:TAGGED]-() "
    "RETURN n.id AS id, count(DISTINCT r.doc) AS documents",
    "dates": f"{_WITHIN} RETURN date[0] AS id, count(DISTINCT r.doc) AS documents",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whose graph the server holds, and which generation of it; None: it was not brought there whole."""

    home: int
    generation: int | None
    format: int


class Neo4jGraph(Answers):
    """A ``GraphStore`` over a Neo4j server, contacted with the first question. Threads may share one; close it.

    Args:
        settings: the section ``graph``.
        home: whose graph is expected there; None: whichever is.

    Raises:
        ConfigError: ``graph.url`` is no address of a Neo4j server.

    Every method raises ``GraphError`` when the server fails, or holds no whole graph, or another home's.
    """

    def __init__(self, settings: GraphSettings, home: int | None = None) -> None:
        self.server = Server(settings)
        self._home = home

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    def stamp(self) -> Stamp | None:
        """What the server holds; None: nothing of ours."""
        return self.server.read(read_stamp)

    def touching(self, ids: Collection[str], kinds: Sequence[EdgeKind] = ASSOCIATIONS) -> list[Edge]:
        """Edges at any of these nodes, sorted, each once."""
        wanted = _by_kind(ids)
        queries = {at: query for at in wanted if (query := _edges_at(at, kinds))}

        def read(ask: Ask) -> set[Edge]:
            return {Edge(*row) for at, query in queries.items() for row in ask(query, **{at: wanted[at]})}

        return sorted(self._read(read)) if queries else []

    def said(self, predicate: str) -> list[Edge]:
        """Notes' properties of this name, sorted."""
        query = f"MATCH (:Note)-[r:RELATED {{property: $property}}]->() RETURN {_EDGE}"
        return sorted(Edge(*row) for row in self._ask(query, property=predicate_key(predicate)))

    def spread(self, ids: Collection[str]) -> dict[str, int]:
        """In how many documents each entity, tag or date stands."""
        wanted = _by_kind(ids)

        def read(ask: Ask) -> dict[str, int]:
            asked = [(kind, ids) for kind, ids in wanted.items() if kind in _SPREAD]
            return {node: count for kind, ids in asked for node, count in ask(_SPREAD[kind], **{kind: ids})}

        return self._read(read) if wanted else {}

    def named(self, ids: Collection[str]) -> dict[str, Node]:
        """Nodes by id; those that are not there are left out."""
        query = (
            f"UNWIND $ids AS id MATCH (n:FootnotesNode {{id: id}}) WHERE n.name IS NOT NULL RETURN {_NODE}"
        )
        nodes = map(_as_node, self._ask(query, ids=sorted(ids)))
        return {node.id: node for node in nodes}

    def notes(self) -> int:
        """How many notes there are."""
        return int(self._ask("MATCH (n:Note:FootnotesNode) RETURN count(n)")[0][0])

    def stats(self) -> GraphStats:
        """How many nodes and edges of each kind."""
        nodes = self._ask(
            "MATCH (n:FootnotesNode) WHERE n.name IS NOT NULL RETURN split(n.id, ':')[0] AS kind, count(*)"
        )
        edges = self._ask("MATCH (:FootnotesNode)-[r]->(:FootnotesNode) RETURN type(r) AS kind, count(*)")
        return GraphStats(_counts(nodes), _counts(edges))

    def edges(self) -> Iterator[Edge]:
        """All edges, by document, then by themselves."""
        for _, edges in self.by_document():
            yield from edges

    def by_document(self) -> Iterator[tuple[str, list[Edge]]]:
        """The edges of each document that has some, sorted, by document."""
        found = self._ask("MATCH (:FootnotesNode)-[r]->(:FootnotesNode) RETURN DISTINCT r.doc")
        documents = sorted(doc for (doc,) in found)
        query = " UNION ALL ".join(
            f"UNWIND $docs AS doc MATCH (s)-[r:{kind} {{doc: doc}}]->(t) RETURN {_EDGE}" for kind in KINDS
        )
        for at in range(0, len(documents), _DOCUMENTS_TOGETHER):
            together = documents[at : at + _DOCUMENTS_TOGETHER]
            edges: dict[str, list[Edge]] = {doc: [] for doc in together}
            for row in self._ask(query, docs=together):
                edge = Edge(*row)
                edges[edge.doc_id].append(edge)
            yield from ((doc, sorted(edges[doc])) for doc in together)

    def nodes(self) -> Iterator[Node]:
        """All nodes, by id."""
        found = self._ask(f"MATCH (n:FootnotesNode) WHERE n.name IS NOT NULL RETURN {_NODE}")
        yield from sorted(map(_as_node, found))

    def _ask(self, query: str, **values: Any) -> Rows:
        return self._read(lambda ask: ask(query, **values))

    def _read(self, work: Callable[[Ask], T]) -> T:
        def checked(ask: Ask) -> T:
            self._check(read_stamp(ask))  # each time: others may write there too
            return work(ask)

        return self.server.read(checked)

    def _check(self, stamp: Stamp | None) -> None:
        """Whether this home's graph is there, and whole."""
        if stamp is None:
            raise GraphError(
                "The Neo4j server at {url} holds no graph yet. Run `footnotes graph push`.",
                url=self.server.url,
            )
        if self._home is not None and stamp.home != self._home:
            raise another_home(self.server.url)
        if stamp.generation is None:
            raise GraphError(
                "The graph on the Neo4j server at {url} is incomplete: a push is going on, or was cut off. "
                "Run `footnotes graph push`.",
                url=self.server.url,
            )


def another_home(url: str) -> GraphError:
    """What is there belongs to notes that are not these."""
    return GraphError(
        "The Neo4j server at {url} holds the graph of another home. Set graph.url or graph.database to another, "
        "or run `footnotes graph push --replace`.",
        url=url,
    )


def read_stamp(ask: Ask) -> Stamp | None:
    """The stamp, inside a transaction."""
    rows = ask("MATCH (f:Footnotes {name: 'graph'}) RETURN f.home, f.generation, f.format")
    return Stamp(*rows[0]) if rows else None


def _counts(rows: Rows) -> dict[Any, int]:
    return {kind: count for kind, count in sorted(rows)}  # noqa: C416 - mypy reads a row as a list, not as a pair


def _edges_at(kind: str, kinds: Sequence[EdgeKind]) -> str:
    """A query for edges of these kinds at nodes of a kind; each text has a plan of its own, so there are few."""
    parts = [
        f"{part % '|'.join(asked)} RETURN {_EDGE}"
        for found, part in _AT.get(kind, ())
        if (asked := [one for one in found if one in kinds])
    ]
    return " UNION ".join(parts)


def _as_node(row: Sequence[Any]) -> Node:
    node_id, label, entity_kind = row
    return Node(node_id, node_id.partition(":")[0], label, entity_kind)


def _by_kind(ids: Iterable[str]) -> dict[str, list[Any]]:
    """What follows the colon, by what stands before it; dates together, each with the beginnings of what is in it."""
    found: dict[str, list[Any]] = {}
    for node_id in sorted(set(ids)):
        kind, _, rest = node_id.partition(":")
        if kind in _INSIDE:
            found.setdefault("dates", []).append(
                [node_id, [f"{part}{rest}{end}" for part, end in _INSIDE[kind]]]
            )
        else:
            found.setdefault(kind, []).append(rest)
    return found


_INSIDE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "day": (("day:", ""),),
    "month": (("month:", ""), ("day:", "-")),
    "year": (("year:", ""), ("month:", "-"), ("day:", "-")),
}
