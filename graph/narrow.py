"""Part of a picture: only nodes and edges of some kinds, and only so many, still joined to what it is drawn around."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from graph.model import Subgraph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from graph.model import EdgeKind, Node, Weighted


def narrow(
    found: Subgraph, keep: Callable[[Node], bool], hidden: Collection[EdgeKind], limit: int
) -> Subgraph:
    """What is left of a neighbourhood, in its order.

    Args:
        found: the start first, then the strongest.
        keep: whether a node may stay; the start always does.
        hidden: kinds of edges that are left out; of several edges between two nodes the others stay.
        limit: at most so many nodes, the start among them.

    Returns:
        The part that is joined to the start; ``more`` counts the nodes that only ``limit`` and the search left out.
    """
    if not found.nodes:
        return found
    start = found.nodes[0]
    wanted = {start.id, *(node.id for node in found.nodes if keep(node))}
    edges = [
        left
        for edge in found.edges
        if wanted.issuperset((edge.source, edge.target)) and (left := _without(edge, hidden))
    ]
    joined = _joined(start.id, edges)
    fitting = [node for node in found.nodes if node.id in joined]
    shown = _joined(start.id, _between({node.id for node in fitting[:limit]}, edges))
    return Subgraph(
        tuple(node for node in fitting if node.id in shown),
        tuple(_between(shown, edges)),
        found.more + len(fitting) - len(shown),
    )


def _without(edge: Weighted, hidden: Collection[EdgeKind]) -> Weighted | None:
    left = tuple(one for one in edge.edges if one.kind not in hidden)
    return replace(edge, edges=left) if left else None


def _between(nodes: Collection[str], edges: Collection[Weighted]) -> list[Weighted]:
    return [edge for edge in edges if edge.source in nodes and edge.target in nodes]


def _joined(start: str, edges: Collection[Weighted]) -> set[str]:
    """The nodes that a way leads to."""
    beside: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        beside[edge.source].add(edge.target)
        beside[edge.target].add(edge.source)
    reached, latest = {start}, [start]
    while latest:
        latest = [node for node in {n for here in latest for n in beside[here]} if node not in reached]
        reached.update(latest)
    return reached
