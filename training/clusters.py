"""Groups of texts that share rare words: in a batch, each is a hard negative of the others.

The same purpose as negatives mined by BM25, without a search for every question: texts are clustered by their random
projections with inverse-frequency weights, before anything is learnt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import faiss
import numpy as np

from training.encode import gather, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.encode import Pairs, Passages, Ragged

_WIDTH: Final = 128
_SIZE: Final = 256  # texts of a cluster, on average
_SMALLEST: Final = 16
_BLOCK: Final = 8_192


def clusters(kind: Pairs | Passages, weights: NDArray[np.float64], seed: int) -> list[NDArray[np.int64]]:
    """Rows of each cluster.

    Args:
        kind: its whole texts are clustered.
        weights: shape (V,), how much a token counts in a text.
        seed: of the projection and the clustering.
    """
    found = _projected(texts(kind), weights, seed)
    groups = max(8, len(found) // _SIZE)
    learner = faiss.Kmeans(
        _WIDTH, groups, niter=6, seed=seed, spherical=True, max_points_per_centroid=64, verbose=False
    )
    learner.train(found)
    nearest = learner.index.search(found, 1)[1][:, 0]
    order = np.argsort(nearest, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(nearest[order])) + 1)
    return [part for part in parts if len(part) >= _SMALLEST]


def _projected(whole: Ragged, weights: NDArray[np.float64], seed: int) -> NDArray[np.float32]:
    """Unit vectors, shape (texts, _WIDTH)."""
    random = np.random.default_rng(seed)
    table = random.standard_normal((len(weights), _WIDTH), dtype=np.float32)
    table *= weights[:, None].astype(np.float32)
    parts = []
    for first in range(0, len(whole), _BLOCK):
        block = gather(whole, np.arange(first, min(first + _BLOCK, len(whole))))
        sums = np.zeros((len(block), _WIDTH), dtype=np.float32)
        filled = np.flatnonzero(np.diff(block.starts))
        sums[filled] = np.add.reduceat(table[block.tokens], block.starts[filled], axis=0)
        parts.append(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))
    return np.concatenate(parts)
