"""Mixing ranked lists.

Scores of each list are divided by its best score, then mixed by weight. Plain reciprocal rank fusion was
measured and lost 5 to 9 points of nDCG@10 against this, see docs/decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Scored = tuple[int, float]


def mix(lists: Mapping[str, Sequence[Scored]], weights: Mapping[str, float]) -> list[Scored]:
    """Weighted sum of scores normalised to each list's maximum.

    Args:
        lists: (key, score > 0) pairs by source, best first.
        weights: by source; a source that found nothing leaves its weight to the others.

    Returns:
        (key, score in 0..1) pairs, best first, ties by key.
    """
    present = {name: found for name, found in lists.items() if found and weights.get(name, 0.0) > 0}
    total = sum(weights[name] for name in present)
    mixed: dict[int, float] = {}
    for name, found in present.items():
        top = found[0][1]
        for key, score in found:
            mixed[key] = mixed.get(key, 0.0) + weights[name] / total * score / top
    return sorted(mixed.items(), key=lambda pair: (-pair[1], pair[0]))


def ranks(lists: Mapping[str, Sequence[Scored]]) -> dict[int, dict[str, int]]:
    """1-based rank of every key in every list that holds it."""
    found: dict[int, dict[str, int]] = {}
    for name, pairs in lists.items():
        for rank, (key, _) in enumerate(pairs, 1):
            found.setdefault(key, {})[name] = rank
    return found
