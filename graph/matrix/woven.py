"""A table made ready for walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graph import rank
from graph.matrix.incidence import Numbers, incidence, numbers
from graph.matrix.table import identify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from graph.matrix.table import Table
    from graph.rank import Web


@dataclass(frozen=True, slots=True)
class Woven:
    """The web, and what its numbers stand for.

    Attributes:
        by_key: passages in the order of their keys.
        sorted_keys: these keys.
    """

    web: Web
    numbers: Numbers
    by_key: NDArray[np.int64]
    sorted_keys: NDArray[np.int64]

    def passages(self, keys: Iterable[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of passages by key; -1 for those that are not there."""
        wanted = keys if isinstance(keys, np.ndarray) else np.fromiter(keys, dtype=np.int64)
        if not len(self.by_key):
            return np.full(len(wanted), -1)
        at = np.minimum(np.searchsorted(self.sorted_keys, wanted), len(self.by_key) - 1)
        return np.where(self.sorted_keys[at] == wanted, self.by_key[at], -1)

    def mask(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which passages have one of these keys; by number."""
        found = np.zeros(len(self.by_key), dtype=bool)
        places = self.passages(keys)
        found[places[places >= 0]] = True
        return found

    def passages_of(self, doc_id: str) -> NDArray[np.int64]:
        """Numbers of a document's passages."""
        ids = self.numbers.ids
        anchor = int(np.searchsorted(ids, np.uint64(identify(f"note:{doc_id}"))))
        if anchor == len(ids) or ids[anchor] != identify(f"note:{doc_id}"):
            return np.zeros(0, dtype=np.int64)
        return np.arange(self.numbers.bounds[anchor], self.numbers.bounds[anchor + 1])


def woven(table: Table) -> Woven:
    """Weave a table."""
    known = numbers(table)
    found = incidence(table, known)
    web = rank.weave(
        found.passage,
        found.anchor,
        found.tie,
        found.confidence,
        known.note,
        len(known.keys),
        len(known.ids),
    )
    by_key = np.argsort(known.keys, kind="stable")
    return Woven(web, known, by_key, known.keys[by_key])
