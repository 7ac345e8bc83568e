"""What lies around a node: for a picture, and for related notes.

Everything is sorted before it is summed, so that two stores with the same edges get the same numbers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from graph import walk
from graph.model import Subgraph, Weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graph.model import Edge, EdgeKind

Pair = tuple[str, str]

_KEPT_EDGES = 3
_LEAF = 0.1
_DIGITS = 4


def near(store: walk.Source, node_id: str, depth: int, limit: int) -> Subgraph:
    """The strongest nodes around one, the strongest first after it, and all that joins them.

    A node is as strong as what joins it to the start: edges' kinds and number, how rare what they name is; further off,
    its share of what it is joined to. At most half of what is shown are notes, where enough else joins them.
    """
    graph = walk.Merged(store)
    start = graph.node(node_id)
    if start not in store.named([start]):
        return Subgraph((), ())
    pairs: dict[Pair, list[Edge]] = {}
    weights: dict[Pair, float] = {}
    strength = {start: 1.0}
    latest = {start}
    for step in range(depth):
        pairs |= _pairs(graph.steps(latest))
        weights = _weights(store, pairs)
        strength, latest = _spread_out(weights, strength, latest, is_first=step == 0)
        latest = _worth_following(graph, strength, latest, limit)
    nodes = store.named(strength)
    strength = {node: value for node, value in strength.items() if node in nodes}
    kept = _chosen(start, strength, weights, limit)
    shown = sorted(kept, key=lambda node: (node != start, -strength[node], node))
    return Subgraph(
        tuple(nodes[node] for node in shown), _joining(kept, pairs, weights), len(nodes) - len(kept)
    )


def _joining(
    kept: set[str], pairs: Mapping[Pair, Sequence[Edge]], weights: Mapping[Pair, float]
) -> tuple[Weighted, ...]:
    """Edges between the nodes shown, in the direction of the clearest of each."""
    found = []
    for pair in sorted(pairs):
        if kept.issuperset(pair):
            edges = walk.clearest(pairs[pair], _KEPT_EDGES)
            is_turned = walk.folded(edges[0].source) == pair[1] or walk.folded(edges[0].target) == pair[0]
            a, b = pair[::-1] if is_turned else pair
            found.append(Weighted(a, b, weights[pair], edges))
    return tuple(found)


def _pairs(steps: Iterable[walk.Step]) -> dict[Pair, list[Edge]]:
    found: dict[Pair, list[Edge]] = defaultdict(list)
    for a, b, edge in steps:
        found[min(a, b), max(a, b)].append(edge)
    return found


def _weights(store: walk.Source, pairs: Mapping[Pair, Sequence[Edge]]) -> dict[Pair, float]:
    """How much two nodes have to do with each other."""
    total = store.notes()
    named = {end for edges in pairs.values() for edge in edges for end in (edge.source, edge.target)}
    spread = store.spread({end for end in named if walk.folded(end) == end and not end.startswith("note:")})
    return {pair: _weight(pairs[pair], spread, total) for pair in sorted(pairs)}


def _weight(edges: Sequence[Edge], spread: Mapping[str, int], total: int) -> float:
    """The sum over kinds and names: how much the kind says, how often, and how rare the name is."""
    places: dict[tuple[EdgeKind, float], set[tuple[str, int, int]]] = defaultdict(set)
    surest: dict[tuple[EdgeKind, float], float] = defaultdict(float)
    for edge in edges:
        rare = math.prod(rarity(spread[end], total) for end in (edge.source, edge.target) if end in spread)
        places[edge.kind, rare].add((edge.doc_id, edge.start, edge.end))
        surest[edge.kind, rare] = max(surest[edge.kind, rare], edge.confidence)
    said = (
        walk.SAYS[kind] * surest[kind, rare] * rare * (1 + math.log(len(where)))
        for (kind, rare), where in sorted(places.items())
    )
    return round(sum(said), _DIGITS)


def rarity(spread: int, total: int) -> float:
    """From 0 to 1: near 1 what few notes share, near 0 what all share, little too for what one note alone has."""
    if spread <= 1:
        return _LEAF
    return math.log(1 + total / spread) / math.log(1 + total)


def _spread_out(
    weights: Mapping[Pair, float], strength: Mapping[str, float], latest: set[str], *, is_first: bool
) -> tuple[dict[str, float], set[str]]:
    """Strength after one more step, and the nodes that are new. Beyond the first, a node shares out what it has."""
    total: dict[str, float] = defaultdict(float)
    for (a, b), weight in sorted(weights.items()):
        total[a] += weight
        total[b] += weight
    gained: dict[str, float] = defaultdict(float)
    for (a, b), weight in sorted(weights.items()):
        for here, there in ((a, b), (b, a)):
            if here in latest:
                gained[there] += strength[here] * weight / (1.0 if is_first else 1.0 + total[here])
    found = {
        node: round(strength.get(node, 0.0) + gained.get(node, 0.0), 2 * _DIGITS)
        for node in strength.keys() | gained.keys()
    }
    return found, gained.keys() - strength.keys()


def _worth_following(
    graph: walk.Merged, strength: Mapping[str, float], new: set[str], limit: int
) -> set[str]:
    """Of the new nodes the strongest that are not too common."""
    common = graph.store.spread(new)
    open_ends = {node: strength[node] for node in new if common.get(node, 0) <= graph.common}
    return set(_strongest(open_ends)[:limit])


def _chosen(start: str, strength: Mapping[str, float], weights: Mapping[Pair, float], limit: int) -> set[str]:
    """The start, the strongest notes, then what joins the most of them."""
    around = [node for node in _strongest(strength) if node != start]
    notes = [node for node in around if node.startswith("note:")]
    others = [node for node in around if not node.startswith("note:")]
    kept = {start, *notes[: max((limit - 1) // 2, limit - 1 - len(others))]}
    joins: dict[str, int] = defaultdict(int)
    for a, b in weights:
        joins[a] += b in kept
        joins[b] += a in kept
    others.sort(key=lambda node: (-strength[node] * joins[node], node))
    kept.update(others[: limit - len(kept)])
    return kept


def _strongest(strength: Mapping[str, float]) -> list[str]:
    return sorted(strength, key=lambda node: (-strength[node], node))
