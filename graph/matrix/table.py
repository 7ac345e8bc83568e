"""The graph as numbers: rows that each document brings, by 64-bit hashes of node ids.

No text is kept, so nothing that a note said stays behind in a file, and the order of nodes (by hash) and of rows (by
document's hash, source, target) is a function of the notes alone: a table that was changed a thousand times equals one
that is made anew, bit by bit.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from graph.model import EdgeKind, Extractor, NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from graph.model import Edge

NODE_KINDS: Final[tuple[str, ...]] = get_args(NodeKind)
EDGE_KINDS: Final[tuple[str, ...]] = get_args(EdgeKind)
EXTRACTORS: Final[tuple[str, ...]] = get_args(Extractor)
NODES = np.dtype([("id", "<u8"), ("key", "<i8"), ("kind", "u1")])
"""A node: hash of its id, a passage's key (0 for others), place in NODE_KINDS."""
ROWS = np.dtype(
    [("source", "<i4"), ("target", "<i4"), ("kind", "u1"), ("how", "u1"), ("trust", "u1"), ("count", "u1")]
)
"""Edges of one document between two nodes: their places, EDGE_KINDS, EXTRACTORS, confidence in percent, how many."""
_MOST = 255
_LOCAL: Final = frozenset({"LINKS_TO", "MENTIONS", "RELATED", "ALIAS_OF"})

_Row = tuple[int, int, int, int, int, int]


def identify(node_id: str) -> int:
    """64 bits that stand for a node's id."""
    return int.from_bytes(hashlib.blake2b(node_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


@dataclass(frozen=True, slots=True)
class Part:
    """What one document brings.

    Attributes:
        doc: hash of ``note:<id>``.
        nodes: kind by hash, of all nodes that it speaks of.
        keys: of its passages, by hash.
        rows: as ROWS, with hashes for places; sorted.
    """

    doc: int
    nodes: Mapping[int, int]
    keys: Mapping[int, int]
    rows: Sequence[_Row]


def part(doc_id: str, edges: Iterable[Edge], keys: Mapping[int, int]) -> Part:
    """What a document's edges are as numbers; ``keys``: of its passages by where they start.

    A link, or whatever else is said of the note as a whole, is put down to the passage that holds it, if one does.
    Passages belong to their note at once; sections, and which month a day lies in, are left out.
    """
    edges = list(edges)
    places = _Places(doc_id, edges)
    nodes: dict[str, int] = {}
    found: dict[tuple[int, int, int, int], tuple[int, int]] = {}
    for edge in edges:
        target = edge.target
        if edge.kind == "PART_OF":
            if not edge.source.startswith("chunk:"):
                continue
            target = f"note:{doc_id}"
        row = (
            _known(places.of(edge), nodes),
            _known(target, nodes),
            EDGE_KINDS.index(edge.kind),
            EXTRACTORS.index(edge.extractor),
        )
        trust, count = found.get(row, (0, 0))
        found[row] = max(trust, round(100 * edge.confidence)), min(_MOST, count + 1)
    doc = _known(f"note:{doc_id}", nodes)
    kinds = {number: NODE_KINDS.index(node_id.partition(":")[0]) for node_id, number in nodes.items()}
    numbers = {nodes[f"chunk:{doc_id}#{s}"]: key for s, key in keys.items() if f"chunk:{doc_id}#{s}" in nodes}
    return Part(doc, kinds, numbers, sorted((*row, *values) for row, values in found.items()))


def _known(node_id: str, nodes: dict[str, int]) -> int:
    number = nodes.get(node_id)
    if number is None:
        number = nodes[node_id] = identify(node_id)
    return number


class _Places:
    """Where a document's passages lie, as its own edges tell."""

    def __init__(self, doc_id: str, edges: Iterable[Edge]) -> None:
        self._note = f"note:{doc_id}"
        prefix = f"chunk:{doc_id}#"
        ends = {e.source: e.end for e in edges if e.kind == "PART_OF" and e.source.startswith(prefix)}
        self._spans = sorted((int(node.rpartition("#")[2]), end) for node, end in ends.items())
        self._prefix = prefix

    def of(self, edge: Edge) -> str:
        if edge.source != self._note or edge.kind not in _LOCAL or edge.extractor == "structure":
            return edge.source
        place = bisect_right(self._spans, (edge.start, _FAR)) - 1
        if place < 0 or edge.end > self._spans[place][1]:
            return edge.source
        return f"{self._prefix}{self._spans[place][0]}"


_FAR = 1 << 62


@dataclass(frozen=True, slots=True)
class Table:
    """All documents' rows; never altered.

    Attributes:
        docs: hashes of documents, sorted; those of ``docs[i]`` are ``rows[bounds[i] : bounds[i + 1]]``.
        nodes: every node that a row names, sorted by hash.
    """

    docs: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    nodes: NDArray[np.void]
    rows: NDArray[np.void]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.docs.nbytes + self.bounds.nbytes + self.nodes.nbytes + self.rows.nbytes

    def replaced(self, gone: Iterable[int], parts: Iterable[Part]) -> Table:
        """The table without the documents ``gone``, and with ``parts`` instead of what it holds of theirs."""
        new = _Fresh(parts)
        out = np.unique(np.array([*gone, *new.docs], dtype=np.uint64))
        stays = ~np.isin(self.docs, out)
        counts = np.diff(self.bounds)
        kept = self.rows[np.repeat(stays, counts)]
        nodes, moved, placed = self._nodes(kept, new)
        kept["source"], kept["target"] = moved[kept["source"]], moved[kept["target"]]
        docs, counts = self.docs[stays], counts[stays]
        before = np.searchsorted(docs, new.docs)
        starts = np.concatenate(([0], np.cumsum(counts)))[before]
        rows = np.insert(kept, np.repeat(starts, new.counts), new.rows(placed))
        counts = np.insert(counts, before, new.counts)
        return Table(np.insert(docs, before, new.docs), np.concatenate(([0], np.cumsum(counts))), nodes, rows)

    def _nodes(
        self, kept: NDArray[np.void], new: _Fresh
    ) -> tuple[NDArray[np.void], NDArray[np.int32], NDArray[np.int32]]:
        """The nodes that remain or come, where each old one stands now, and where each of ``new.nodes`` does."""
        used = np.zeros(len(self.nodes), dtype=bool)
        used[kept["source"]] = used[kept["target"]] = True
        ids = np.ascontiguousarray(self.nodes["id"])
        at = np.minimum(np.searchsorted(ids, new.nodes["id"]), max(0, len(ids) - 1))
        is_known = ids[at] == new.nodes["id"] if len(ids) else np.zeros(len(new.nodes), dtype=bool)
        used[at[is_known]] = True
        coming = new.nodes[~is_known]
        stay = self.nodes[used]
        before = np.searchsorted(stay["id"], coming["id"])
        nodes = np.insert(stay, before, coming)
        moved = np.cumsum(used, dtype=np.int64) - 1
        moved += np.searchsorted(coming["id"], ids)
        placed = np.searchsorted(np.ascontiguousarray(nodes["id"]), new.nodes["id"])
        has_key = new.nodes["key"] != 0
        nodes["key"][placed[has_key]] = new.nodes["key"][has_key]
        return nodes, moved.astype(np.int32), placed.astype(np.int32)


EMPTY: Final = Table(
    np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(0, dtype=NODES), np.zeros(0, dtype=ROWS)
)


class _Fresh:
    """Parts together: documents sorted by hash, their nodes sorted and single, their rows still by hash."""

    def __init__(self, parts: Iterable[Part]) -> None:
        given = sorted(parts, key=lambda part: part.doc)
        self.docs = np.array([part.doc for part in given], dtype=np.uint64)
        self.counts = np.array([len(part.rows) for part in given], dtype=np.int64)
        known = {node: (part.keys.get(node, 0), kind) for part in given for node, kind in part.nodes.items()}
        for part in given:  # a passage is named by other documents' rows too, which know no key of it
            known.update((node, (key, part.nodes[node])) for node, key in part.keys.items())
        self.nodes = np.array([(node, *known[node]) for node in sorted(known)], dtype=NODES)
        self._rows = [row for part in given for row in part.rows]

    def rows(self, placed: NDArray[np.int32]) -> NDArray[np.void]:
        """The rows, by places."""
        ids = np.ascontiguousarray(self.nodes["id"])
        columns = list(zip(*self._rows, strict=True)) or [()] * len(ROWS.names or ())
        rows = np.zeros(len(self._rows), dtype=ROWS)
        for name, column in zip(ROWS.names or (), columns, strict=True):
            if name in {"source", "target"}:
                rows[name] = placed[np.searchsorted(ids, np.array(column, dtype=np.uint64))]
            else:
                rows[name] = column
        return rows
