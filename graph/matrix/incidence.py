"""Which passage touches which anchor: what is woven into the web that questions walk on.

Passages and anchors (names, and notes that are linked to) have numbers of their own, in the order of the table's
rows and nodes, which is a function of the notes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from graph.matrix.table import EDGE_KINDS, NODE_KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from graph.matrix.table import Table

    _Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]

MENTION, TITLE, LINK, HOME = range(4)
"""Ties: the passage names it; its note is called so; it links to the note; it belongs to the note."""
_TIES: Final = 4
_BITS: Final = 7  # of a confidence in percent
_SURE: Final = 50  # percent, below which a name is not followed
_CHUNK, _NOTE = NODE_KINDS.index("chunk"), NODE_KINDS.index("note")


@dataclass(frozen=True, slots=True)
class Incidence:
    """One entry a passage, anchor and tie, sorted by them.

    Attributes:
        passage, anchor: numbers.
        tie: MENTION, TITLE, LINK or HOME.
        confidence: from 0 to 1, of the surest.
    """

    passage: NDArray[np.int32]
    anchor: NDArray[np.int32]
    tie: NDArray[np.uint8]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of a table's passages and anchors.

    Attributes:
        of: by place in the table's nodes; a passage's number or an anchor's.
        is_chunk: by place; whether it is a passage.
        keys: by passage.
        ids: hashes of anchors' node ids, by anchor; sorted.
        note: anchor of the note that a passage belongs to, by passage; sorted.
        bounds: the passages of anchor ``a`` are ``bounds[a]`` to ``bounds[a + 1]``.
    """

    of: NDArray[np.int32]
    is_chunk: NDArray[np.bool_]
    keys: NDArray[np.int64]
    ids: NDArray[np.uint64]
    note: NDArray[np.int32]
    bounds: NDArray[np.int64]


def numbers(table: Table) -> Numbers:
    """Number a table's passages, those of one note together, and its anchors."""
    is_chunk = table.nodes["kind"] == _CHUNK
    of = np.cumsum(~is_chunk, dtype=np.int32) - np.int32(1)
    at = _of_kind(table, "PART_OF")
    held = table.rows["source"][at]
    note = of[table.rows["target"][at]]
    of[held] = np.arange(len(held), dtype=np.int32)
    anchors = np.ascontiguousarray(table.nodes["id"][~is_chunk])
    bounds = np.searchsorted(note, np.arange(len(anchors) + 1))
    return Numbers(of, is_chunk, table.nodes["key"][held], anchors, note, bounds)


def incidence(table: Table, known: Numbers) -> Incidence:
    """A table's entries."""
    anchors = len(known.ids)
    said, confidence = _said(table, known)
    linked = _linked(table, known)
    names, notes = _titled(table, known)
    is_said = np.bincount(said[1], minlength=anchors) > 0
    is_linked = np.bincount(linked[1], minlength=anchors) > 0
    called = _spread(known, names[is_said[names]], notes[is_said[names]])
    at_home = np.flatnonzero(is_linked[known.note])
    entries = np.concatenate(
        [
            _packed(*said, MENTION, anchors) | (100 - confidence.astype(np.int64)),
            _packed(*called, TITLE, anchors),
            _packed(*linked, LINK, anchors),
            _packed(at_home, known.note[at_home], HOME, anchors),
        ]
    )
    entries.sort(kind="stable")  # each part is sorted or nearly so, and they are merged
    first = np.ones(len(entries), dtype=bool)
    np.not_equal(entries[1:] >> _BITS, entries[:-1] >> _BITS, out=first[1:])
    return _unpacked(entries[first], anchors)


def _of_kind(table: Table, kind: str) -> NDArray[np.intp]:
    return np.flatnonzero(np.ascontiguousarray(table.rows["kind"]) == EDGE_KINDS.index(kind))


def _said(table: Table, known: Numbers) -> tuple[_Pairs, NDArray[np.uint8]]:
    at = _of_kind(table, "MENTIONS")
    source, target, trust = (table.rows[name][at] for name in ("source", "target", "trust"))
    is_followed = known.is_chunk[source] & (trust >= _SURE)
    if not is_followed.all():
        source, target, trust = source[is_followed], target[is_followed], trust[is_followed]
    return (known.of[source], known.of[target]), trust


def _linked(table: Table, known: Numbers) -> _Pairs:
    at = _of_kind(table, "LINKS_TO")
    source, target = table.rows["source"][at], table.rows["target"][at]
    is_chunk = known.is_chunk[source]
    return known.of[source[is_chunk]], known.of[target[is_chunk]]


def _titled(table: Table, known: Numbers) -> _Pairs:
    """Names, and the notes that are called so."""
    at = _of_kind(table, "ALIAS_OF")
    source, target = table.rows["source"][at], table.rows["target"][at]
    is_note = table.nodes["kind"][target] == _NOTE
    return known.of[source[is_note]], known.of[target[is_note]]


def _spread(known: Numbers, names: NDArray[np.int32], notes: NDArray[np.int32]) -> _Pairs:
    """Each passage of the notes, with the name."""
    starts = known.bounds[notes]
    counts = known.bounds[notes + 1] - starts
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return (np.repeat(starts, counts) + within).astype(np.int32), np.repeat(names, counts)


def _packed(
    passage: NDArray[np.integer], anchor: NDArray[np.int32], tie: int, anchors: int
) -> NDArray[np.int64]:
    """Entries as whole numbers that sort by passage, anchor, tie, with room for what they lack of being sure."""
    return ((passage.astype(np.int64) * anchors + anchor) * _TIES + tie) << _BITS


def _unpacked(entries: NDArray[np.int64], anchors: int) -> Incidence:
    confidence = (100 - (entries & ((1 << _BITS) - 1))).astype(np.float32) / np.float32(100)
    places = entries >> _BITS
    pairs = places // _TIES
    passage = pairs // max(1, anchors)
    return Incidence(
        passage.astype(np.int32),
        (pairs - passage * anchors).astype(np.int32),
        (places % _TIES).astype(np.uint8),
        confidence,
    )
