"""Passages are read when they are needed, once, and what has gone meanwhile is nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.search.passages import Passages, Stages
from rag.types import Chunk, Hit, Outline

if TYPE_CHECKING:
    from collections.abc import Sequence


class Notes:
    """Passages 1 to 9, one a note, those with high keys first; remembers what was read."""

    def __init__(self) -> None:
        self.there = set(range(1, 10))
        self.read: list[list[int]] = []

    def outlines(self, keys: Sequence[int]) -> list[Outline]:
        return [
            Outline(key, "user" if key % 2 else "model", 90 + key // 5)
            for key in sorted(self.there.intersection(keys), reverse=True)
        ]

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        self.read.append(list(keys))
        return {
            k: Chunk(f"n/{9 - k}.md", 0, 1, "x", "x", "", (1, 1), key=k)
            for k in self.there.intersection(keys)
        }


def test_order_is_that_of_places() -> None:
    """Equal scores: note by note, whatever the keys."""
    passages = Passages(Notes(), {3, 1, 2})
    assert len(passages) == 3
    assert passages.placed([(1, 1.0), (2, 2.0), (3, 1.0), (77, 9.0)]) == [(1, 2.0), (0, 1.0), (2, 1.0)]


def test_only_short_turns_of_the_user_are_asked() -> None:
    """Number 3 is short and the user's, 7 is long, 2 is a model's."""
    passages = Passages(Notes(), {2, 3, 7})
    assert [passages.is_asked(place) for place in range(3)] == [False, True, False]


def test_passages_are_read_once_and_in_the_order_asked_for() -> None:
    """What was read is kept."""
    notes = Notes()
    passages = Passages(notes, {1, 2, 3, 4})
    assert [chunk.key for chunk in passages.read([3, 0]).values()] == [1, 4]
    assert [chunk.key for chunk in passages.read([0, 1, 3]).values()] == [4, 3, 1]
    assert notes.read == [[1, 4], [3]]


def test_a_passage_that_goes_meanwhile_is_dropped_and_counted_once() -> None:
    """Number 5 was never there; 2 goes between the first look and reading."""
    notes = Notes()
    notes.there.remove(5)
    passages = Passages(notes, {1, 2, 5})
    assert passages.dropped == 1
    notes.there.remove(2)
    passages.ranks = {0: {"lexical": 1}, 1: {"lexical": 2}}
    for _ in range(2):
        assert [hit.chunk.key for hit in passages.hits([(0, 0.9), (1, 0.5)])] == [1]
    assert passages.dropped == 2


def test_a_stage_is_made_when_it_is_looked_at_and_once() -> None:
    """Names are known without."""
    made: list[str] = []

    def later() -> tuple[Hit, ...]:
        made.append("dense")
        return ()

    stages = Stages({"lexical": (), "dense": later})
    whole = Stages({"diverse": ()}, stages)
    assert list(whole) == ["lexical", "dense", "diverse"]
    assert len(whole) == 3
    assert "dense" in whole.keys()  # noqa: SIM118 - as callers ask
    assert made == []
    assert whole["dense"] == whole["dense"] == ()
    assert made == ["dense"]
    with pytest.raises(KeyError):
        whole["reranked"]
