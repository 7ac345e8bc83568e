"""Mixing ranked lists, worked by hand."""

from __future__ import annotations

import pytest

from rag.search import fuse


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
