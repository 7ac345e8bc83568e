"""Ways through the graph: what joins nodes, what does not, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graph import walk
from graph.answers import ASSOCIATIONS, Answers
from graph.model import Edge, EdgeKind, GraphStats, Node
from graph.vicinity import near, rarity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence


class Fake(Answers):
    """A store over a list of edges; every node that an edge has is there."""

    def __init__(self, edges: Sequence[Edge], notes: int = 0) -> None:
        self._edges = sorted(edges)
        ids = {walk.folded(end) for edge in edges for end in (edge.source, edge.target)}
        ids |= {f"note:{i}" for i in range(notes)}
        self._nodes = {i: Node(i, i.partition(":")[0], i.partition(":")[2]) for i in sorted(ids)}  # type: ignore[arg-type]

    def touching(self, ids: Collection[str], kinds: Sequence[EdgeKind] = ASSOCIATIONS) -> list[Edge]:
        wanted = set(ids)
        return [
            edge
            for edge in self._edges
            if edge.kind in kinds
            and not wanted.isdisjoint(
                {edge.source, edge.target, walk.folded(edge.source), walk.note_id(edge.doc_id)}
            )
        ]

    def said(self, predicate: str) -> list[Edge]:
        return [e for e in self._edges if e.kind == "RELATED" and e.predicate == predicate]

    def spread(self, ids: Collection[str]) -> dict[str, int]:
        found = {
            i: len({e.doc_id for e in self._edges if i in {e.source, e.target}})
            for i in ids
            if not i.startswith("note:")
        }
        return {i: count for i, count in found.items() if count}

    def named(self, ids: Collection[str]) -> dict[str, Node]:
        return {i: self._nodes[i] for i in ids if i in self._nodes}

    def notes(self) -> int:
        return sum(node.kind == "note" for node in self._nodes.values())

    def stats(self) -> GraphStats:
        return GraphStats({}, {})

    def edges(self) -> Iterator[Edge]:
        yield from self._edges

    def nodes(self) -> Iterator[Node]:
        yield from self._nodes.values()


def mention(doc: str, entity: str, at: int = 1) -> Edge:
    """A passage of a note names something."""
    return Edge(f"chunk:{doc}#0", "MENTIONS", f"entity:{entity}", doc, at, at + 3, "name", 0.9)


def link(doc: str, to: str) -> Edge:
    """A note links to another."""
    return Edge(f"note:{doc}", "LINKS_TO", f"note:{to}", doc, 5, 9, "link", 1.0)


def title(entity: str, doc: str) -> Edge:
    """A note is called so."""
    return Edge(f"entity:{entity}", "ALIAS_OF", f"note:{doc}", doc, 0, 0, "title", 1.0)


def prop(doc: str, predicate: str, value: str) -> Edge:
    """A note has a property."""
    return Edge(f"note:{doc}", "RELATED", f"entity:{value}", doc, 2, 8, "property", 1.0, predicate)


def test_what_stands_in_a_great_part_of_the_notes_joins_nothing() -> None:
    """Neither a path nor a picture leads through it; a rarer name does, though the way is longer."""
    crowd = [mention(str(i), "everywhere") for i in range(100)]
    store = Fake(
        [*crowd, mention("a", "everywhere"), mention("b", "everywhere"), link("a", "m"), link("m", "b")]
    )
    assert [edge.kind for edge in walk.path(store, "note:a", "note:b")] == ["LINKS_TO", "LINKS_TO"]
    around = {node.id for node in near(store, "note:a", 2, 50).nodes}
    assert "note:b" in around
    assert "note:7" not in around


def test_of_short_ways_the_one_through_the_rarest() -> None:
    """Two notes that share two names are joined by the one that fewer others have."""
    others = [mention(str(i), "common") for i in range(9)]
    store = Fake([*others, *(mention(doc, name) for doc in ("a", "b") for name in ("common", "rare"))])
    assert {edge.target for edge in walk.path(store, "note:a", "note:b")} == {"entity:rare"}


@pytest.mark.parametrize("value", ["9", "8.5/10", "2023-05-01", "★★★★", "true", "no"])
def test_plain_values_join_nothing(value: str) -> None:
    """That two films have the same number, day or flag says nothing."""
    store = Fake([prop("a", "rating", value), prop("b", "rating", value)])
    assert walk.path(store, "note:a", "note:b") == []


@pytest.mark.parametrize(
    ("predicate", "joins"), [("director", True), ("status", False), ("状态", False), ("Type", False)]
)
def test_properties_that_say_a_notes_state_join_nothing(predicate: str, *, joins: bool) -> None:
    """``status: done`` is no subject that notes share."""
    store = Fake([prop("a", predicate, "someone"), prop("b", predicate, "someone")])
    assert bool(walk.path(store, "note:a", "note:b")) == joins


def test_months_and_years_join_nothing_unless_asked_for() -> None:
    """Days do."""
    of_month = [Edge(f"note:{d}", "ON_DATE", "month:2023-05", d, 0, 0, "date", 1.0) for d in "ab"]
    of_day = [Edge(f"note:{d}", "ON_DATE", "day:2023-05-01", d, 0, 0, "date", 1.0) for d in "ab"]
    assert walk.path(Fake(of_month), "note:a", "note:b") == []
    assert len(walk.path(Fake(of_day), "note:a", "note:b")) == 2
    assert {node.id for node in near(Fake(of_month), "month:2023-05", 1, 9).nodes} == {
        "month:2023-05", "note:a", "note:b",
    }  # fmt: skip


def test_a_title_is_its_note_where_it_is_one_notes_alone() -> None:
    """Who says it is joined to the note; a title of two notes stays a name between them."""
    alone = Fake([title("leaf", "leaf.md"), mention("a", "leaf")])
    assert [node.id for node in near(alone, "note:leaf.md", 1, 9).nodes] == ["note:leaf.md", "note:a"]
    assert len(walk.path(alone, "note:a", "note:leaf.md")) == 1
    shared = Fake([title("leaf", "one.md"), title("leaf", "two.md"), mention("a", "leaf")])
    assert {node.id for node in near(shared, "note:one.md", 1, 9).nodes} == {"note:one.md", "entity:leaf"}


def test_paths_end_after_six_steps() -> None:
    """A chain of seven links is none."""
    store = Fake([link(str(i), str(i + 1)) for i in range(8)])
    assert len(walk.path(store, "note:0", "note:6")) == 6
    assert walk.path(store, "note:0", "note:7") == []


def test_what_many_share_weighs_less() -> None:
    """And what one note alone has weighs little: it leads nowhere."""
    assert rarity(2, 1000) > rarity(20, 1000) > rarity(900, 1000) > 0
    assert rarity(1, 1000) < rarity(2, 1000) < 1


def test_notes_that_share_more_are_nearer() -> None:
    """The strongest come first; equal ones by id."""
    names = ("x", "y", "z")
    store = Fake(
        [
            mention(doc, name)
            for doc, count in (("a", 3), ("b", 2), ("c", 3), ("d", 1))
            for name in names[:count]
        ]
    )
    found = near(store, "note:a", 2, 20)
    assert [node.id for node in found.nodes if node.kind == "note"] == [
        "note:a",
        "note:c",
        "note:b",
        "note:d",
    ]
