"""Draws batches: one kind of text a batch, blocks of kin inside it, so that what must be told apart is alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from training.encode import PARALLEL, Pairs, Passages, Ragged, gather

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Groups = Sequence[NDArray[np.int64]]

# How often each kind is drawn.
SHARES: Final = {
    PARALLEL: 0.33,
    "pairs-heading-zh": 0.14,
    "pairs-heading-en": 0.16,
    "pairs-qa-zh": 0.06,
    "pairs-qa-en": 0.07,
    "passages-zh": 0.15,
    "passages-en": 0.12,
}
# Sources drawn more often than the square root of their size: everyday words and prose, not software manuals.
BOOSTS: Final = {"cc-cedict": 4.0, "wordnet-zh": 4.0, "tatoeba": 4.0, "lctt": 4.0, "wordnet-en": 2.0}
_BLOCK: Final = 128  # rows of one group that stand together in a batch
_LONGEST: Final = 320  # tokens of a text; longer ones are cut at random
_AHEAD: Final = 4
_BY_CLUSTER: Final = 0.7  # how often blocks are clusters of similar texts; else they are of one source
_KEPT: Final = 0.3  # inverse cloze: how often the drawn sentence stays in its passage


@dataclass(frozen=True, slots=True)
class Batch:
    """Row i of both sides belongs together; ``margin`` is asked for between it and all others."""

    left: Ragged
    right: Ragged
    margin: float


class Drawer:
    """Draws at random, the same for the same seed.

    Args:
        kinds: training text.
        clusters: rows of similar texts, by kind.
        size: rows of a batch; twice as many of the parallel pairs, which are short.
        margin: for parallel pairs.
    """

    def __init__(
        self,
        kinds: Sequence[Pairs | Passages],
        clusters: Mapping[str, Groups],
        *,
        size: int,
        margin: float,
        seed: int,
    ) -> None:
        self._kinds = kinds
        shares = np.array([SHARES[kind.name] for kind in kinds])
        self._shares = shares / shares.sum()
        self._clusters = [(clusters[kind.name], _weights(clusters[kind.name])) for kind in kinds]
        self._sources = [_by_source(kind) for kind in kinds]
        self._size = size
        self._margin = margin
        self._seed = seed

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
        at = int(random.choice(len(self._kinds), p=self._shares))
        kind = self._kinds[at]
        is_parallel = kind.name == PARALLEL
        groups = self._clusters if random.random() < _BY_CLUSTER else self._sources
        rows = _rows(*groups[at], 2 * self._size if is_parallel else self._size, random)
        if isinstance(kind, Pairs):
            texts = _take(kind.left, rows, random), _take(kind.right, rows, random)
        else:
            texts = _cloze(kind, rows, random)
        return Batch(*texts, self._margin if is_parallel else 0.0)


def _cloze(kind: Passages, rows: NDArray[np.int64], random: np.random.Generator) -> tuple[Ragged, Ragged]:
    """A sentence as the question; its passage, mostly without it, as the answer (Lee et al. 2019)."""
    left, right = [], []
    for row in rows:
        first, last = kind.starts[row], kind.starts[row + 1]
        sentences = [kind.sentences.row(i) for i in range(first, last)]
        pick = int(random.integers(len(sentences)))
        stays = len(sentences) == 1 or random.random() < _KEPT
        rest = [s for i, s in enumerate(sentences) if stays or i != pick]
        left.append(sentences[pick])
        right.append(_cut(np.concatenate(rest), random))
    return _join(left), _join(right)


def _take(texts: Ragged, rows: NDArray[np.int64], random: np.random.Generator) -> Ragged:
    found = gather(texts, rows)
    if int(np.diff(found.starts).max()) <= _LONGEST:
        return found
    return _join([_cut(found.row(i), random) for i in range(len(found))])


def _cut(tokens: NDArray[np.int32], random: np.random.Generator) -> NDArray[np.int32]:
    if len(tokens) <= _LONGEST:
        return tokens
    start = int(random.integers(len(tokens) - _LONGEST + 1))
    return tokens[start : start + _LONGEST]


def _join(rows: Sequence[NDArray[np.int32]]) -> Ragged:
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64)
    return Ragged(np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)]))


def _by_source(kind: Pairs | Passages) -> tuple[Groups, NDArray[np.float64]]:
    groups = [np.flatnonzero(kind.source == number) for number in range(len(kind.sources))]
    weights = _weights(groups) * [BOOSTS.get(name, 1.0) for name in kind.sources]
    return groups, weights / weights.sum()


def _weights(groups: Groups) -> NDArray[np.float64]:
    """Each group by the square root of its size."""
    roots = np.sqrt([len(group) for group in groups])
    return np.asarray(roots / roots.sum(), dtype=np.float64)


def _rows(
    groups: Groups, weights: NDArray[np.float64], size: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Blocks of rows, each of one group; no row twice."""
    drawn = [
        random.choice(groups[g], min(_BLOCK, len(groups[g])), replace=False)
        for g in random.choice(len(groups), 2 * size // _BLOCK, p=weights)
    ]
    rows = np.concatenate(drawn)
    _, first = np.unique(rows, return_index=True)
    return np.asarray(rows[np.sort(first)][:size])
