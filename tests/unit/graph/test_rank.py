"""Walks over passages and anchors, against a dense oracle; and what they do to scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import rank
from graph.rank import HOME, LINK, MENTION, TITLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from graph.rank import Walk, Web

    Numbers = NDArray[np.float64]

ROUNDS = 4


class Ties(NamedTuple):
    """What ``weave`` takes."""

    passage: NDArray[np.int32]
    anchor: NDArray[np.int32]
    tie: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    note: NDArray[np.int32]
    passages: int
    anchors: int


def ties(
    entries: Iterable[tuple[int, int, int]],
    note: Iterable[int],
    anchors: int,
    confidence: Sequence[float] | None = None,
) -> Ties:
    """Sorted and single, as ``weave`` wants them."""
    rows, notes = sorted(set(entries)), list(note)
    columns = np.array(rows).reshape(-1, 3).T
    given_confidence = np.ones(len(rows)) if confidence is None else np.array(confidence)
    return Ties(
        columns[0].astype(np.int32),
        columns[1].astype(np.int32),
        columns[2].astype(np.uint8),
        given_confidence.astype(np.float32),
        np.array(notes, dtype=np.int32),
        len(notes),
        anchors,
    )


def dense(given_ties: Ties, only: int | None = None) -> Numbers:
    """The matrix of one round (over one anchor ``only``), written down entry by entry from the documented weights."""
    passages, anchors = given_ties.passages, given_ties.anchors
    note = given_ties.note.tolist()
    entries = list(
        zip(
            given_ties.passage.tolist(),
            given_ties.anchor.tolist(),
            given_ties.tie.tolist(),
            given_ties.confidence.tolist(),
            strict=True,
        )
    )
    home = {(p, a) for p, a, t, _ in entries if t in {TITLE, HOME}}
    said = {(p, a): c for p, a, t, c in entries if t in {MENTION, LINK} and (p, a) not in home}
    out, into = np.zeros((passages, 2 * anchors)), np.zeros((2 * anchors, passages))
    for a in range(anchors):
        sayers = [p for p, b in said if b == a]
        homes = [p for p, b in home if b == a]
        notes = {note[p] for p in homes}
        if not sayers or (len(sayers) == 1 and not homes):
            continue
        worth = np.log(1 + passages / len(sayers)) / max(1, len(notes)) * (1 if notes else 0.02)
        for p in sayers:
            out[p, a] = said[p, a] * worth
            into[a, p] = into[anchors + a, p] = said[p, a]
        for p in homes:
            size = sum(note[q] == note[p] for q in homes)
            out[p, anchors + a] = 0.3 * worth / size
            into[a, p] = 10 / size
    out /= out.sum(axis=1, keepdims=True) + 2
    if only is not None:
        out[:, [n for n in range(2 * anchors) if n % anchors != only]] = 0
    into /= np.maximum(into.sum(axis=1, keepdims=True), 1e-300)
    return out @ into


def walked(matrix: Numbers, seeds: Numbers, allowed: NDArray[np.bool_] | None = None) -> Numbers:
    """Power iteration."""
    through = np.ones(len(seeds)) if allowed is None else allowed.astype(float)
    seeds = seeds * through
    p = seeds / 2
    for _ in range(ROUNDS):
        p = 0.5 * seeds + 0.5 * (p @ matrix) * through
    return p


@st.composite
def graphs(draw: st.DrawFn) -> Ties:
    """Small graphs: names are mentioned and title notes, notes are linked to."""
    notes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=6))
    note = [n for n, count in enumerate(notes) for _ in range(count)]
    names = draw(st.integers(1, 4))
    entries = []
    for name in range(names):
        entries += [(p, name, MENTION) for p in draw(st.sets(st.integers(0, len(note) - 1), max_size=5))]
        for titled in draw(st.sets(st.integers(0, len(notes) - 1), max_size=2)):
            entries += [(p, name, TITLE) for p, n in enumerate(note) if n == titled]
    for target in draw(st.sets(st.integers(0, len(notes) - 1), max_size=2)):
        entries += [
            (p, names + target, LINK) for p in draw(st.sets(st.integers(0, len(note) - 1), max_size=3))
        ]
        entries += [(p, names + target, HOME) for p, n in enumerate(note) if n == target]
    confidence = draw(st.lists(st.floats(0.5, 1), min_size=len(set(entries)), max_size=len(set(entries))))
    return ties(entries, note, names + len(notes), confidence)


def spread(count: int, *places: int) -> Numbers:
    """Equal weights at places."""
    seeds = np.zeros(count)
    seeds[list(places)] = 1 / len(places)
    return seeds


def walk(woven: Web, seeds: Numbers, **more: Any) -> Walk:
    """A walk from a dense vector of seeds."""
    places = np.flatnonzero(seeds)
    return rank.walk(woven, (places, seeds[places]), **more)


@given(graphs(), st.data())
def test_a_walk_equals_power_iteration_with_the_dense_matrix(graph: Ties, data: st.DataObject) -> None:
    """Whatever the ties: the same PageRank as written down entry by entry, up to what is too small to be moved."""
    start = data.draw(st.lists(st.floats(0.01, 1), min_size=graph.passages, max_size=graph.passages))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=graph.passages, max_size=graph.passages)))
    seeds = np.array(start) / sum(start)
    woven = rank.weave(*graph)
    np.testing.assert_allclose(walk(woven, seeds).passages, walked(dense(graph), seeds), atol=1e-4)
    limited = walk(woven, seeds, allowed=allowed).passages
    np.testing.assert_allclose(limited, walked(dense(graph), seeds, allowed), atol=1e-4)
    assert not limited[~allowed].any()


@given(graphs())
def test_mass_is_lost_but_never_made(graph: Ties) -> None:
    """PageRank is never negative and sums to no more than what it started with; what arrived is a part of it."""
    found = walk(rank.weave(*graph), spread(graph.passages, 0))
    assert found.passages.min() >= 0
    assert found.passages.sum() <= 1 + 1e-9
    np.testing.assert_allclose(found.passages - found.arrived, spread(graph.passages, 0) / 2)


@given(graphs(), st.data())
def test_a_way_is_the_hop_that_brings_most(graph: Ties, data: st.DataObject) -> None:
    """From where, by the dense matrix, most mass comes that can be moved over one anchor; none where nothing comes."""
    seeds = spread(graph.passages, data.draw(st.integers(0, graph.passages - 1)))
    woven, place = rank.weave(*graph), data.draw(st.integers(0, graph.passages - 1))
    found = walk(woven, seeds)
    hops = {
        (other, anchor): found.passages[other] * dense(graph, anchor)[other, place]
        for other in range(graph.passages)
        for anchor in woven.anchors.tolist()
        if other != place
    }
    best = max(hops.values(), default=0.0)
    chosen = rank.way(woven, found, place)
    assert (chosen is None) == (best == 0)
    if chosen is not None:
        assert hops[chosen] == pytest.approx(best)


# Notes: 0 names B and is passage 0; B is note 1 with passages 1 and 2; note 2 (passage 3) names B, too; note 3 is apart.
BRIDGE = ties(
    [(0, 0, MENTION), (1, 0, TITLE), (2, 0, TITLE), (3, 0, MENTION)],
    note=[0, 1, 1, 2, 3],
    anchors=1,
)


def test_a_walk_goes_to_the_note_that_is_named_rather_than_to_others_who_name_it() -> None:
    """The note that bears the name gets ten times as much as another that only says it."""
    arrived = walk(rank.weave(*BRIDGE), spread(5, 0)).arrived
    assert arrived[1] == pytest.approx(arrived[2])
    assert arrived[1] + arrived[2] > 5 * arrived[3] > 0
    assert arrived[4] == 0


def test_passages_of_one_note_do_not_vouch_for_each_other() -> None:
    """Their common title is no tie between them: from one of them a walk goes to those who name the note alone."""
    arrived = walk(rank.weave(*BRIDGE), spread(5, 1), rounds=1).arrived
    assert arrived[2] == arrived[1] == 0
    assert arrived[0] == pytest.approx(arrived[3])
    assert arrived[0] > 0


def test_a_note_that_says_its_own_title_is_not_tied_to_itself() -> None:
    """Nor does it count among those who say it."""
    said = ties([(0, 0, MENTION), (0, 0, TITLE), (1, 0, MENTION)], note=[0, 1], anchors=1)
    silent = ties([(0, 0, TITLE), (1, 0, MENTION)], note=[0, 1], anchors=1)
    for start in (0, 1):
        found = walk(rank.weave(*said), spread(2, start)).passages
        np.testing.assert_array_equal(found, walk(rank.weave(*silent), spread(2, start)).passages)


def test_a_rare_name_carries_more_than_a_common_one() -> None:
    """Passage 0 says a name that two others say, and one that twenty others say, both titles of a note."""
    entries = [(0, 0, MENTION), (0, 1, MENTION), (1, 0, TITLE), (2, 1, TITLE)]
    entries += [(p, 0, MENTION) for p in (3, 4)] + [(p, 1, MENTION) for p in range(5, 25)]
    arrived = walk(rank.weave(*ties(entries, range(25), 2)), spread(25, 0), rounds=1).arrived
    assert arrived[1] > 2 * arrived[2] > 0


def test_a_name_that_titles_no_note_is_a_faint_tie() -> None:
    """Against one that leads to a note."""
    entries = [(0, 0, MENTION), (1, 0, MENTION), (0, 1, MENTION), (2, 1, TITLE)]
    arrived = walk(rank.weave(*ties(entries, range(3), 2)), spread(3, 0), rounds=1).arrived
    assert 0 < arrived[1] < 0.05 * arrived[2]


def test_a_graph_without_ties_leads_nowhere() -> None:
    """No entry at all, or none that joins two passages."""
    for entries in ([], [(0, 0, MENTION)], [(0, 0, TITLE), (1, 0, TITLE)]):
        found = walk(rank.weave(*ties(entries, [0, 1], 1)), spread(2, 0))
        assert found.passages.tolist() == [0.5, 0]
        assert not found.arrived.any()


def test_the_way_names_the_strongest_hop_and_the_callers_anchor() -> None:
    """From passage 0 over anchor 7 to passage 1; anchors that join nothing have no part in it."""
    graph = ties([(0, 3, MENTION), (0, 7, MENTION), (1, 7, TITLE)], note=[0, 1, 2], anchors=9)
    woven = rank.weave(*graph)
    found = walk(woven, spread(3, 0))
    assert rank.way(woven, found, 1) == (0, 7)
    assert rank.way(woven, found, 2) is None


def test_the_way_leads_back_from_a_note_to_those_who_name_it() -> None:
    """The hop is shown whichever way it was gone."""
    woven = rank.weave(*BRIDGE)
    assert rank.way(woven, walk(woven, spread(5, 1)), 0) == (1, 0)


def settled(woven: Web, found: Walk, scores: Sequence[float] | Numbers, **more: Any) -> Numbers:
    """Scores of all passages of a graph."""
    return rank.settle(woven, found, np.arange(len(scores)), np.array(scores), **more)


def test_scores_stay_where_nothing_arrives_and_nothing_is_named() -> None:
    """The graph is off by itself: the very same numbers, whatever its weight."""
    woven = rank.weave(*ties([], [0, 1, 2], 1))
    scores = np.array([0.3, 0.9, 0.5])
    found = walk(woven, spread(3, 1))
    np.testing.assert_array_equal(settled(woven, found, scores), scores)
    np.testing.assert_array_equal(settled(woven, found, scores, named=np.zeros(3)), scores)
    tied = rank.weave(*BRIDGE)
    weighed = settled(tied, walk(tied, spread(5, 0)), [0.9, 0.4, 0.4, 0.6, 0.5], weight=0)
    np.testing.assert_array_equal(weighed, [0.9, 0.4, 0.4, 0.6, 0.5])


def test_what_the_first_passage_leads_to_overtakes_what_only_looks_alike() -> None:
    """Passage 1 is about what passage 0 names; 4 says more of the question's words and is apart."""
    woven = rank.weave(*BRIDGE)
    scores = settled(woven, walk(woven, spread(5, 0)), [1.0, 0.5, 0.4, 0.3, 0.6])
    assert scores.argsort()[::-1].tolist() == [0, 1, 4, 2, 3]
    assert scores.max() == 1.0


def test_what_arrives_at_a_note_goes_to_those_of_its_passages_that_fit() -> None:
    """It arrived at both alike, but one of them says nothing of the question: the other gets it all."""
    woven = rank.weave(*BRIDGE)
    found = walk(woven, spread(5, 0))
    assert found.arrived[1] == found.arrived[2]
    both = settled(woven, found, [1.0, 0.5, 0.5, 0.3, 0.6])
    one = settled(woven, found, [1.0, 0.5, 0.0, 0.3, 0.6])
    assert both[1] == both[2]
    assert one[1] > both[1]


def test_nothing_that_scores_nothing_is_lifted() -> None:
    """A tie alone is no reason: at least something of the question must be there."""
    woven = rank.weave(*BRIDGE)
    scores = settled(woven, walk(woven, spread(5, 0)), [1.0, 0.0, 0.4, 0.3, 0.6])
    assert scores[1] == 0
    np.testing.assert_array_equal(settled(woven, walk(woven, spread(5, 0)), np.zeros(5)), np.zeros(5))


def test_a_named_passage_is_lifted() -> None:
    """The question says its note's title; but not above all others where the rest of the question is not like it."""
    woven = rank.weave(*ties([], [0, 1, 2], 1))
    for score, place in ((0.7, 2), (0.3, 0)):
        scores = settled(woven, walk(woven, spread(3, 0)), [0.9, 0.8, score], named=np.array([0, 0, 1.0]))
        assert scores.argmax() == place
        assert scores[2] > score


def test_candidates_that_the_graph_does_not_know_take_part() -> None:
    """A place of -1 has no ties; its score counts all the same."""
    woven = rank.weave(*BRIDGE)
    found = walk(woven, spread(5, 0))
    asked = []

    def adds(first: int, others: NDArray[np.intp]) -> Numbers:
        asked.append((first, others.tolist()))
        return np.ones(len(others))

    scores = rank.settle(woven, found, np.array([-1, 1, 0]), np.array([1.0, 0.5, 0.4]), adds=adds)
    assert scores.argmax() == 0
    assert not asked  # the first has no ties, so nothing can complete it


def test_passages_in_another_language_keep_pace() -> None:
    """Ties lift the best native passage; the foreign one right behind it stays ahead of the others."""
    woven = rank.weave(*ties([(0, 0, MENTION), (1, 0, TITLE)], note=[0, 1, 2, 3], anchors=1))
    found = walk(woven, spread(4, 0))
    foreign = np.array([False, False, False, True])
    before = settled(woven, found, [0.7, 0.9, 0.8, 0.89])
    after = settled(woven, found, [0.7, 0.9, 0.8, 0.89], foreign=foreign)
    assert after[3] > before[3]
    assert after.argsort()[::-1].tolist()[:2] == [1, 3]
    np.testing.assert_array_equal(
        settled(woven, found, [0.7, 0.9, 0.8, 0.89], foreign=~foreign & foreign), before
    )


def test_what_completes_the_first_comes_second() -> None:
    """Passages 1 and 2 are equally near to the first; the one that adds the question's other words wins, at any rank."""
    woven = rank.weave(*BRIDGE)
    found = walk(woven, spread(5, 0))

    def adds(first: int, others: NDArray[np.intp]) -> Numbers:
        assert first == 0
        return np.where(others == 2, 0.5, 0.0)

    plain = settled(woven, found, [1.0, 0.5, 0.48, 0.3, 0.3])
    completed = settled(woven, found, [1.0, 0.5, 0.48, 0.3, 0.3], adds=adds)
    assert plain.argsort()[::-1].tolist()[:3] == [0, 1, 2]
    assert completed.argsort()[::-1].tolist()[:3] == [0, 2, 1]


def test_the_first_stays_the_first_however_much_others_add() -> None:
    """It is what they complete."""
    woven = rank.weave(*BRIDGE)
    scores = settled(
        woven,
        walk(woven, spread(5, 0)),
        [1.0, 0.6, 0.6, 0.6, 0.3],
        adds=lambda _, others: np.full(len(others), 1.0),
    )
    assert scores.argmax() == 0


def test_two_named_passages_complete_each_other_without_a_tie() -> None:
    """Comparisons name both."""
    woven = rank.weave(*ties([], range(4), 1))
    scores = settled(
        woven,
        walk(woven, spread(4, 0)),
        [0.9, 0.7, 0.69, 0.65],
        named=np.array([1.0, 0, 0.5, 0.5]),
        adds=lambda _, others: np.where(others == 3, 1.0, 0.0),
    )
    assert scores.argsort()[::-1].tolist()[:2] == [0, 3]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50))
def test_ordering_by_halves_is_a_stable_argsort(numbers: list[int]) -> None:
    """Equal numbers keep their order."""
    array = np.array(numbers, dtype=np.int64)
    np.testing.assert_array_equal(rank._order(array), np.argsort(array, kind="stable"))
