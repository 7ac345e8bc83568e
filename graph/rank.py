"""Ranking by the graph: personalised PageRank from what a question finds and names, over passages and anchors.

An *anchor* is what passages meet at: a name, or a note that is linked to. A walk goes from passage to anchor to
passage. The idea, passages ranked by PageRank personalised with the question, is HippoRAG's (arXiv 2405.14831); what
differs is that a passage's edges are what its author wrote (titles, links, names), and that it starts at passages which
full text found. The formula is Haveliwala's ("Topic-Sensitive PageRank", WWW 2002), by power iteration from ``seeds``::

    p = restart * seeds + (1 - restart) * p @ out @ into

with restart 0.5, where one round is two steps. Rows of ``out`` sum to less than 1, so passages with weak ties keep little
of what they have in motion. Mass too small to matter is not moved on, after the push rule of Andersen, Chung and Lang
("Local Graph Partitioning using PageRank Vectors", FOCS 2006), so that the cost follows the question, not the graph.

Pure functions over arrays, numpy only. Numbers chosen on development questions: docs/decisions/0005-graph-retrieval.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.integer]

MENTION, TITLE, LINK, HOME = range(4)
"""Ties of a passage to an anchor: it says the name; its note is called so; it links to the note; it is in the note."""

RESTART: Final = 0.5
ROUNDS: Final = 4  # what arrives later changes no order that is seen

# Weaving
_FAINT: Final = 0.02  # a name that no note is called by, against one that leads to a note
_BACK: Final = 0.3  # from a note to those that name it, against the other way
_HOME: Final = 10.0  # how much rather a name leads to the note that is called so than to others who say it
_REST: Final = 2.0  # weight that stays where it is: weak ties move little

# Walking
_FLOOR: Final = 1e-5  # mass a tie, below which it is not moved on
_COMMON: Final = 1_000  # ties of an anchor, beyond which no single one is looked at

# Settling
_POWER: Final = 4  # sharpens scores, which lie close together, into shares
_SHARED: Final = 20  # best candidates, whose shares sum to 1
_ARRIVED: Final = 4.0  # of what came over ties, against these shares
_TOGETHER: Final = 12  # best candidates that may complete the first
_NEAR: Final = 0.05  # flow between two passages that makes them half near
_NAMED: Final = 0.3  # share by name, from which on the question itself joins a passage to the first
_COMPLETES: Final = 4.0
_DIGITS: Final = 6  # of a score


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse matrix by rows, which may share entries: row ``i`` is ``to[start[i]:end[i]]``, weighed and scaled.

    Attributes:
        start, end: int64, one a row.
        scale: float64, one a row; times ``weight`` it is what an entry gets of the row's mass.
        to, weight: int32 and float32, one an entry.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    scale: Floats
    to: NDArray[np.int32]
    weight: NDArray[np.float32]

    def row(self, number: int) -> tuple[NDArray[np.int32], Floats]:
        """Where a row leads, and by which shares."""
        part = slice(self.start[number], self.end[number])
        return self.to[part], self.weight[part] * self.scale[number]


@dataclass(frozen=True, slots=True)
class Web:
    """What walks go over. Anchors that join nothing are left out, and the others numbered anew.

    Each of the ``n`` anchors has two rows in ``into``: entered by its name, ``i`` leads to the notes that are called so and
    to others who say it; entered from its own note, ``n + i`` leads to those others only. So passages of one note do not
    vouch for each other.

    Attributes:
        out: a row a passage.
        into: two rows an anchor.
        left: float32, beside each entry of ``into``: the share of that passage's mass that goes to the anchor.
        anchors: int32, the caller's number of each.
        note: by passage, a number of its note.
    """

    out: Rows
    into: Rows
    left: NDArray[np.float32]
    anchors: NDArray[np.int32]
    note: Places


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk has come to.

    Attributes:
        passages: float64, PageRank by passage; sums to at most 1.
        arrived: the part of it that came over ties.
    """

    passages: Floats
    arrived: Floats


def weave(
    passage: Places,
    anchor: Places,
    tie: NDArray[np.uint8],
    confidence: NDArray[np.floating],
    note: Places,
    passages: int,
    anchors: int,
) -> Web:
    """Weigh ties, which are sorted by passage, anchor and tie, none twice.

    A passage goes to an anchor by ``confidence * ln(1 + passages / those that touch it) / notes of that name``, rare names
    first; a name that no note is called by counts 0.02 of that, and a note's way back to those that name it 0.3, divided among its passages.
    An anchor goes to each that names it by confidence, and ten times as much to each note of the name, divided likewise.

    Args:
        passage: of each tie, its number.
        anchor: likewise.
        tie: MENTION, TITLE, LINK or HOME.
        confidence: from 0 to 1.
        note: by passage, a number of its note.
        passages: how many there are.
        anchors: likewise.
    """
    kept = np.flatnonzero(_useful(passage, anchor, tie, anchors))
    passage, anchor, at_home = passage[kept], anchor[kept], _is_home(tie[kept])
    known = np.flatnonzero(np.bincount(anchor, minlength=anchors))
    number = np.zeros(anchors, dtype=np.int32)
    number[known] = np.arange(len(known))
    anchor = number[anchor]
    homes = np.flatnonzero(at_home)
    notes, size = _notes(anchor[homes], note[passage[homes]], len(known))
    touching = np.bincount(anchor, minlength=len(known)) - np.bincount(anchor[homes], minlength=len(known))
    worth = np.log1p(passages / touching) / np.maximum(notes, 1) * np.where(notes > 0, 1.0, _FAINT)
    coming = confidence[kept].astype(np.float32)
    coming[homes] = 1.0
    leaving = coming * worth.astype(np.float32)[anchor]
    leaving[homes] *= _BACK / size
    coming[homes] *= _HOME / size
    out = _out(passage, anchor + at_home * np.int32(len(known)), leaving, passages)
    order = _order(2 * anchor + at_home)  # those who say a name first
    into = _into(passage[order], anchor[order], at_home[order], coming[order], len(known))
    left = leaving * out.scale.astype(np.float32)[passage]
    return Web(out, into, left[order], known.astype(np.int32), note)


def walk(
    web: Web,
    seeds: tuple[Places, Floats],
    *,
    restart: float = RESTART,
    rounds: int = ROUNDS,
    allowed: NDArray[np.bool_] | None = None,
) -> Walk:
    """Walk from passages, given with weights that sum to 1; what would come to others than ``allowed`` is lost."""
    start = np.zeros(len(web.out.start))
    np.add.at(start, seeds[0], seeds[1])
    if allowed is not None:
        start *= allowed
    arrived = np.zeros(len(start))
    for _ in range(rounds):
        met = _pushed(web.out, restart * start + arrived, 2 * len(web.anchors))
        arrived = (1 - restart) * _pushed(web.into, met, len(start))
        if allowed is not None:
            arrived *= allowed
    return Walk(restart * start + arrived, arrived)


def way(web: Web, walked: Walk, place: int) -> tuple[int, int] | None:
    """The hop that brought most to a passage: where it came from, and the caller's number of the anchor between."""
    hops = _hops(web, place)
    flow = walked.passages[hops.beside] * hops.backward * (hops.beside != place)
    if not flow.any():
        return None
    best = int(flow.argmax())
    return int(hops.beside[best]), int(web.anchors[hops.met[best]])


def settle(
    web: Web,
    walked: Walk,
    places: Places,
    scores: Floats,
    *,
    named: Floats | None = None,
    foreign: NDArray[np.bool_] | None = None,
    adds: Callable[[int, NDArray[np.intp]], Floats] | None = None,
    weight: float = 1.0,
) -> Floats:
    """Scores of candidates, with what the graph says.

    ``share + 4 * arrived * sqrt(score / best)``. Shares are fourth powers of scores, the best 20 summing to 1, to which is
    added how much the question names each, as far as it fits; a note's candidates divide what arrived at it by how well
    they fit. So where nothing arrives and nothing is named, nothing changes. Passages in another language than the
    question are seldom tied to those that the words found; they keep pace with the best of these. Then those tied to the
    first one, or named by the question, are lifted by what they add to it: questions that take two passages name what is
    in both.

    Args:
        web: what was walked on.
        walked: the walk.
        places: of each candidate in the web; -1: not there.
        scores: of each, at least 0.
        named: how much the question names each, from 0 to 1.
        foreign: which are in another language than the question.
        adds: called at most once, with the first candidate and some others by index: the share of the question's words that
            each of these says and the first does not.
        weight: of all this; 0: scores stay as they are.

    Returns:
        By candidate, from 0 to the best of ``scores``.
    """
    top = float(scores.max(initial=0.0))
    if top <= 0:
        return scores
    like = np.maximum(scores, 0.0) / top
    arrived = weight * _gathered(web, walked, places, like) * np.sqrt(like)
    named = np.zeros(len(scores)) if named is None else weight * named * like
    if not arrived.any() and not named.any():
        return scores
    share = like**_POWER + named
    share /= np.sort(share)[::-1][:_SHARED].sum()
    mass = share + _ARRIVED * arrived
    if foreign is not None and foreign.any() and not foreign.all():
        mass[foreign] *= mass[~foreign].max() / max(share[~foreign].max(), 1e-12)
    if adds is not None:
        mass = _completed(web, places, mass, named, adds)
    settled: Floats = np.round(top * (mass / mass.max()) ** (1 / _POWER), _DIGITS)
    return settled


def _gathered(web: Web, walked: Walk, places: Places, like: Floats) -> Floats:
    """What arrived at each candidate's note, divided among its candidates by the squares of their likeness."""
    known = np.flatnonzero(places >= 0)
    note = web.note[places[known]]
    by_note = np.bincount(web.note, walked.arrived)
    fit = like[known] ** 2
    share = np.bincount(note, fit, minlength=len(by_note))[note]
    arrived = np.zeros(len(places))
    arrived[known] = by_note[note] * fit / np.maximum(share, 1e-12)
    return arrived


def _completed(
    web: Web,
    places: Places,
    mass: Floats,
    named: Floats,
    adds: Callable[[int, NDArray[np.intp]], Floats],
) -> Floats:
    """Lift what completes the first, which stays the first."""
    order = np.argsort(-mass, kind="stable")[:_TOGETHER]
    first, others = int(order[0]), order[1:]
    flow = _between(web, int(places[first]), places[others])
    near = np.maximum(flow / (flow + _NEAR), named[others] > _NAMED)
    others, near = others[near > 0], near[near > 0]
    if not len(others):
        return mass
    lifted = mass.copy()
    lifted[others] *= 1 + _COMPLETES * near * adds(first, others)
    lifted[first] = max(mass[first], 1.01 * lifted.max())
    return lifted


def _between(web: Web, first: int, others: Places) -> Floats:
    """What goes from a passage in one round to each of others, and from each of these to it; -1 has no ties."""
    if first < 0:
        return np.zeros(len(others))
    hops = _hops(web, first)
    flow = np.bincount(hops.beside, hops.forward + hops.backward, minlength=len(web.out.start))
    return np.where(others >= 0, flow[others], 0.0)


class _Hops(NamedTuple):
    """Ties of a passage to others, itself among them, over each anchor that it touches, common names left out.

    Attributes:
        beside: the other passage.
        met: the anchor between.
        forward: the share of the passage's mass that goes over it to the other in one round.
        backward: of the other's, to the passage.
    """

    beside: Places
    met: Places
    forward: NDArray[np.floating]
    backward: NDArray[np.floating]


def _hops(web: Web, place: int) -> _Hops:
    count = len(web.anchors)
    entered = web.out.row(place)[0]
    entered = entered[(web.into.end - web.into.start)[entered % max(count, 1)] <= _COMMON]
    met, at_home = entered % max(count, 1), entered >= count
    entries, of = _entries(web.into.start[met], web.into.end[met])
    beside = web.into.to[entries]
    other_at_home = entries >= web.into.end[met + count][of]
    own = np.empty(len(met), dtype=np.int64)
    own[of[beside == place]] = entries[beside == place]
    by_name, from_home = web.into.scale[met][of], web.into.scale[met + count][of]
    apart = ~(at_home[of] & other_at_home)
    forward = web.left[own][of] * web.into.weight[entries] * np.where(at_home[of], from_home, by_name)
    backward = web.left[entries] * web.into.weight[own][of] * np.where(other_at_home, from_home, by_name)
    return _Hops(beside, met[of], forward * apart, backward * apart)


def _entries(start: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The entries of rows, one row after the other, and of which row each is."""
    count = end - start
    of = np.repeat(np.arange(len(start)), count)
    return np.arange(count.sum()) + (start - np.cumsum(count) + count)[of], of


def _useful(passage: Places, anchor: Places, tie: NDArray[np.uint8], anchors: int) -> NDArray[np.bool_]:
    """Ties that lead somewhere: not a note's to its own name, a name that nobody else says, or a title that nobody says."""
    at_home = _is_home(tie)
    pair = passage.astype(np.int64) * anchors + anchor
    kept = np.ones(len(pair), dtype=bool)
    kept[:-1] = at_home[:-1] | (pair[:-1] != pair[1:])
    said = np.bincount(anchor[kept & ~at_home], minlength=anchors)
    called = np.bincount(anchor[at_home], minlength=anchors)
    kept &= np.where(at_home, said[anchor] > 0, (called[anchor] > 0) | (said[anchor] > 1))
    return kept


def _is_home(tie: NDArray[np.uint8]) -> NDArray[np.bool_]:
    home: NDArray[np.bool_] = (tie == TITLE) | (tie == HOME)
    return home


def _notes(anchor: Places, note: Places, anchors: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By anchor, how many notes it is the home of; by tie, how many passages that note has."""
    pairs = anchor.astype(np.int64) * (int(note.max(initial=0)) + 1) + note
    distinct, which, sizes = np.unique(pairs, return_inverse=True, return_counts=True)
    firsts = np.zeros(len(distinct), dtype=np.int64)
    firsts[which] = anchor
    return np.bincount(firsts, minlength=anchors), sizes[which]


def _out(passage: Places, to: Places, weight: NDArray[np.floating], passages: int) -> Rows:
    bounds = np.searchsorted(passage, np.arange(passages + 1))
    total = np.bincount(passage, weight, minlength=passages)
    return Rows(bounds[:-1], bounds[1:], 1 / (total + _REST), to.astype(np.int32), weight.astype(np.float32))


def _into(
    passage: Places, anchor: Places, at_home: NDArray[np.bool_], weight: NDArray[np.floating], anchors: int
) -> Rows:
    """Rows by anchor, from ties in their order; those who say its name are the second row's."""
    said = ~at_home
    bounds = np.searchsorted(anchor, np.arange(anchors + 1))
    saying = np.bincount(anchor[said], minlength=anchors)
    total = np.bincount(anchor, weight, minlength=anchors)
    by_them = np.bincount(anchor[said], weight[said], minlength=anchors)
    return Rows(
        np.tile(bounds[:-1], 2),
        np.concatenate([bounds[1:], bounds[:-1] + saying]),
        1 / np.concatenate([total, by_them]),
        passage.astype(np.int32),
        weight.astype(np.float32),
    )


def _order(numbers: Places) -> NDArray[np.intp]:
    """Stable argsort of numbers below 2**32, by halves: numpy sorts 16 bits by radix, ten times as fast."""
    order = np.argsort((numbers & 0xFFFF).astype(np.uint16), kind="stable")
    return order[np.argsort((numbers >> 16).astype(np.uint16)[order], kind="stable")]


def _pushed(rows: Rows, mass: Floats, size: int) -> Floats:
    """What ``mass`` becomes by one step."""
    active = np.flatnonzero(mass > 0)  # of truth values, four times as fast as of numbers
    active = active[mass[active] > _FLOOR * (rows.end[active] - rows.start[active])]
    entries, of = _entries(rows.start[active], rows.end[active])
    shares = (mass[active] * rows.scale[active])[of] * rows.weight[entries]
    return np.bincount(rows.to[entries], shares, minlength=size).astype(np.float64, copy=False)
