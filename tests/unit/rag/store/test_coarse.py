"""A first look at two bits of each number, against an exact search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.store import coarse
from rag.store.dense import DenseIndex
from rag.types import Chunk, Filters, Query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH, MANY = 64, 3_000


class Model:
    """Vectors whose numbers are spread unevenly, and not around 0. A text is its seed."""

    identity, dimension = "seeds", WIDTH

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        fall = np.geomspace(1, 0.3, self.dimension)
        found = np.stack(
            [
                np.random.default_rng(int(text) if text.isdigit() else 0).normal(0.1, 1, len(fall)) * fall
                for text in texts
            ]
        )
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embed_passages([text])[0]
        return vector


class Keys:
    """Lets through the keys below a limit, if filters are given."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64] | None:
        return np.arange(1, self.limit, dtype=np.int64) if filters.folders else None

    def keys(self) -> NDArray[np.int64]:
        raise AssertionError

    def by_place(self, keys: Sequence[int]) -> list[int]:
        return sorted(keys)


def chunk(key: int) -> Chunk:
    """A passage whose vector is that of its key."""
    return Chunk("n/a.md", key, key + 1, str(key), str(key), "", (1, 1), key=key)


def index(folder: Path) -> DenseIndex:
    """Of MANY passages."""
    model = Model()
    made = DenseIndex(
        folder,
        model,
        lambda chunks: model.embed_passages([c.body for c in chunks]),
        Keys(50),
    )
    made.rebuild(iter([[chunk(key) for key in range(1, MANY + 1)]]), 1)
    return made


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DenseIndex, DenseIndex]:
    """The same vectors, searched with a first look (its short list a twentieth of all) and without."""
    monkeypatch.setattr(coarse, "MANY", MANY // 2)
    monkeypatch.setattr(coarse, "_LISTED", MANY // 20)
    monkeypatch.setattr(coarse, "_BY_WANTED", 1)
    looking, exact = index(tmp_path / "look"), index(tmp_path / "exact")
    monkeypatch.setattr(exact, "_first_look", lambda _: None)
    return looking, exact


def both(pair: tuple[DenseIndex, DenseIndex], query: Query, k: int) -> tuple[dict[int, float], ...]:
    """What each finds."""
    return tuple(dict(one.search(query, k)) for one in pair)


def test_nearly_all_is_found_and_with_the_same_scores(pair: tuple[DenseIndex, DenseIndex]) -> None:
    """The first search of an index is exact; then 97 of 100, and what is found has its exact score."""
    first, exact = both(pair, Query("900001"), 20)
    assert first == exact
    missed = 0
    for seed in range(900_001, 900_041):
        found, exact = both(pair, Query(str(seed)), 20)
        assert len(found) == len(exact) == 20
        assert all(score == exact[key] for key, score in found.items() if key in exact)
        missed += len(exact.keys() - found.keys())
    assert 0 < missed <= 0.03 * 40 * 20, "some are missed: it is no exact search"


def test_filters_are_searched_exactly(pair: tuple[DenseIndex, DenseIndex]) -> None:
    """Of few passages all are read."""
    for seed in range(900_001, 900_011):
        found, exact = both(pair, Query(str(seed), Filters(folders=("n",))), 20)
        assert found == exact
        assert max(found) < 50


def test_what_has_gone_is_not_found(pair: tuple[DenseIndex, DenseIndex]) -> None:
    """After a change the bits are those of the new state."""
    both(pair, Query("900001"), 20)
    before, _ = both(pair, Query("900001"), 20)
    gone = sorted(before)[:10]
    for one in pair:
        one.apply([chunk(MANY + 7)], gone, 2)
    for _ in range(3):
        found, exact = both(pair, Query("900001"), 20)
        assert not found.keys() & set(gone)
        assert len(found.keys() & exact.keys()) >= 18
        assert next(iter(both(pair, Query(str(MANY + 7)), 1)[0])) == MANY + 7


def test_few_vectors_are_read_in_full(tmp_path: Path) -> None:
    """Below the number from which it pays."""
    few = index(tmp_path)
    for _ in range(3):
        few.search(Query("900001"), 5)
    assert few._look == (None, None)


def test_a_dimension_that_cannot_be_cut_is_read_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four numbers share a byte."""
    monkeypatch.setattr(coarse, "MANY", MANY // 2)
    monkeypatch.setattr(Model, "dimension", WIDTH - 1)
    odd = index(tmp_path)
    for _ in range(3):
        assert len(odd.search(Query("900001"), 5)) == 5
    assert odd._look == (None, None)


@pytest.mark.parametrize("width", [512, 516, 768])
def test_vectors_that_fast_scan_cannot_add_up_are_read_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """A byte for every two numbers, in 16 bits: beyond 514 numbers the nearest might overflow and be lost."""
    monkeypatch.setattr(coarse, "MANY", MANY // 2)
    monkeypatch.setattr(Model, "dimension", width)
    wide = index(tmp_path)
    for _ in range(2):
        assert dict(wide.search(Query("17"), 5))[17] == pytest.approx(1, abs=0.02)
    assert (wide._look[1] is not None) == (width == 512)


def test_numbers_that_hardly_ever_differ_are_not_overlooked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One vector has what no other has; and all may be equal."""
    monkeypatch.setattr(coarse, "MANY", MANY // 2)
    monkeypatch.setattr(coarse, "_SAMPLE", 100)
    plain = Model.embed_passages

    def rarely(self: Model, texts: Sequence[str]) -> NDArray[np.float32]:
        found = plain(self, texts)
        found[:, :8] = 0
        for row, text in zip(found, texts, strict=True):
            if text in {"15", "rare"}:
                row[:] = np.eye(WIDTH)[0]
        return found

    monkeypatch.setattr(Model, "embed_passages", rarely)
    made = index(tmp_path / "rare")
    for _ in range(3):
        assert made.search(Query("rare"), 3)[0][0] == 15
    monkeypatch.setattr(
        Model, "embed_passages", lambda _, texts: np.full((len(texts), WIDTH), 0.125, np.float32)
    )
    same = index(tmp_path / "same")
    for _ in range(3):
        assert len(same.search(Query("any"), 7)) == 7
