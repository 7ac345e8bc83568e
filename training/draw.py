"""Draws batches: one kind of text a batch, blocks of one source inside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from training.encode import Pairs, Passages, Ragged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

_BLOCK: Final = 128  # rows of one source that stand together in a batch
_LONGEST: Final = 320  # tokens of a text; longer ones are cut at random
_AHEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Row i of both sides belongs together."""

    kind: str
    left: Ragged
    right: Ragged
    margin: float = 0.0


class Drawer:
    """Draws at random, the same for the same seed.

    Args:
        kinds: training text by name.
        shares: how often each kind is drawn.
        size: rows of a batch.
        keep: inverse cloze: how often the drawn sentence stays in its passage.
    """

    def __init__(
        self,
        kinds: Sequence[Pairs | Passages],
        shares: Mapping[str, float],
        size: int,
        seed: int,
        keep: float = 0.3,
        groups: Mapping[str, Sequence[NDArray[np.int64]]] | None = None,
        margin: float = 0.0,
        by_group: float = 0.7,
        boost: Mapping[str, Mapping[int, float]] | None = None,
        parallel_size: int = 2048,
    ) -> None:
        self._kinds = [kind for kind in kinds if shares.get(kind.name)]
        weights = np.array([shares[kind.name] for kind in self._kinds])
        self._shares = weights / weights.sum()
        self._size = size
        self._seed = seed
        self._keep = keep
        self._by_source = [_by_source(kind.source) for kind in self._kinds]
        self._groups = groups or {}
        self._margin = margin
        self._by_group = by_group
        self._boost = boost or {}
        self._parallel_size = parallel_size

    def batches(self) -> Iterator[Batch]:
        """Batches without end, prepared ahead in a thread."""
        with ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(self.batch, i) for i in range(_AHEAD)]
            for i in count(_AHEAD):
                yield waiting.pop(0).result()
                waiting.append(pool.submit(self.batch, i))

    def batch(self, number: int) -> Batch:
        """Batch ``number``."""
        random = np.random.default_rng([self._seed, number])
        at = random.choice(len(self._kinds), p=self._shares)
        kind = self._kinds[at]
        size = self._parallel_size if kind.name == "pairs-parallel" else self._size
        if kind.name in self._groups and random.random() < self._by_group:
            rows = _rows(self._groups[kind.name], size, random)
        else:
            rows = _rows(self._by_source[at], size, random, self._boost.get(kind.name, {}))
        if isinstance(kind, Pairs):
            left = _take(kind.left, rows, random)
            margin = self._margin if kind.name == "pairs-parallel" else 0.0
            return Batch(kind.name, left, _take(kind.right, rows, random), margin)
        return Batch(kind.name, *self._cloze(kind, rows, random))

    def _cloze(
        self, kind: Passages, rows: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[Ragged, Ragged]:
        """A sentence as the question; its passage, mostly without it, as the answer."""
        left, right = [], []
        for row in rows:
            first, last = kind.starts[row], kind.starts[row + 1]
            sentences = [kind.sentences.row(i) for i in range(first, last)]
            pick = int(random.integers(len(sentences)))
            stays = len(sentences) == 1 or random.random() < self._keep
            rest = [s for i, s in enumerate(sentences) if stays or i != pick]
            left.append(sentences[pick])
            right.append(_cut(np.concatenate(rest), random))
        return _join(left), _join(right)


def _take(texts: Ragged, rows: NDArray[np.int64], random: np.random.Generator) -> Ragged:
    return _join([_cut(texts.row(int(row)), random) for row in rows])


def _cut(tokens: NDArray[np.int32], random: np.random.Generator) -> NDArray[np.int32]:
    if len(tokens) <= _LONGEST:
        return tokens
    start = int(random.integers(len(tokens) - _LONGEST + 1))
    return tokens[start : start + _LONGEST]


def _join(rows: Sequence[NDArray[np.int32]]) -> Ragged:
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64)
    return Ragged(np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)]))


def _by_source(source: NDArray[np.int16]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(source == s) for s in range(int(source.max()) + 1)]


def _rows(groups: Sequence[NDArray[np.int64]], size: int, random: np.random.Generator, boost: Mapping[int, float] = {}) -> NDArray[np.int64]:
    """Blocks of rows, each of a source drawn by the square root of its size; no row twice."""
    weights = np.sqrt([len(group) for group in groups])
    for g, b in boost.items():
        weights[g] *= b
    weights /= weights.sum()
    drawn = [
        random.choice(groups[g], min(_BLOCK, len(groups[g])), replace=False)
        for g in random.choice(len(groups), 2 * size // _BLOCK, p=weights)
    ]
    rows = np.concatenate(drawn)
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)][:size]
