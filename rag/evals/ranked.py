"""Ranking metrics of one question whose judgements are yes or no, as fractions of 1; nothing needs to be installed.

nDCG is the binary form of trec_eval's: 1 / log2(rank + 1) summed over the found, over the best possible sum.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

NAMES = ("ndcg@10", "recall@5", "success@1", "success@5", "mrr@10")
_DEPTH = 10


def measure(ranking: Sequence[str], gold: Collection[str]) -> dict[str, float]:
    """The metrics of one ranking, best first, each name once; ``gold`` is not empty."""
    found = [name in gold for name in ranking[:_DEPTH]]
    gain = math.fsum(1 / math.log2(rank + 1) for rank, is_found in enumerate(found, 1) if is_found)
    best = math.fsum(1 / math.log2(rank + 1) for rank in range(1, min(len(gold), _DEPTH) + 1))
    first = found.index(True) + 1 if True in found else None
    values = (
        gain / best,
        sum(found[:5]) / len(gold),
        float(any(found[:1])),
        float(any(found[:5])),
        1 / first if first else 0.0,
    )
    return dict(zip(NAMES, values, strict=True))


def mean(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean over questions; zeros where there is none."""
    count = max(1, len(values))
    return {name: math.fsum(each[name] for each in values.values()) / count for name in NAMES}
