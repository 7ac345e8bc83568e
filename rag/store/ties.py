"""The best of a list where equals stand at its limit: notes decide which of them are in, not their past.

Keys tell when a passage was indexed, so an order by key would make the same notes answer differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Scored = tuple[int, float]
    ByPlace = Callable[[Sequence[int]], list[int]]
    """Keys by note and place in it; those that are gone are left out."""

_SLACK: Final = 16  # fetched beyond the limit, so that equals across it are seen


def fetched(fetch: Callable[[int], list[Scored]], k: int, by_place: ByPlace) -> list[Scored]:
    """The best k of an index, as ``best`` tells them.

    Args:
        fetch: at most so many (key, score) pairs, best first; if fewer, there are no more.
        k: at least 1.
        by_place: asked where equals stand on both sides of the limit.
    """
    limit = k + _SLACK
    found = fetch(limit)
    while len(found) == limit and found[k - 1][1] == found[-1][1]:
        limit *= 4
        found = fetch(limit)
    return best(found, k, by_place)


def best(found: Sequence[Scored], k: int, by_place: ByPlace) -> list[Scored]:
    """The k best (key, score) pairs, best first, equals by key; of equals at the limit those first by place."""
    ordered = sorted(found, key=lambda pair: (-pair[1], pair[0]))
    if len(ordered) <= k or ordered[k - 1][1] > ordered[k][1]:
        return ordered[:k]
    limit = ordered[k][1]
    better = [pair for pair in ordered if pair[1] > limit]
    equal = by_place([key for key, score in ordered if score == limit])
    return [*better, *((key, limit) for key in sorted(equal[: k - len(better)]))]
