"""A first look at the beginnings of many vectors, then the whole of the best: for models that were trained to be cut.

An exact search reads every vector, and what does not fit into a processor's cache comes slowly. The first half of a
nested (Matryoshka, arXiv 2205.13147) vector tells nearly as much; only a short list is read in full, so scores are those
of an exact search. docs/decisions/0010-search-speed.md says what is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MANY: Final = 30_000  # vectors, from which on a first look pays
_LISTED: Final = 1_000  # vectors that are read in full, at least ...
_BY_WANTED: Final = 8  # ... and so many times those that are wanted


class FirstLook:
    """The beginnings of an index's vectors, as of now.

    Args:
        index: ``IndexIDMap2`` over ``IndexScalarQuantizer``; it must not be changed afterwards.
        width: of a beginning.
        flat: makes an empty, trained ``IndexScalarQuantizer`` of a width, as the index's own.
    """

    def __init__(self, index: Any, width: int, flat: Callable[[int], Any]) -> None:
        import faiss

        self._index, self._width, self._flat = (
            index,
            width,
            flat,
        )  # the codes below are the index's own memory
        codes = faiss.downcast_index(index.index).codes
        self._codes = faiss.rev_swig_ptr(codes.data(), index.ntotal * index.d).reshape(index.ntotal, index.d)
        self._keys = faiss.vector_to_array(index.id_map)
        self._beginnings = self._of(self._codes[:, :width])

    def search(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores and keys of the k best, each of shape (1, k), as FAISS gives them.

        Args:
            vector: shape (1, dimension).
            k: at least 1.
        """
        count = min(max(_LISTED, _BY_WANTED * k), len(self._keys))
        _, places = self._beginnings.search(np.ascontiguousarray(vector[:, : self._width]), count)
        listed = np.sort(places[0])  # equals come in the order of an exact search
        scores, found = self._of(self._codes[listed]).search(vector, min(k, count))
        return scores, self._keys[listed[found]]

    def _of(self, codes: NDArray[np.uint8]) -> Any:
        """An index of these rows, numbered from 0."""
        import faiss

        made = self._flat(codes.shape[1])
        faiss.copy_array_to_vector(np.ascontiguousarray(codes).ravel(), made.codes)
        made.ntotal = len(codes)
        return made
