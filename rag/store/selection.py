"""A FAISS index of which only some vectors are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Selection:
    """The vectors of some keys.

    FAISS is told their places, as bits: keys, as a set, take longer to lay out and are asked more slowly.

    Args:
        index: ``IndexIDMap2``.
        keys: sorted; those that the index does not have are left out.
    """

    def __init__(self, index: Any, keys: NDArray[np.int64]) -> None:
        import faiss

        self._index = index
        self._keys = faiss.vector_to_array(index.id_map)
        is_sorted = bool(np.all(self._keys[1:] > self._keys[:-1]))
        order = np.arange(len(self._keys)) if is_sorted else np.argsort(self._keys)
        found = order[np.searchsorted(self._keys, keys, sorter=order).clip(max=len(order) - 1)]
        wanted = np.zeros(len(self._keys), dtype=np.bool_)
        wanted[found[self._keys[found] == keys]] = True
        bits = np.packbits(wanted, bitorder="little")
        self._params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))

    def search(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores and keys of the k best, each of shape (1, k), as FAISS gives them; key -1 where there are no more.

        Args:
            vector: shape (1, dimension).
            k: at least 1.
        """
        scores, places = self._index.index.search(vector, k, params=self._params)
        return scores, np.where(places >= 0, self._keys[places], -1)
