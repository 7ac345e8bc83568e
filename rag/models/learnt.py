"""The built-in reranker: a weighted sum of what speaks for each candidate, with learnt weights. Only numpy.

``training/rerank`` says how the weights came about, ``docs/decisions/0008-reranking.md`` why they are so few.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.errors import ModelError
from rag.models.evidence import FEATURES, features
from rag.models.relevance import below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.models.sheet import Reader
    from rag.types import Hit, Query

WEIGHTS: Final = Path(__file__).with_name("builtin") / "reranker.json"
_NAME: Final = "builtin"
_FEATURE: Final = "rerank"
_DIGITS: Final = 6  # of a score; what lies beyond depends on the machine
_SHOWN: Final = 4


class LearntReranker:
    """Satisfies ``rag.protocols.Reranker``. The weights are read when the first question comes.

    A hit's score is its sum, scaled so that the best has the best score that came in; the plain sum stands in
    ``features["rerank"]``, beside the evidence. Hits beyond ``candidates`` keep their order below.

    Args:
        reader: the built-in model.
        candidates: how many of the best hits are looked at.
        weights: the file.
    """

    def __init__(self, reader: Reader, candidates: int, weights: Path = WEIGHTS) -> None:
        self._reader = reader
        self._candidates = candidates
        self._path = weights

    @property
    def identity(self) -> str:
        """Names the weights: two rerankers with the same one give the same order."""
        return f"{_NAME}@{hashlib.sha256(self._path.read_bytes()).hexdigest()[:12]}"

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, best first, ties by note and place in it.

        Raises:
            ModelError: the model or the weights are missing or damaged.
        """
        read, rest = hits[: self._candidates], hits[self._candidates :]
        if not read:
            return []
        numbers = features(query.text, read, self._reader)
        sums = numbers @ _factors(self._path)
        top, scale = max(hit.score for hit in read), float(sums.max())
        scored = [
            self._scored(hit, row, float(total), top / scale if scale > 0 else 0.0)
            for hit, row, total in zip(read, numbers, sums, strict=True)
        ]
        scored.sort(key=lambda hit: (-hit.score, hit.chunk.doc_id, hit.chunk.start))
        return scored + below(rest, read[-1].score, scored[-1].score)

    def _scored(self, hit: Hit, row: NDArray[np.float32], total: float, scale: float) -> Hit:
        seen = {name: round(number, _SHOWN) for name, number in zip(FEATURES, row.tolist(), strict=True)}
        features = {**hit.features, **seen, _FEATURE: round(total, _SHOWN)}
        return replace(hit, score=round(total * scale, _DIGITS), features=MappingProxyType(features))


@cache
def _factors(path: Path) -> NDArray[np.float32]:
    """The weights, in the order of ``FEATURES``; those of the score is 1."""
    try:
        weights = json.loads(path.read_text("utf-8"))["weights"]
        factors = np.array([float(weights[name]) for name in FEATURES], dtype=np.float32)
    except (OSError, ValueError, LookupError, TypeError) as e:
        raise _damaged(path) from e
    if len(weights) != len(FEATURES) or not np.isfinite(factors).all():
        raise _damaged(path)
    return factors


def _damaged(path: Path) -> ModelError:
    return ModelError(
        "The built-in reranker in {path} is missing or damaged. Install Footnotes again.", path=path
    )
