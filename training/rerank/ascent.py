"""Weights by coordinate ascent on nDCG@10 itself (Metzler and Croft 2007): few weights, none below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rag.search.evidence import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.rerank.mine import Asked

    Weights = NDArray[np.float32]

GRID: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
_ROUNDS: Final = 4
_CUT: Final = 10
_GAIN: Final = 1e-6
_DISCOUNT: Final = 1 / np.log2(np.arange(2, _CUT + 2))


def ndcg(asked: Asked, weights: Weights) -> float:
    """nDCG@10 of notes, each at its best passage; candidates that are equal stay in their order."""
    order = np.argsort(-(asked.numbers @ weights), kind="stable")
    _, first = np.unique(asked.notes[order], return_index=True)
    ranked = asked.notes[order][np.sort(first)][:_CUT]
    gain = asked.right[ranked] @ _DISCOUNT[: len(ranked)]
    return float(gain / _DISCOUNT[: asked.answers].sum())


def goal(corpora: Mapping[str, Sequence[Asked]], weights: Weights, penalty: float) -> float:
    """The mean over corpora of the mean nDCG, less ``penalty`` for each 1 of the weights' sum."""
    means = [np.mean([ndcg(asked, weights) for asked in found]) for found in corpora.values()]
    return float(np.mean(means)) - penalty * float(weights[1:].sum())


def ascended(corpora: Mapping[str, Sequence[Asked]], given: Mapping[str, float], penalty: float) -> Weights:
    """Start from the ``given`` weights, which stay, and set one other after another to the best of ``GRID``."""
    weights = np.array([given.get(name, 0.0) for name in FEATURES], dtype=np.float32)
    free = [column for column, name in enumerate(FEATURES) if name not in given]
    best = goal(corpora, weights, penalty)
    for _ in range(_ROUNDS):
        before = weights
        for column in free:
            for value in GRID:
                tried = weights.copy()
                tried[column] = value
                reached = goal(corpora, tried, penalty)
                if reached > best + _GAIN:
                    weights, best = tried, reached
        if weights is before:
            break
    return weights
