"""Part of a picture: kinds and numbers of nodes, and nothing that hangs in the air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graph.model import Edge, EdgeKind, Node, Subgraph, Weighted
from graph.narrow import narrow

if TYPE_CHECKING:
    from collections.abc import Collection

A, B, C = (Node(f"note:{name}", "note", name) for name in "abc")
TAG = Node("tag:t", "tag", "t")


def _edge(a: Node, kind: EdgeKind, b: Node) -> Edge:
    return Edge(a.id, kind, b.id, a.label, 0, 1, "link", 1.0)


# a links to b and shares a tag with it; c hangs at the tag alone.
WHOLE = Subgraph(
    (A, B, TAG, C),
    (
        Weighted(A.id, B.id, 2.0, (_edge(A, "LINKS_TO", B), _edge(A, "MENTIONS", B))),
        Weighted(A.id, TAG.id, 1.0, (_edge(A, "TAGGED", TAG),)),
        Weighted(B.id, TAG.id, 1.0, (_edge(B, "TAGGED", TAG),)),
        Weighted(C.id, TAG.id, 1.0, (_edge(C, "TAGGED", TAG),)),
    ),
    more=7,
)


@pytest.mark.parametrize(
    ("without", "hidden", "limit", "nodes", "edges", "more"),
    [
        ((), (), 9, "abtc", 4, 7),
        (("tag",), (), 9, "ab", 1, 7),  # c goes with the tag that joined it, and was not cut off
        ((), ("TAGGED",), 9, "ab", 1, 7),
        ((), ("LINKS_TO",), 9, "abtc", 4, 7),  # the other edge between the two stays
        ((), ("LINKS_TO", "MENTIONS"), 9, "abtc", 3, 7),
        ((), (), 2, "ab", 1, 9),
        (("note",), (), 9, "at", 1, 7),  # the start stays, whatever it is
        (("note", "tag"), (), 9, "a", 0, 7),
    ],
)
def test_what_is_left_is_joined_to_the_start(
    without: Collection[str], hidden: Collection[EdgeKind], limit: int, nodes: str, edges: int, more: int
) -> None:
    """Kinds of nodes, kinds of edges and a number are taken away; the order stays."""
    found = narrow(WHOLE, lambda node: node.kind not in without, hidden, limit)
    assert "".join(node.label for node in found.nodes) == nodes
    assert len(found.edges) == edges
    assert found.more == more
    assert not {edge.kind for one in found.edges for edge in one.edges} & set(hidden)


def test_nothing_is_narrowed_to_nothing() -> None:
    """A start that is not there has no neighbourhood."""
    assert narrow(Subgraph((), ()), lambda _: True, (), 5) == Subgraph((), ())
