"""Weights that maximise nDCG@10 itself, all combinations of a grid tried: few weights, none below zero."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.models.evidence import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.rerank.mine import Asked

    Weights = NDArray[np.float32]

GRID: Final = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
_NEARLY: Final = 0.001  # nDCG
_CUT: Final = 10
_DISCOUNT: Final = 1 / np.log2(np.arange(2, _CUT + 2))


def ndcg(asked: Asked, weights: Weights) -> float:
    """nDCG@10 of notes, each at its best passage; candidates that are equal stay in their order."""
    order = np.argsort(-(asked.numbers @ weights), kind="stable")
    _, first = np.unique(asked.notes[order], return_index=True)
    ranked = asked.notes[order][np.sort(first)][:_CUT]
    gain = asked.right[ranked] @ _DISCOUNT[: len(ranked)]
    return float(gain / _DISCOUNT[: asked.answers].sum())


def goal(pools: Mapping[str, Sequence[Asked]], weights: Weights) -> float:
    """The mean over pools of the mean nDCG."""
    return float(np.mean([np.mean([ndcg(asked, weights) for asked in found]) for found in pools.values()]))


def best(sets: Mapping[str, Sequence[Asked]], pairs: Mapping[str, Sequence[Asked]]) -> Weights:
    """Of the weights of ``GRID`` that are nearly the best for evaluation sets, the best for training pairs.

    The score's weight is 1. Training pairs know one right passage a question, and take what vouches for it for wrong:
    they decide only between weights that sets do not tell apart.
    """
    others = len(FEATURES) - 1
    tried = [np.array([1.0, *rest], dtype=np.float32) for rest in product(GRID, repeat=others)]
    reached = [goal(sets, weights) for weights in tried]
    nearly = [
        weights for weights, found in zip(tried, reached, strict=True) if found >= max(reached) - _NEARLY
    ]
    return max(nearly, key=lambda weights: goal(pairs, weights))
