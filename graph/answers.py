"""Questions about the graph, answered once for every store: a store gives edges, this gives answers.

A store reads edges and nodes in its own way (SQL, Cypher); what a question means, and the order of what it gets, is
settled here, in ``graph.walk`` and in ``graph.vicinity``. So two stores with the same edges give the same answers.

A note's sections and passages are folded into the note: what they say, the note says.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING

from graph import vicinity, walk
from graph.keys import key_of, number_of
from graph.model import Dated, Edge, EdgeKind, Found, Neighbour
from graph.walk import predicate_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from graph.model import GraphStats, Node, Subgraph

__all__ = ["ASSOCIATIONS", "OPERATORS", "Answers", "is_day", "number_of", "predicate_key"]

ASSOCIATIONS: tuple[EdgeKind, ...] = ("ALIAS_OF", "LINKS_TO", "MENTIONS", "ON_DATE", "RELATED", "TAGGED")
"""The kinds of edges that say something; the others (PART_OF, NEXT) are the frame that they hang in."""
OPERATORS = ("=", "<", "<=", ">", ">=", "max", "min")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?:[T ].*)?")


def is_day(text: str) -> bool:
    """Whether a value is a day, a month or a year with a month, as ISO 8601 writes it."""
    return "-" in text[1:] and _DAY.fullmatch(text.strip()) is not None


class Answers(ABC):
    """A ``rag.protocols.GraphStore`` over five reads of edges and nodes."""

    # What a store reads

    @abstractmethod
    def touching(self, ids: Collection[str], kinds: Sequence[EdgeKind] = ASSOCIATIONS) -> list[Edge]:
        """Edges at any of these nodes, sorted, each once.

        ``note:`` ids stand for all that the document says, and for what links to it; ``month:`` and ``year:`` ids for
        the days inside too; any other id only for itself.
        """

    @abstractmethod
    def said(self, predicate: str) -> list[Edge]:
        """Notes' properties of this name (compared by ``predicate_key``): RELATED edges from notes, sorted."""

    @abstractmethod
    def spread(self, ids: Collection[str]) -> dict[str, int]:
        """In how many documents' associations each of these nodes stands; those in none are left out."""

    @abstractmethod
    def named(self, ids: Collection[str]) -> dict[str, Node]:
        """Nodes by id; those that are not there are left out."""

    @abstractmethod
    def notes(self) -> int:
        """How many notes there are."""

    @abstractmethod
    def stats(self) -> GraphStats:
        """How many nodes and edges of each kind; kinds with none are left out."""

    @abstractmethod
    def edges(self) -> Iterator[Edge]:
        """All edges, by document, then by themselves."""

    @abstractmethod
    def nodes(self) -> Iterator[Node]:
        """All nodes, by id."""

    # What a question gets

    def naming(self, names: Sequence[str]) -> list[Found]:
        """Notes that name all of the names, the most mentions first, then by id.

        A note names what its text says, what it links to, has as a tag (``#tag``) or a property, and its own title.
        """
        if not names:
            return []
        places: dict[str, list[set[tuple[int, int]]]] = defaultdict(lambda: [set() for _ in names])
        for at, name in enumerate(names):
            for edge in self._saying(name):
                places[edge.doc_id][at].add((edge.start, edge.end))
        both = {doc_id: sets for doc_id, sets in places.items() if all(sets)}
        titles = self._titles(both)
        found = [
            Found(doc_id, titles[doc_id], len(spans), "", tuple(sorted(spans)))
            for doc_id, sets in both.items()
            if doc_id in titles and (spans := set[tuple[int, int]]().union(*sets))
        ]
        return sorted(found, key=lambda one: (-one.count, one.doc_id))

    def timeline(self, name: str) -> list[Dated]:
        """Passages that name an entity, by date, then by place; undated ones last.

        A passage's own date comes before its note's; of several the surest, then the finest, then the earliest.
        """
        entities = self._entities(name)
        first: dict[str, Edge] = {}
        for edge in self.touching(entities, ("MENTIONS",)):
            known = first.get(edge.source)
            if known is None or (edge.start, edge.end) < (known.start, known.end):
                first[edge.source] = edge
        notes = {walk.note_id(edge.doc_id) for edge in first.values()}
        days = self._days({*first, *notes})
        titles = self._titles(edge.doc_id for edge in first.values())
        found = [
            Dated(
                days.get(source) or days.get(walk.note_id(edge.doc_id)) or "",
                edge.doc_id,
                titles.get(edge.doc_id, ""),
                edge.start,
                edge.end,
            )
            for source, edge in first.items()
        ]
        return sorted(found, key=lambda one: (not one.day, one.day, one.doc_id, one.start, one.end))

    def neighbours(self, node_id: str, kinds: Sequence[str] = ()) -> list[Neighbour]:
        """Nodes beside a node, those joined in most places first, then by id.

        Beside an entity stand the notes that name it and, once for each passage that they share, other entities.
        ``kinds``: only nodes of these kinds, or entities of these kinds.
        """
        met: dict[str, list[Edge]] = defaultdict(list)
        passages: set[str] = set()
        for edge in self.touching([node_id]):
            other = walk.other_end(edge, node_id)
            if other != node_id:
                met[other].append(edge)
            if edge.kind == "MENTIONS" and edge.target == node_id:
                passages.add(edge.source)
        for other, edges in self._beside(node_id, passages).items():
            met[other] += edges
        nodes = self.named(met)
        found = [
            Neighbour(
                nodes[other],
                tuple(sorted({edge.kind for edge in edges})),
                len({(edge.doc_id, edge.start, edge.end) for edge in edges}),
                *min((edge.doc_id, edge.start, edge.end) for edge in edges),
            )
            for other, edges in met.items()
            if other in nodes and (not kinds or {nodes[other].kind, nodes[other].entity_kind} & set(kinds))
        ]
        return sorted(found, key=lambda one: (-one.count, one.node.id))

    def path(self, source: str, target: str) -> list[Edge]:
        """A shortest chain of at most six edges; of several the one through the rarest nodes, then the first by id."""
        return walk.path(self, source, target)

    def having(self, predicate: str, operator: str, value: str) -> list[Found]:
        """Notes by property, each once.

        ``=`` compares names and, where both are numbers, numbers; the others compare numbers or days. ``<``, ``<=`` and
        ``min`` give the least first, ``>``, ``>=`` and ``max`` the greatest; then, and for ``=``, the order is by id.

        Raises:
            ValueError: no such operator.
        """
        if operator not in OPERATORS:
            raise ValueError(f"{operator!r} is none of {OPERATORS}")
        edges = self.said(predicate)
        nodes = self.named({edge.target for edge in edges})
        same = self._entities(value) if operator == "=" else set()
        best: dict[str, tuple[walk.Sortable, Found]] = {}
        counts: dict[str, int] = defaultdict(int)
        titles = self._titles(edge.doc_id for edge in edges)
        for edge in edges:
            label = nodes[edge.target].label if edge.target in nodes else ""
            rank = (0.0, "") if edge.target in same else _rank(label, operator, value)
            if rank is None or edge.doc_id not in titles:
                continue
            counts[edge.doc_id] += 1
            found = Found(edge.doc_id, titles[edge.doc_id], 0, label, ((edge.start, edge.end),))
            if edge.doc_id not in best or rank < best[edge.doc_id][0]:
                best[edge.doc_id] = (rank, found)
        ordered = sorted(best.values(), key=lambda one: (one[0], one[1].doc_id))
        return [Found(f.doc_id, f.title, counts[f.doc_id], f.value, f.places) for _, f in ordered]

    def near(self, node_id: str, depth: int, limit: int) -> Subgraph:
        """What lies around a node, the strongest first, for a picture; notes, entities, tags and dates."""
        return vicinity.near(self, node_id, depth, limit)

    def around(self, seeds: Sequence[str], limit: int) -> list[Edge]:
        """At most ``limit`` edges within two steps of nodes: those of the first step first, to rare nodes first."""
        return walk.around(self, seeds, limit)

    # Parts

    def _entities(self, name: str) -> set[str]:
        """An entity and what the notes say to be the same: written aliases, the other names of the note so called."""
        start = f"entity:{key_of(name)}"
        found, notes = {start}, set[str]()
        for edge in self.touching([start], ("ALIAS_OF",)):
            found.update(end for end in (edge.source, edge.target) if end.startswith("entity:"))
            notes.update(end for end in (edge.source, edge.target) if end.startswith("note:"))
        if len(notes) == 1:  # the title of several notes says nothing of their other names
            found.update(edge.source for edge in self.touching(notes, ("ALIAS_OF",)) if edge.target in notes)
        return found

    def _saying(self, name: str) -> Iterator[Edge]:
        """Edges by which documents name a name."""
        if name.startswith("#"):
            yield from self.touching([f"tag:{name[1:]}"], ("TAGGED",))
            return
        entities = self._entities(name)
        called = set()
        for edge in self.touching(entities, ("ALIAS_OF", "MENTIONS", "RELATED")):
            if edge.kind != "ALIAS_OF":
                if edge.target in entities:
                    yield edge
            elif edge.target.startswith("note:"):
                called.add(edge.target)
                yield edge
        for edge in self.touching(called, ("LINKS_TO",)):
            if edge.target in called:
                yield edge

    def _titles(self, doc_ids: Iterable[str]) -> dict[str, str]:
        nodes = self.named({walk.note_id(doc_id) for doc_id in doc_ids})
        return {node.id.removeprefix("note:"): node.label for node in nodes.values()}

    def _days(self, ids: set[str]) -> dict[str, str]:
        """The best date of each passage or note that has its own."""
        best: dict[str, tuple[float, int, str]] = {}
        for edge in self.touching(ids, ("ON_DATE",)):
            day = edge.target.partition(":")[2]
            rank = (-edge.confidence, -len(day), day)
            if edge.source in ids and rank < best.get(edge.source, (1.0, 0, "")):
                best[edge.source] = rank
        return {source: day for source, (_, _, day) in best.items()}

    def _beside(self, node_id: str, passages: set[str]) -> dict[str, list[Edge]]:
        """Entities in the same passages, with one edge for each passage."""
        met: dict[str, dict[str, Edge]] = defaultdict(dict)
        if node_id.startswith("entity:"):
            for edge in self.touching(passages, ("MENTIONS",)):
                if edge.target != node_id and edge.source in passages:
                    met[edge.target].setdefault(edge.source, edge)
        return {other: list(edges.values()) for other, edges in met.items()}


def _rank(label: str, operator: str, value: str) -> walk.Sortable | None:
    """Where a property's value sorts among those asked for; None: it is not."""
    have, want = number_of(label), number_of(value)
    if operator in {"max", "min"}:
        if have is None or is_day(label):
            return None
        return (-have if operator == "max" else have, "")
    if is_day(label) or is_day(value):
        return _ranked_day(label.strip(), operator, value.strip())
    if operator == "=":
        is_same = key_of(label) == key_of(value) or (have is not None and have == want and _is_plain(value))
        return (0.0, "") if is_same else None
    if have is None or want is None or not _holds(have, operator, want):
        return None
    return (-have if operator.startswith(">") else have, "")


def _is_plain(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _ranked_day(label: str, operator: str, value: str) -> walk.Sortable | None:
    """Days, months and years are compared as far as the shorter of them goes."""
    if not (_DAY.fullmatch(label) and _DAY.fullmatch(value)):
        return None
    length = min(len(label), len(value))
    if not _holds(label[:length], "=" if operator == "=" else operator, value[:length]):
        return None
    # Digits turned round sort the latest first.
    return (0.0, label.translate(_TURNED) if operator.startswith(">") else label if operator != "=" else "")


_TURNED = str.maketrans("0123456789", "9876543210")


def _holds(a: float | str, operator: str, b: float | str) -> bool:
    less, equal = a < b, a == b  # type: ignore[operator]  # both are numbers or both are days
    return {"=": equal, "<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[operator]
