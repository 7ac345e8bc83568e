"""The best of a list: which of equals are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.store import ties

if TYPE_CHECKING:
    from collections.abc import Sequence

SCORES = {5: 0.9, 1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5, 6: 0.1}
PLACES = (4, 2, 1, 3, 6, 5)


def by_place(keys: Sequence[int]) -> list[int]:
    """As ``PLACES``."""
    return [key for key in PLACES if key in keys]


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [5]),
        (2, [5, 4]),
        (3, [5, 2, 4]),  # 4 and 2 stand first; equals are told by key
        (5, [5, 1, 2, 3, 4]),
        (6, [5, 1, 2, 3, 4, 6]),
        (9, [5, 1, 2, 3, 4, 6]),
    ],
)
def test_best(k: int, expected: list[int]) -> None:
    """Better ones are in; of equals at the limit those first by place."""
    for order in (list(SCORES.items()), sorted(SCORES.items())):
        found = ties.best(order, k, by_place)
        assert [key for key, _ in found] == expected
        assert dict(found).items() <= SCORES.items()


def test_place_is_asked_only_for_equals_at_the_limit() -> None:
    """It costs a look into the catalogue."""
    asked: list[list[int]] = []

    def asking(keys: Sequence[int]) -> list[int]:
        asked.append(list(keys))
        return by_place(keys)

    ties.best(list(SCORES.items()), 5, asking)
    assert asked == []
    ties.best(list(SCORES.items()), 4, asking)
    assert asked == [[1, 2, 3, 4]]


def test_what_is_gone_leaves_its_place_free() -> None:
    """A passage that the catalogue does not hold any more is not in; better ones are left to who resolves them."""
    found = ties.best(list(SCORES.items()), 3, lambda keys: [key for key in by_place(keys) if key != 4])
    assert [key for key, _ in found] == [5, 1, 2]


def test_fetched_looks_as_far_as_equals_reach() -> None:
    """The index itself cuts equals anyhow."""
    everything = [(0, 1.0), *((key, 0.5) for key in range(1, 300)), (300, 0.2)]
    limits: list[int] = []

    def fetch(limit: int) -> list[tuple[int, float]]:
        limits.append(limit)
        return everything[:limit]

    found = ties.fetched(fetch, 3, lambda keys: sorted(keys, reverse=True))
    assert [key for key, _ in found] == [0, 298, 299]
    assert limits[-1] > 300 > limits[-2]
    assert ties.fetched(lambda _: [], 3, by_place) == []
