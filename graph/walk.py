"""Ways through the graph. Pure functions of the edges that a store gives.

Everything is sorted before it is summed, so that two stores with the same edges get the same numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from graph.model import Edge, EdgeKind, Node

Sortable = tuple[float, str]

LONGEST_PATH = 6
_SPACES = re.compile(r"[\s_\-]+")
_VALUE = re.compile(r"[\W\d_]+|true|false|yes|no|none|null")
# Properties whose values say what state a note is in, and nothing of what it is about.
_FORMAL = frozenset(
    {
        "status",
        "state",
        "type",
        "kind",
        "class",
        "cssclass",
        "cssclasses",
        "layout",
        "lang",
        "language",
        "draft",
    }
    | {"publish", "published", "format", "visibility", "priority"}
    | {"状态", "语言", "格式", "优先级", "已发布", "草稿"}
)
_FEW = 30
_COMMON_SHARE = 8
# How much one edge of a kind says of two nodes belonging together.
SAYS: Mapping[EdgeKind, float] = {
    "LINKS_TO": 1.0,
    "ALIAS_OF": 1.0,
    "RELATED": 0.8,
    "TAGGED": 0.6,
    "MENTIONS": 0.5,
    "ON_DATE": 0.3,
}


class Source(Protocol):
    """What a way through the graph is found by; see ``graph.answers.Answers``."""

    def touching(self, ids: Collection[str], kinds: Sequence[EdgeKind] = ...) -> list[Edge]:
        """Edges at any of these nodes, sorted."""

    def spread(self, ids: Collection[str]) -> dict[str, int]:
        """In how many documents each node stands."""

    def named(self, ids: Collection[str]) -> dict[str, Node]:
        """Nodes by id."""

    def notes(self) -> int:
        """How many notes there are."""


class Step(NamedTuple):
    """An edge, and the two nodes that it joins."""

    a: str
    b: str
    edge: Edge


def predicate_key(predicate: str) -> str:
    """What names of properties are compared by: ``Date_Watched`` and ``date watched`` are one."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", predicate).casefold()).strip()


def note_id(doc_id: str) -> str:
    """The node of a document."""
    return f"note:{doc_id}"


def folded(node_id: str) -> str:
    """A section's or passage's note; any other node itself."""
    kind, _, rest = node_id.partition(":")
    return note_id(rest.rpartition("#")[0]) if kind in {"chunk", "section"} else node_id


def other_end(edge: Edge, node_id: str) -> str:
    """The node across an edge from ``node_id``, folded; ``node_id`` itself where the edge only stands in its text."""
    source, target = folded(edge.source), folded(edge.target)
    if node_id in {edge.source, source}:
        return target
    if node_id in {edge.target, target}:
        return source
    return node_id if node_id.startswith("note:") else source  # from inside a month or a year


class Merged:
    """A graph in which a note and the names that are its alone are one node, as are a note and its passages.

    So a passage that names another note's title leads there, as a link does. Numbers and days that are properties'
    values join nothing.
    """

    def __init__(self, store: Source) -> None:
        self.store = store
        self.common = common(store)
        self._note_of: dict[str, str] = {}

    def node(self, node_id: str) -> str:
        """What a node is part of here."""
        folded_id = folded(node_id)
        self._learn([folded_id])
        return self._note_of.get(folded_id, folded_id)

    def steps(self, nodes: Collection[str]) -> list[Step]:
        """What joins these nodes to others, sorted by edge; not by their names that are too common."""
        ids, asked = sorted(nodes), frozenset(nodes)
        names = self._names(ids)
        spread = self.store.spread(names)
        edges = self.store.touching([*ids, *(name for name in names if spread.get(name, 0) <= self.common)])
        ends = [(folded(edge.source), folded(edge.target)) for edge in edges]
        self._learn({end for pair in ends for end in pair})
        found = []
        for (source, target), edge in zip(ends, edges, strict=True):
            a, b = self._note_of.get(source, source), self._note_of.get(target, target)
            if a != b and not (_is_vague(edge, asked) or is_value(source) or is_value(target)):
                found.append(Step(a, b, edge))
        return found

    def commonness(self, nodes: Collection[str]) -> dict[str, int]:
        """In how many documents each node stands; a note, by its names. Those in none are left out."""
        found = self.store.spread(nodes)
        names = self._names([node for node in nodes if node.startswith("note:")])
        for name, spread in self.store.spread(names).items():
            note = self._note_of[name]
            found[note] = max(found.get(note, 0), spread)
        return found

    def _names(self, nodes: Collection[str]) -> list[str]:
        """Names that are one note's alone, of these notes."""
        notes = {node for node in nodes if node.startswith("note:")}
        called = {e.source for e in self.store.touching(notes, ("ALIAS_OF",)) if e.target in notes}
        self._learn(called)
        return sorted(name for name in called if self._note_of.get(name) in notes)

    def _learn(self, nodes: Collection[str]) -> None:
        fresh = {n for n in nodes if n.startswith("entity:") and n not in self._note_of}
        notes: dict[str, set[str]] = {name: set() for name in fresh}
        for edge in self.store.touching(fresh, ("ALIAS_OF",)):
            if edge.target.startswith("note:") and edge.source in fresh:
                notes[edge.source].add(edge.target)
        for name, of in notes.items():
            self._note_of[name] = of.pop() if len(of) == 1 else name


def _is_vague(edge: Edge, asked: frozenset[str]) -> bool:
    """Whether an edge joins what has nothing to do with each other: a month, the state that a note is in."""
    if edge.kind == "RELATED":
        return predicate_key(edge.predicate) in _FORMAL
    return edge.target.startswith(("month:", "year:")) and asked.isdisjoint(_around(edge.target))


def _around(date: str) -> tuple[str, ...]:
    """A month or a year, and the year around."""
    return date, f"year:{date.partition(':')[2][:4]}"


def is_value(node_id: str) -> bool:
    """Whether an entity is but a number, a day, stars, yes or no."""
    return node_id.startswith("entity:") and _VALUE.fullmatch(node_id, len("entity:")) is not None


def path(store: Source, source: str, target: str) -> list[Edge]:
    """A shortest chain of edges between two nodes, by search from both ends; empty where there is none.

    It does not lead through what stands in a great part of the notes: that joins everything with everything.
    """
    graph = Merged(store)
    source, target = graph.node(source), graph.node(target)
    if source == target or len(store.named({source, target})) < len({source, target}):
        return []
    near, far = _Front(graph, source), _Front(graph, target)
    while near.steps + far.steps < LONGEST_PATH and near.latest and far.latest:
        growing, other = (near, far) if len(near.latest) <= len(far.latest) else (far, near)
        growing.grow()
        ways = _meetings(graph, growing, other)
        if ways:
            return min(_joined(near, far, meeting, cost) for meeting, cost in sorted(ways.items())).edges
    return []


class Way(NamedTuple):
    """A way to a node: how common what it leads through is, the nodes, the edges."""

    cost: int
    nodes: tuple[str, ...]
    edges: list[Edge]


class _Front:
    """What is reached from one end, and the best way there."""

    def __init__(self, graph: Merged, start: str) -> None:
        self._graph = graph
        self.start = start
        self.best = {start: Way(0, (start,), [])}
        self.latest = {start}
        self.steps = 0

    def grow(self) -> None:
        """One step further."""
        costs = self._graph.commonness(self.latest)
        open_ends = {
            node for node in self.latest if not self.steps or costs.get(node, 0) <= self._graph.common
        }
        reached: dict[str, dict[str, list[Edge]]] = defaultdict(lambda: defaultdict(list))
        for step in self._graph.steps(open_ends):
            for here, there in ((step.a, step.b), (step.b, step.a)):
                if here in open_ends and there not in self.best:
                    reached[there][here].append(step.edge)
        found = {}
        for there, by in reached.items():
            here = min(
                by, key=lambda node: (self.best[node].cost + costs.get(node, 0), self.best[node].nodes)
            )
            before = self.best[here]
            found[there] = Way(
                before.cost + costs.get(here, 0),
                (*before.nodes, there),
                [*before.edges, min(by[here], key=_clarity)],
            )
        self.best |= found
        self.latest = set(found)
        self.steps += 1


def _meetings(graph: Merged, growing: _Front, other: _Front) -> dict[str, int]:
    """Where two fronts meet, and how common that is; not in what is too common."""
    met = growing.latest & other.best.keys()
    costs = graph.commonness(met)
    ends = {growing.start, other.start}
    return {node: costs.get(node, 0) for node in met if node in ends or costs.get(node, 0) <= graph.common}


def _joined(near: _Front, far: _Front, meeting: str, cost: int) -> Way:
    there, back = near.best[meeting], far.best[meeting]
    return Way(
        there.cost + cost + back.cost, (*there.nodes, *back.nodes[-2::-1]), [*there.edges, *back.edges[::-1]]
    )


def _clarity(edge: Edge) -> tuple[float, float, str, int, Edge]:
    """Sorts the edges between two nodes: what says most, then what is surest."""
    return -SAYS[edge.kind], -edge.confidence, edge.doc_id, edge.start, edge


def clearest(edges: Iterable[Edge], count: int) -> tuple[Edge, ...]:
    """The edges between two nodes that say most."""
    return tuple(sorted(edges, key=_clarity)[:count])


def common(store: Source) -> int:
    """In how many notes something stands that is too common to lead anywhere."""
    return max(_FEW, store.notes() // _COMMON_SHARE)


def around(store: Source, seeds: Sequence[str], limit: int) -> list[Edge]:
    """Edges within two steps of nodes; not beyond what is too common."""
    found: dict[Edge, None] = {}
    reached = set(seeds)
    for _ in range(2):
        edges = store.touching(sorted(reached))
        ends = {folded(end) for edge in edges for end in (edge.source, edge.target)}
        spread = store.spread(ends)
        rarity = {e: min(spread.get(end, 1) for end in _ends(e)) for e in edges}
        found |= dict.fromkeys(sorted(edges, key=lambda e: (rarity[e], e)))
        if len(found) >= limit:
            break
        most = common(store)
        reached = {end for end in ends if spread.get(end, 0) <= most}
    return list(found)[:limit]


def _ends(edge: Edge) -> tuple[str, str]:
    return folded(edge.source), folded(edge.target)
