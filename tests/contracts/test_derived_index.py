"""One behaviour suite for every derived index: full text, and dense with a fake and a real embedder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import IndexDamagedError
from rag.store import manifest
from rag.store.dense import DenseIndex, retain
from rag.store.lexical import LexicalIndex
from rag.types import NO_FILTERS, Chunk, Filters, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Index = LexicalIndex | DenseIndex
    Maker = Callable[[], Index]

WORDS = {1: "apple harvest", 2: "苹果 丰收", 3: "zebra crossing", 4: "apple zebra"}


def passage(key: int, text: str, doc_id: str = "") -> Chunk:
    """A passage in a document of its own."""
    doc_id = doc_id or f"notes/{key}.md"
    return Chunk(doc_id, 0, len(text), text, text, title="", lines=(1, 1), key=key)


class HashEmbedder:
    """Bags of words hashed to 64 dimensions: texts that share a word are near."""

    identity = "fake:1"
    dimension = 64

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-6, dtype=np.float32)
        for word in text.split():
            digest = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            vector[digest % self.dimension] += 1
        return vector / np.linalg.norm(vector)


class AllKeys:
    """A key filter over the passages of this file."""

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64] | None:
        if filters == NO_FILTERS:
            return None
        ids = {key: f"notes/{key}.md" for key in WORDS}
        return np.array(
            [
                key
                for key, doc_id in ids.items()
                if (not filters.folders or any(_within(doc_id, f) for f in filters.folders))
                and not any(_within(doc_id, f) for f in filters.exclude)
            ],
            dtype=np.int64,
        )

    def keys(self) -> NDArray[np.int64]:
        return np.array(sorted(WORDS), dtype=np.int64)

    def by_place(self, keys: Sequence[int]) -> list[int]:
        """The last indexed stands first."""
        return sorted(keys, reverse=True)


def _within(doc_id: str, folder: str) -> bool:
    return doc_id == folder or doc_id.startswith(folder + "/")


@pytest.fixture(params=["lexical", "dense"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Opens the same folder again and again, as other processes would."""
    folder = tmp_path / "index"
    if request.param == "lexical":
        return lambda: LexicalIndex(folder, AllKeys())
    embedder = HashEmbedder()

    def vectors(chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        return embedder.embed_passages([c.body for c in chunks])

    return lambda: DenseIndex(folder, embedder, vectors, AllKeys())


@pytest.fixture
def built(make: Maker) -> Index:
    """An index of all passages at generation 5."""
    index = make()
    index.rebuild(iter([[passage(k, t) for k, t in WORDS.items()]]), 5)
    return index


def keys(index: Index, text: str, filters: Filters = NO_FILTERS, k: int = 10) -> list[int]:
    """Keys found, best first, leaving out hash collisions' faint scores."""
    return [key for key, score in index.search(Query(text, filters), k) if score > 0.1]


def test_absent_index_asks_for_a_rebuild(make: Maker) -> None:
    """A folder without an index has generation -1 and finds nothing."""
    index = make()
    assert (index.generation, index.count) == (-1, 0)
    assert index.search(Query("apple"), 5) == []


def test_rebuild_then_search(built: Index) -> None:
    """What was given is found, nothing else, best first."""
    assert (built.generation, built.count) == (5, 4)
    assert set(keys(built, "apple")) == {1, 4}
    assert keys(built, "apple harvest")[0] == 1
    assert set(keys(built, "丰收")) == {2}


def test_scores_are_positive_and_sorted(built: Index) -> None:
    """Zero-signal hits are never returned; ties are in key order."""
    found = built.search(Query("apple zebra"), 10)
    assert all(score > 0 for _, score in found)
    assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
    assert len(built.search(Query("apple"), 1)) == 1


def test_equals_at_the_limit_are_chosen_by_place(built: Index) -> None:
    """Which of many equal passages are in does not hang on when they were indexed; better ones are in anyway."""
    built.apply([passage(key, "walnut") for key in range(100, 200)], [], 6)
    built.apply([passage(key, "walnut quince") for key in (50, 300)], [], 7)
    assert [key for key, _ in built.search(Query("walnut quince"), 5)] == [50, 300, 197, 198, 199]
    assert [key for key, _ in built.search(Query("walnut quince"), 102)][2:] == [*range(100, 200)]


def test_apply_changes_and_another_process_sees_them(built: Index, make: Maker) -> None:
    """Removed passages are gone, added ones found, a changed one answers with its new text only."""
    other = make()
    built.apply([passage(3, "quartz"), passage(7, "walnut")], [1], 6)
    other.refresh()
    for index in (built, other, make()):
        assert (index.generation, index.count) == (6, 4)
        assert keys(index, "harvest") == []
        assert keys(index, "crossing") == []
        assert keys(index, "quartz") == [3]
        assert keys(index, "walnut") == [7]
        assert not index.refresh()


def test_replaying_changes_is_harmless(built: Index) -> None:
    """After a crash the same journal entries are applied again."""
    for _ in range(2):
        built.apply([passage(7, "walnut")], [1], 6)
    assert built.count == 4
    assert keys(built, "walnut") == [7]


def test_rebuild_replaces_everything(built: Index) -> None:
    """Nothing of the old index survives a rebuild."""
    built.rebuild(iter([[passage(9, "walnut")]]), 8)
    assert (built.generation, built.count) == (8, 1)
    assert keys(built, "apple") == []


def test_rebuild_to_nothing(built: Index, make: Maker) -> None:
    """An empty catalogue gives an empty index, not a broken one."""
    built.rebuild(iter([]), 9)
    assert (make().generation, make().count) == (9, 0)
    assert built.search(Query("apple"), 5) == []


def test_filters_apply_inside_the_search(built: Index) -> None:
    """With k = 1 the best allowed passage is found, though better ones are not allowed."""
    assert keys(built, "apple", Filters(folders=("notes/4.md",)), k=1) == [4]
    assert keys(built, "apple", Filters(exclude=("notes/1.md",)), k=1) == [4]
    assert keys(built, "apple", Filters(folders=("note",))) == []
    assert set(keys(built, "apple", Filters(folders=("notes",)))) == {1, 4}


def test_damage_is_noticed(built: Index, make: Maker, tmp_path: Path) -> None:
    """A flipped bit in any file makes the check fail and the next opening ask for a rebuild."""
    files = [p for p in (tmp_path / "index").rglob("*") if p.is_file() and p.stat().st_size > 200]
    assert files
    built.check()
    for path in files:
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.unlink()  # a mapped file keeps its old pages
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(IndexDamagedError):
            make().check()
        assert make().generation == -1
        path.write_bytes(whole)
    assert make().generation == 5


def test_truncated_files_are_noticed(built: Index, make: Maker, tmp_path: Path) -> None:
    """Half a file, as a full disk leaves it, is not read."""
    assert built.generation == 5
    for path in [p for p in (tmp_path / "index").rglob("*") if p.is_file() and p.stat().st_size > 200]:
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole[: len(whole) // 2])
        assert make().generation == -1
        path.write_bytes(whole)


def test_damaged_index_can_be_rebuilt(built: Index, make: Maker, tmp_path: Path) -> None:
    """Rebuilding over damaged files works."""
    assert built.generation == 5
    for path in (tmp_path / "index").rglob("*"):
        if path.is_file():
            path.unlink()
            path.write_bytes(b"rubbish")
    index = make()
    assert index.generation == -1
    index.rebuild(iter([[passage(k, t) for k, t in WORDS.items()]]), 5)
    assert set(keys(index, "apple")) == {1, 4}


def test_odd_questions_find_nothing_and_do_not_fail(built: Index) -> None:
    """Query syntax of the engine underneath means nothing here."""
    for text in ("", "   ", "?", 'AND OR "', "body:apple)(", "*", "\x00", "的", "。。。"):
        for _, score in built.search(Query(text), 5):
            assert score > 0


def test_dense_index_equals_brute_force(tmp_path: Path) -> None:
    """FAISS finds what numpy finds: the same top 10, scores within the quantiser's error."""
    rng = np.random.default_rng(7)
    matrix = rng.normal(size=(500, 48)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)

    class Rows:
        identity = "rows"
        dimension = 48

        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return matrix[[int(t) for t in texts]]

        def embed_query(self, text: str) -> NDArray[np.float32]:
            row: NDArray[np.float32] = matrix[int(text)]
            return row

    rows = Rows()
    index = DenseIndex(tmp_path, rows, lambda cs: rows.embed_passages([c.body for c in cs]), AllKeys())
    index.rebuild(iter([[replace(passage(i + 1, str(i)), body=str(i)) for i in range(500)]]), 1)
    overlaps = []
    for i in range(0, 500, 25):
        exact = matrix @ matrix[i]
        best = set(np.argsort(-exact)[:10] + 1)
        found = index.search(Query(str(i)), 10)
        overlaps.append(len(best & {key for key, _ in found}) / 10)
        assert found[0][0] == i + 1
        assert all(abs(score - exact[key - 1]) < 0.05 for key, score in found)
    assert np.mean(overlaps) >= 0.95


def test_vectors_are_dropped_without_their_model(tmp_path: Path) -> None:
    """From the file itself, at the same generation; a damaged file goes as a whole."""
    embedder = HashEmbedder()
    folder = tmp_path / "index"

    def opened() -> DenseIndex:
        return DenseIndex(
            folder, embedder, lambda chunks: embedder.embed_passages([c.body for c in chunks]), AllKeys()
        )

    opened().rebuild(iter([[passage(k, t) for k, t in WORDS.items()]]), 5)
    retain(folder, np.array([1, 3], dtype=np.int64))
    assert (opened().generation, opened().count) == (5, 2)
    assert keys(opened(), "apple") == [1]
    assert len(list(folder.iterdir())) == 2, "the old file is gone"
    next(folder.glob("*.faiss")).write_bytes(b"rubbish")
    retain(folder, np.array([1], dtype=np.int64))
    assert list(folder.iterdir()) == []
    assert opened().generation == -1


def test_another_model_means_rebuild(tmp_path: Path) -> None:
    """An index of one model is never searched with another's vectors."""
    embedder = HashEmbedder()

    def vectors(chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        return embedder.embed_passages([c.body for c in chunks])

    DenseIndex(tmp_path, embedder, vectors, AllKeys()).rebuild(iter([[passage(1, "apple")]]), 3)
    other = HashEmbedder()
    other.identity = "fake:2"
    assert DenseIndex(tmp_path, embedder, vectors, AllKeys()).generation == 3
    assert DenseIndex(tmp_path, other, vectors, AllKeys()).generation == -1


def test_a_small_change_costs_no_rewriting_of_the_large_file(tmp_path: Path) -> None:
    """It stands in a file beside; others follow with that alone, from any state; many changes make it whole again."""
    embedder = HashEmbedder()

    def opened() -> DenseIndex:
        return DenseIndex(
            tmp_path, embedder, lambda cs: embedder.embed_passages([c.body for c in cs]), AllKeys()
        )

    def large() -> list[str]:
        return [path.name for path in tmp_path.glob("vectors-*")]

    index = opened()
    index.rebuild(iter([[passage(k, "apple") for k in range(1, 201)]]), 5)
    other, first = opened(), large()
    other.apply([], [], 6)
    index.refresh()
    other.apply([passage(7, "quokka"), passage(300, "quokka walnut")], [1, 2], 7)
    other.apply([passage(300, "walnut")], [3], 8)
    other.apply([passage(300, "walnut")], [3], 8)
    assert large() == first
    assert index.refresh()
    for one in (index, other, opened()):
        one.check()
        assert (one.generation, one.count) == (8, 198)
        assert keys(one, "quokka") == [7]
        assert keys(one, "walnut") == [300]
        assert not {1, 2, 3} & {key for key, _ in one.search(Query("apple"), 500)}
    other.apply([passage(400 + n, f"new{n} peach") for n in range(8)], [300], 9)
    assert large() != first
    assert [path.name for path in tmp_path.glob("changes-*")] == []
    assert index.refresh()
    assert (index.count, keys(index, "walnut"), opened().count) == (205, [], 205)


def test_a_damaged_file_of_changes_means_rebuild(tmp_path: Path) -> None:
    """As a damaged large file does."""
    embedder = HashEmbedder()

    def opened() -> DenseIndex:
        return DenseIndex(
            tmp_path, embedder, lambda cs: embedder.embed_passages([c.body for c in cs]), AllKeys()
        )

    index = opened()
    index.rebuild(iter([[passage(k, f"word{k}") for k in range(1, 101)]]), 5)
    index.apply([passage(200, "walnut")], [], 6)
    (small,) = tmp_path.glob("changes-*")
    small.write_bytes(small.read_bytes()[:-1] + b"?")
    assert opened().generation == -1
    with pytest.raises(IndexDamagedError):
        index.check()
    small.unlink()
    assert opened().generation == -1


def test_dense_search_is_not_disturbed_by_a_change(tmp_path: Path) -> None:
    """A change is made in a copy: who is searching meanwhile sees the old index whole; a failed one changes nothing."""
    embedder = HashEmbedder()
    index = DenseIndex(
        tmp_path, embedder, lambda cs: embedder.embed_passages([c.body for c in cs]), AllKeys()
    )
    index.rebuild(iter([[passage(k, t) for k, t in WORDS.items()]]), 5)
    assert index._state
    searched = index._state.index
    index.apply([passage(9, "walnut")], [1, 2, 3], 6)
    assert (searched.ntotal, index._state.index.ntotal) == (4, 2)
    with pytest.MonkeyPatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(manifest, "write", full)
        with pytest.raises(OSError, match="No space"):
            index.apply([passage(10, "quartz")], [9], 7)
    assert (index.generation, index.count) == (6, 2)
    assert keys(index, "walnut") == [9]
