"""Reading the graph back from a Neo4j server, to compare it with the catalogue's, edge by edge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from graph.contribution import contributions, entity_nodes
from graph.model import Edge, Node
from rag.store import facts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from graph.neo4j import Neo4jGraph
    from rag.store.catalogue import Catalogue

_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """How the server's graph compares with the catalogue's.

    Attributes:
        nodes: in the catalogue's graph.
        edges: likewise.
        missing: nodes and edges that the server lacks.
        extra: nodes and edges that only the server has; a node with another label is missing and extra.
        examples: a few of those, as ``- ...`` and ``+ ...``.
        is_behind: the server is at another generation: a push is due.
    """

    nodes: int
    edges: int
    missing: int
    extra: int
    examples: tuple[str, ...]
    is_behind: bool

    @property
    def is_same(self) -> bool:
        """Whether both hold the same graph."""
        return not (self.missing or self.extra)


def pull_check(catalogue: Catalogue, store: Neo4jGraph) -> Checked:
    """Read the server's graph back and compare it with the catalogue's.

    Raises:
        GraphError: the server failed, or holds no graph, or another home's.
    """
    stamp = store.stamp()
    ours: set[Node] = set()
    found = _Differences()
    with catalogue.database.reading() as db:
        is_behind = stamp is None or stamp.generation != facts.generation(db)
        edges = _compare_edges(db, store, ours, found)
        ours.update(entity_nodes(db))
    theirs = set(store.nodes())
    found.add(ours - theirs, theirs - ours)
    return Checked(len(ours), edges, found.missing, found.extra, tuple(found.examples), is_behind)


def _compare_edges(db: sqlite3.Connection, store: Neo4jGraph, ours: set[Node], found: _Differences) -> int:
    """The number of ours; their documents' nodes are collected on the way."""

    def local() -> Iterator[tuple[str, int, Sequence[Edge]]]:
        for one in contributions(db):
            ours.update(one.nodes)
            yield one.doc_id, 0, one.edges

    remote = ((doc_id, 1, edges) for doc_id, edges in store.by_document())
    total = 0
    for _, sides in groupby(merge(local(), remote, key=itemgetter(0, 1)), itemgetter(0)):
        by_side = {side: Counter(edges) for _, side, edges in sides}
        here, there = by_side.get(0, Counter()), by_side.get(1, Counter())
        total += here.total()
        found.add((here - there).elements(), (there - here).elements())
    return total


class _Differences:
    """Counts, and a few to show."""

    def __init__(self) -> None:
        self.missing = self.extra = 0
        self.examples: list[str] = []

    def add(self, missing: Iterable[Node | Edge], extra: Iterable[Node | Edge]) -> None:
        """What the server lacks, and what only it has."""
        lacking, beyond = sorted(map(_shown, missing)), sorted(map(_shown, extra))
        self.missing += len(lacking)
        self.extra += len(beyond)
        told = [f"- {one}" for one in lacking] + [f"+ {one}" for one in beyond]
        self.examples += told[: _EXAMPLES - len(self.examples)]


def _shown(item: Node | Edge) -> str:
    if isinstance(item, Node):
        return f"({item.id} {item.label!r})"
    return f"{item.source} {item.kind} {item.target} ({item.doc_id}[{item.start}:{item.end}])"
