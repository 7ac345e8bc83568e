"""Mixing ranked lists, worked by hand."""

from __future__ import annotations

import pytest

from rag.search import fuse
from rag.types import Comparison


def test_mix_is_the_weighted_sum_of_normalised_scores() -> None:
    """Lexical 8, 4 and dense 0.9, 0.45 with weights 0.75 and 0.25."""
    mixed = fuse.mix(
        {"lexical": [(1, 8.0), (2, 4.0)], "dense": [(2, 0.9), (3, 0.45)]}, {"lexical": 0.75, "dense": 0.25}
    )
    expected: list[object] = [
        (1, pytest.approx(0.75)),
        (2, pytest.approx(0.75 * 0.5 + 0.25)),
        (3, pytest.approx(0.125)),
    ]
    assert mixed == expected


def test_silent_source_leaves_its_weight() -> None:
    """With nothing lexical the best dense hit scores 1, not 0.25."""
    assert fuse.mix({"lexical": [], "dense": [(7, 0.3)]}, {"lexical": 0.75, "dense": 0.25}) == [(7, 1.0)]


def test_ties_are_in_key_order() -> None:
    """Deterministic, whatever the order of the lists."""
    assert fuse.mix({"a": [(9, 1.0), (2, 1.0)]}, {"a": 1.0}) == [(2, 1.0), (9, 1.0)]


def test_nothing_gives_nothing() -> None:
    """No list, no hit; a source without weight does not count."""
    assert fuse.mix({}, {"a": 1.0}) == []
    assert fuse.mix({"a": [(1, 1.0)]}, {"a": 0.0}) == []


def test_ranks_count_from_one() -> None:
    """In every list that holds the key."""
    assert fuse.ranks({"a": [(5, 2.0), (6, 1.0)], "b": [(6, 3.0)]}) == {5: {"a": 1}, 6: {"a": 2, "b": 1}}


def blend(
    lexical: list[fuse.Scored],
    read: dict[int, tuple[float, float]],
    *,
    foreign: frozenset[int] = frozenset(),
    share: float = 0.5,
    ceiling: float = 0.0,
) -> list[fuse.Scored]:
    """The blend; ``read`` holds cosine and coverage by key."""
    compared = Comparison(tuple(c for c, _ in read.values()), tuple(c for _, c in read.values()))
    return fuse.blend(lexical, ceiling, list(read), compared, foreign, share)


def test_blend_adds_words_and_likeness() -> None:
    """Likeness is 0.4 cosine + 0.6 coverage: 0.7 for key 1 and 0.35 for key 2; words are 5/10 and none."""
    found = blend([(9, 10.0), (1, 5.0)], {1: (0.25, 1.0), 2: (0.5, 0.25)}, share=0.25)
    expected: list[object] = [
        (1, pytest.approx(0.75 * 0.5 + 0.25 * 0.7)),
        (2, pytest.approx(0.25 * 0.35)),
    ]
    assert found == expected, (
        "9 was not read, and is not returned; yet its score is the best that 1 is measured by"
    )


def test_blend_takes_likeness_for_words_in_another_language() -> None:
    """0.9 of it where that is more than the words say: 0.9 * 0.5 over 0, not over 1."""
    found = dict(blend([(1, 3.0)], {1: (0.5, 0.5), 2: (0.5, 0.5), 3: (0.5, 0.5)}, foreign=frozenset({1, 2})))
    assert found == {
        1: pytest.approx(0.5 * 1.0 + 0.5 * 0.5),
        2: pytest.approx(0.5 * 0.9 * 0.5 + 0.5 * 0.5),
        3: pytest.approx(0.5 * 0.5),
    }


def test_blend_trusts_no_words_that_say_little_of_the_question() -> None:
    """The best scores 3 of a possible 20: words are measured by 0.3 * 20 = 6, not by 3."""
    found = dict(blend([(1, 3.0)], {1: (0.0, 0.0), 2: (1.0, 1.0)}, ceiling=20.0))
    assert found == {1: pytest.approx(0.5 * 3 / 6), 2: pytest.approx(0.5)}


def test_blend_takes_no_likeness_below_zero() -> None:
    """An opposite direction says no more than none."""
    assert blend([(1, 2.0)], {1: (-1.0, 0.1)}) == [(1, 0.5)]
    assert blend([], {1: (-1.0, 0.1)}, foreign=frozenset({1})) == [(1, 0.0)]


@pytest.mark.parametrize(("share", "first"), [(0.0, 1), (1.0, 2)])
def test_blend_share_decides(share: float, first: int) -> None:
    """Words alone, or likeness alone."""
    assert blend([(1, 2.0), (2, 1.0)], {1: (0.1, 0.1), 2: (0.9, 0.9)}, share=share)[0][0] == first


def test_blend_without_words_is_likeness() -> None:
    """Full text found nothing; ties are in key order."""
    found = blend([], {5: (1.0, 1.0), 3: (0.0, 0.5), 2: (0.0, 0.5)})
    assert found == [(5, 0.5), (2, pytest.approx(0.15)), (3, pytest.approx(0.15))]
    alone = dict(blend([], {5: (1.0, 1.0), 2: (0.0, 0.5)}, ceiling=10.0))
    assert alone == {5: pytest.approx(1.0), 2: pytest.approx(0.1)}, (
        "cosine's part is 0.8, the model's share all"
    )
    assert blend([], {5: (1.0, 1.0)}, share=0.0, ceiling=10.0) == [(5, 0.0)], (
        "who asks for words alone gets that"
    )
    assert blend([(1, 1.0)], {}) == []


def test_blend_counts_every_passage_that_was_read() -> None:
    """As many numbers as keys, or it is a mistake."""
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        fuse.blend([], 0.0, [1, 2], Comparison((0.1,), (0.1,)), (), 0.5)
