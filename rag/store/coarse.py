"""A first look at many vectors in two bits a number, then the best of them in full.

An exact search reads every byte of every vector, and what does not fit into a processor's cache comes slowly. Two bits
of each number tell nearly as much, and FAISS compares them 32 vectors at a time (fast scan, arXiv 1704.07355). Only a
short list is read in full, so scores are those of an exact search. docs/decisions/0010-search-speed.md says what is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY: Final = 30_000  # vectors, from which on a first look pays
_LISTED: Final = 500  # vectors that are read in full, at least ...
_BY_WANTED: Final = 4  # ... and so many times those that are wanted
_SAMPLE: Final = 4_096  # vectors that tell how each number is spread
_BLOCK: Final = 4_096  # vectors that are cut at a time, so that they stay in the cache
# Lloyd and Max's four levels for a normal distribution, and where one ends: in standard deviations.
_LEVELS: Final = (-1.510, -0.4528, 0.4528, 1.510)
_ENDS: Final = (-0.9816, 0.0, 0.9816)
_BYTE: Final = 255
_WIDEST: Final = (
    514  # numbers of a vector: fast scan adds up a byte for every two of them in 16 bits, and does not look
)


class FirstLook:
    """Two bits a number of an index's vectors, as of now.

    Args:
        index: ``IndexIDMap2`` over ``IndexScalarQuantizer`` of ``QT_8bit_uniform`` and inner products, of a dimension
            that ``fits``; it must not be changed afterwards.
    """

    def __init__(self, index: Any) -> None:
        import faiss

        whole = faiss.downcast_index(index.index)
        self._index = index  # what follows looks into its memory
        self._keys = faiss.vector_to_array(index.id_map)
        self._rough = _rough(whole)
        self._refined = faiss.IndexRefine(self._rough, whole)

    def search(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores and keys of the k best, each of shape (1, k), as FAISS gives them.

        Args:
            vector: shape (1, dimension).
            k: from 1 to the number of vectors.
        """
        import faiss

        count = min(max(_LISTED, _BY_WANTED * k), len(self._keys))
        wanted = faiss.IndexRefineSearchParameters(k_factor=count / k)
        scores, places = self._refined.search(vector, k, params=wanted)
        if (places < 0).any():  # it tells none of them apart from nothing
            found: tuple[NDArray[np.float32], NDArray[np.int64]] = self._index.search(vector, k)
            return found
        return scores, np.where(places >= 0, self._keys[places], -1)


def fits(index: Any) -> bool:
    """Whether it has so many vectors that a first look pays, and a dimension that can be cut."""
    return bool(index.ntotal >= MANY and index.d % 4 == 0 and index.d <= _WIDEST)


def _rough(whole: Any) -> Any:
    """Two numbers of a vector are a digit of four bits: to FAISS, a product quantiser whose centroids form a grid."""
    import faiss

    count, width = whole.ntotal, whole.d
    codes = faiss.rev_swig_ptr(whole.codes.data(), count * width).reshape(count, width)
    least, range_ = faiss.vector_to_array(whole.sq.trained)[:2].tolist()
    sample = codes[:: max(1, count // _SAMPLE)].astype(np.float32)
    # A number that is the same in all of the sample may differ elsewhere: by a step at least.
    mean, spread = sample.mean(axis=0), np.maximum(sample.std(axis=0), 1)
    ends = mean + np.multiply.outer(np.array(_ENDS, dtype=np.float32), spread)
    levels = mean[:, None] + np.multiply.outer(spread, np.array(_LEVELS, dtype=np.float32))
    levels = least + (levels + 0.5) / _BYTE * range_
    digits = np.arange(16)
    centroids = np.stack([levels[0::2][:, digits % 4], levels[1::2][:, digits // 4]], axis=2)
    made = faiss.IndexPQ(width, width // 2, 4, faiss.METRIC_INNER_PRODUCT)
    faiss.copy_array_to_vector(np.ascontiguousarray(centroids, dtype=np.float32).ravel(), made.pq.centroids)
    faiss.copy_array_to_vector(_cut(codes, ends).ravel(), made.codes)
    made.ntotal, made.is_trained = count, True
    return faiss.IndexPQFastScan(made)


def _cut(codes: NDArray[np.uint8], ends: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each number's level, four to a byte, the first one lowest; shape (vectors, dimension / 4)."""
    limits = np.clip(np.floor(ends), 0, _BYTE).astype(np.uint8)
    cut = np.empty((len(codes), codes.shape[1] // 4), dtype=np.uint8)
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK]
        level = (block > limits[0]).view(np.uint8)
        for limit in limits[1:]:
            level += block > limit
        four = level.view("<u4")
        # The four levels of a word, a byte each, moved side by side.
        cut[start : start + _BLOCK] = (four | four >> 6 | four >> 12 | four >> 18) & _BYTE
    return cut
