"""What a model's numbers make of a list of hits: relevance from 0 to 1, best first."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Hit

_FEATURE: Final = "rerank"


def reordered(read: Sequence[Hit], raw: Sequence[float], rest: Sequence[Hit]) -> list[Hit]:
    """Hits by the number that a model gave each of those that it read; the others follow as they were.

    A hit's score is its relevance from 0 to 1; the model's own number stands in ``features["rerank"]``.
    """
    scored = [
        replace(hit, score=score, features=MappingProxyType({**hit.features, _FEATURE: number}))
        for hit, score, number in zip(read, _relevance(raw), raw, strict=True)
    ]
    scored.sort(key=lambda hit: -hit.features[_FEATURE])
    return scored + below(rest, read[-1].score, scored[-1].score)


def _relevance(raw: Sequence[float]) -> list[float]:
    """Scores from 0 to 1: as they are where all lie there, else their logistic (llama.cpp sends logits)."""
    if all(0 <= score <= 1 for score in raw):
        return list(raw)
    return [_logistic(score) for score in raw]


def _logistic(x: float) -> float:
    small = math.exp(-abs(x))  # never overflows
    return (1 if x >= 0 else small) / (1 + small)


def below(rest: Sequence[Hit], border: float, floor: float) -> list[Hit]:
    """The hits that were not read, below the ``floor`` of those that were.

    Each keeps its ratio to ``border``, the score with which the last hit that was read came in; where scores are not
    positive, its place decides: ``floor`` / (2 + place).
    """
    if border > 0:
        return [replace(hit, score=floor * min(1.0, max(0.0, hit.score) / border)) for hit in rest]
    return [replace(hit, score=floor / (2 + place)) for place, hit in enumerate(rest)]
