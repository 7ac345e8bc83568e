"""The surroundings of a node as a picture for people: bounded, filtered by kind and time, each edge with its places."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graph.local import LocalGraph
from graph.model import Subgraph
from graph.narrow import narrow
from graph.walk import folded
from rag.graph_places import cite

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from graph.model import Edge, EdgeKind, Node, NodeKind
    from rag.engine import Engine
    from rag.types import Citation

DEPTHS, MOST = (1, 2), 150
_SPARE = 5  # times as many nodes are looked at where some will be filtered out
_LOOKED_AT = 600
_PLACES = 6
_CALENDAR = frozenset({"day", "month", "year"})
_FRONT_MATTER = re.compile(r"\A---\n.*?^---\n\s*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class View:
    """How to look around a node.

    Attributes:
        depth: how many steps away, 1 or 2.
        limit: at most so many nodes.
        nodes: kinds of nodes that are left out.
        edges: kinds of edges that are left out.
        since: notes and days before it are left out; ISO 8601: 2023, 2023-05 or 2023-05-01. Empty: none is.
        until: those after it are left out, likewise.
    """

    depth: int = 1
    limit: int = 40
    nodes: frozenset[NodeKind] = frozenset()
    edges: frozenset[EdgeKind] = frozenset()
    since: str = ""
    until: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.nodes or self.edges or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Picture:
    """A neighbourhood, its start first, and the names of all nodes that its edges speak of, by id."""

    found: Subgraph
    named: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Beside:
    """A node, in how many notes it stands, and edges at it, at most one a note and a kind of edge; ``more``: how many were left out."""

    node: Node
    notes: int
    edges: tuple[Edge, ...]
    more: int
    named: Mapping[str, Node]


def picture(engine: Engine, given: str, view: View) -> Picture:
    """What lies around a note, a name, a tag or a day.

    Raises:
        GraphError: nothing is called so, or the server with the graph does not answer.
    """
    store, node = engine.graph.store, engine.graph.names.find(given)
    looked_at = min(view.limit * _SPARE, _LOOKED_AT) if view.is_filtered else view.limit
    found = store.near(node.id, view.depth, looked_at)
    if not found.nodes:  # a day that no note is of
        found = Subgraph((node,), ())
    if view.is_filtered:
        days = _days(engine, found.nodes) if view.since or view.until else {}
        found = narrow(found, lambda one: _is_wanted(one, view, days), view.edges, view.limit)
    ends = {end for joined in found.edges for edge in joined.edges for end in _ends(edge)}
    return Picture(found, store.named(ends))


def beside(engine: Engine, node_id: str) -> Beside:
    """A node with what notes say at it.

    Raises:
        GraphError: there is no such node, or the server with the graph does not answer.
    """
    store, node = engine.graph.store, engine.graph.names.find(node_id)
    told: dict[
        tuple[str, EdgeKind, str], Edge
    ] = {}  # of a note the names it says, of others the notes that say them
    for edge in sorted(store.touching([node.id]), key=_clearest):
        other = folded(edge.target) if folded(edge.source) == node.id else edge.doc_id
        told.setdefault((edge.doc_id, edge.kind, other), edge)
    edges = tuple(told.values())[:_PLACES]
    return Beside(
        node,
        store.spread([node.id]).get(node.id, 0),
        edges,
        len(told) - len(edges),
        store.named({end for edge in edges for end in _ends(edge)}),
    )


def place(engine: Engine, edge: Edge, named: Mapping[str, Node]) -> tuple[str, int, int]:
    """The span that an edge is written at: a document, and from where to where.

    Tags, a note's own dates and titles are kept without a span: there the text is searched for them; else it is the
    note's beginning.
    """
    if edge.end > edge.start:
        return edge.doc_id, edge.start, edge.end
    document = engine.document(edge.doc_id)
    if document is None:
        return edge.doc_id, 0, 0
    for end in (edge.target, edge.source):
        node = named.get(folded(end))
        if node is None or node.id == f"note:{edge.doc_id}":
            continue
        at = document.text.casefold().find(node.label.casefold())
        if at >= 0 and document.text[at : at + len(node.label)].casefold() == node.label.casefold():
            return edge.doc_id, at, at + len(node.label)
    return (edge.doc_id, *_beginning(document.text))


def cited(engine: Engine, doc_id: str, start: int, end: int) -> Citation | None:
    """The line around a span as footnote 1; None where the note is gone, or has become shorter than that."""
    document = engine.document(doc_id)
    if document is None or not 0 <= start <= end <= len(document.text):
        return None
    found = cite(engine.catalogue, doc_id, start, end)
    return replace(found, marker=1) if found else None


def _beginning(text: str) -> tuple[int, int]:
    """The first line that says something."""
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    start += len(text[start:]) - len(text[start:].lstrip())
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end


def _ends(edge: Edge) -> Iterable[str]:
    return folded(edge.source), folded(edge.target), f"note:{edge.doc_id}"


def _clearest(edge: Edge) -> tuple[bool, float, str, int, str]:
    """What stands at a place of the text comes first, and what is sure."""
    return edge.end <= edge.start, -edge.confidence, edge.doc_id, edge.start, edge.kind


def _is_wanted(node: Node, view: View, days: Mapping[str, Collection[str]]) -> bool:
    if node.kind in view.nodes:
        return False
    if not (view.since or view.until):
        return True
    if node.kind in _CALENDAR:
        return _is_within(node.label, view)
    return node.kind != "note" or any(_is_within(day, view) for day in days.get(node.id, ()))


def _is_within(period: str, view: View) -> bool:
    """Whether a day, month or year lies, at least in part, in the time that is looked at."""
    return _last(period) >= _first(view.since) and _first(period) <= _last(view.until or "9999")


def _first(period: str) -> str:
    return period + "0000-01-01"[len(period) :]


def _last(period: str) -> str:
    return period + "9999-12-31"[len(period) :]


def _days(engine: Engine, nodes: Iterable[Node]) -> dict[str, set[str]]:
    """The days, months and years of notes and of their passages; the catalogue knows them whatever the graph's store."""
    notes = {node.id for node in nodes if node.kind == "note"}
    found: dict[str, set[str]] = {}
    for edge in LocalGraph(engine.catalogue.database).touching(notes, ["ON_DATE"]):
        found.setdefault(folded(edge.source), set()).add(edge.target.partition(":")[2])
    return found
