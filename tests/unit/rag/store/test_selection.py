"""A search among some keys, against the same search among all."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from rag.store.selection import Selection

COUNT, WIDTH = 300, 16


def index(keys: np.ndarray) -> faiss.IndexIDMap2:
    """Vectors with these keys, in this order."""
    made = faiss.IndexIDMap2(faiss.IndexFlatIP(WIDTH))
    made.add_with_ids(np.random.default_rng(1).normal(size=(COUNT, WIDTH)).astype(np.float32), keys)
    return made


@pytest.mark.parametrize("sorted_", [True, False])
def test_it_finds_what_all_have_among_the_wanted(*, sorted_: bool) -> None:
    """Keys that the index does not have, below, between and above its own, change nothing."""
    rng = np.random.default_rng(2)
    keys = rng.choice(np.arange(10, 2_000), COUNT, replace=False).astype(np.int64)
    made = index(np.sort(keys) if sorted_ else keys)
    wanted = rng.choice(keys, 40, replace=False)
    asked = np.union1d(wanted, [1, 5, *np.setdiff1d(np.arange(10, 2_000), keys)[:30], 5_000])
    vector = rng.normal(size=(1, WIDTH)).astype(np.float32)
    scores, found = Selection(made, asked).search(vector, 60)
    all_scores, all_found = made.search(vector, COUNT)
    expected = [(k, s) for k, s in zip(all_found[0], all_scores[0], strict=True) if k in set(wanted)]
    assert found[0, :40].tolist() == [key for key, _ in expected]
    assert np.allclose(scores[0, :40], [score for _, score in expected])
    assert (found[0, 40:] == -1).all()


def test_none_of_them_is_there() -> None:
    """Then nothing is found."""
    made = index(np.arange(COUNT, dtype=np.int64))
    _, found = Selection(made, np.array([9_000], dtype=np.int64)).search(np.ones((1, WIDTH), np.float32), 3)
    assert (found == -1).all()
