"""The dense index: FAISS, exact, scalar-quantised to 8 bits, keyed by chunk key.

``IndexIDMap2`` over ``IndexScalarQuantizer(QT_8bit)`` with inner products; see DESIGN for what was measured.

On disk a large file holds the index as it was once, a small one beside it all that has changed since; when that
outgrows a share, the large one is written anew. So a saved note costs no rewriting of all vectors.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexDamagedError, ModelError
from rag.store import coarse, manifest, ties
from rag.store.database import private_folder
from rag.store.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.protocols import Embedder, KeyFilter
    from rag.store.coarse import FirstLook
    from rag.types import Chunk, Query

    Vectors = Callable[[Sequence[Chunk]], NDArray[np.float32]]

VERSION = 2
_WHOLE, _SINCE = "vectors", "changes"
_FILE = "{kind}-{generation}-{time:x}.faiss"
_SINCE_SHARE = 0.05  # of all passages, changed since the large file was written: then it is written anew
_WORD = 8  # bytes of a key
_REBUILD_SHARE = 0.5  # of all passages, from which on starting anew is cheaper than changing


@dataclass(frozen=True, slots=True)
class _Since:
    """What has changed since the large file: keys that are dropped from it, and vectors that are added then.

    ``gone`` is sorted and holds the keys of ``index`` too, so that applying it twice changes nothing.
    """

    gone: NDArray[np.int64]
    index: Any

    def then(self, gone: NDArray[np.int64], fresh: Any) -> _Since:
        """This, followed by another change."""
        return _Since(np.union1d(self.gone, gone), _changed(self.index, gone, fresh))


@dataclass(frozen=True, slots=True)
class _State:
    """An index as the manifest names it; never altered, since searches go on in it."""

    manifest: manifest.Manifest
    index: Any
    since: _Since


class DenseIndex:
    """Follows the journal. Files are written, then named by the manifest, so a crash changes nothing.

    Args:
        folder: where file and manifest live; made with the first build.
        embedder: gives questions their vectors, and the index its identity.
        vectors: passages' vectors, from the cache; shape (n, dimension).
        key_filter: resolves filters to keys, for the search inside FAISS, and tells which of equals come first.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        vectors: Vectors,
        key_filter: KeyFilter,
    ) -> None:
        self.folder = folder
        self._embedder = embedder
        self._vectors = vectors
        self._key_filter = key_filter
        self._lock = threading.RLock()
        self._state: _State | None = None
        self._look: tuple[Any, FirstLook | None] = (None, None)
        self.refresh()

    @property
    def generation(self) -> int:
        """The journal generation reached; -1 where the index must be rebuilt."""
        return self._state.manifest.generation if self._state else -1

    @property
    def count(self) -> int:
        """Vectors in the index."""
        return self._state.manifest.count if self._state else 0

    def refresh(self) -> bool:
        """Load what another process has written; True when something new was loaded."""
        with self._lock:
            found = _named(self.folder)
            while found is not None:
                if self._state and found == self._state.manifest:
                    return False
                try:
                    self._state = self._load(found)
                except IndexDamagedError:
                    before, found = found, _named(self.folder)
                    if found == before:
                        break
                else:
                    return True
            self._state = None
            return False

    def check(self) -> None:
        """Verify the files against their checksums.

        Raises:
            IndexDamagedError: one differs.
        """
        found = manifest.read(self.folder)
        try:
            self._fits(found)
            _load(self.folder, found)
        except IndexDamagedError:
            if _named(self.folder) == found:
                raise
            self.check()  # a writer has replaced them meanwhile

    def prefers_rebuild(self, changed: int, total: int) -> bool:
        """Whether most passages would be changed."""
        return changed > _REBUILD_SHARE * total

    def apply(self, added: Sequence[Chunk], removed: Sequence[int], generation: int) -> None:
        """Bring the index to ``generation``: drop, then add; idempotent."""
        with self._lock:
            state = self._state
            if state is None:
                raise IndexDamagedError("The index in {path} must be rebuilt.", path=self.folder)
            gone = np.array([*removed, *(c.key for c in added)], dtype=np.int64)
            fresh = _empty(state.index.d)
            self._add(fresh, added)
            index, since = _changed(state.index, gone, fresh), state.since.then(gone, fresh)
            self._state = _save(
                self.folder, self._embedder.identity, generation, index, since, state.manifest
            )

    def rebuild(self, chunks: Iterator[Sequence[Chunk]], generation: int) -> None:
        """Start anew from all passages."""
        with self._lock:
            index = _empty(self._embedder.dimension)
            for batch in chunks:
                self._add(index, batch)
            self._state = _save(private_folder(self.folder), self._embedder.identity, generation, index)

    def search(self, query: Query, k: int) -> list[tuple[int, float]]:
        """(key, cosine similarity) pairs above 0, best first, equals as in ``ties``; at most k."""
        import faiss

        with self._lock:
            index = self._state.index if self._state else None
        if index is None or index.ntotal == 0 or not query.text.strip():
            return []
        allowed = self._key_filter.allowed_keys(query.filters)
        if allowed is not None and not len(allowed):
            return []
        vector = self._fitting(self._embedder.embed_query(query.text)[None, :], index)
        look = self._first_look(index) if allowed is None else None
        some = Selection(index, allowed) if allowed is not None else None

        def fetch(limit: int) -> list[tuple[int, float]]:
            # One question gains nothing by more threads, and loses much where other work keeps the cores busy.
            faiss.omp_set_num_threads(1)
            scores, keys = (look or some or index).search(vector, min(limit, index.ntotal))
            found = zip(keys[0].tolist(), scores[0].tolist(), strict=True)
            return [(key, score) for key, score in found if key >= 0 and score > 0]

        return ties.fetched(fetch, k, self._key_filter.by_place)

    def _first_look(self, index: Any) -> FirstLook | None:
        """None where it would not pay: few vectors, or the first search of an index, which may be the only one."""
        if not coarse.fits(index):
            self._look = (None, None)
            return None
        searched, look = self._look
        if searched is not index:
            self._look = (index, None)
            return None
        if look is None:
            look = coarse.FirstLook(index)
            self._look = (index, look)
        return look

    def _add(self, index: Any, chunks: Sequence[Chunk]) -> None:
        if chunks:
            keys = np.array([c.key for c in chunks], dtype=np.int64)
            vectors = self._fitting(self._vectors(chunks), index)
            index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), keys)

    def _fitting(self, vectors: NDArray[np.float32], index: Any) -> NDArray[np.float32]:
        """The same vectors. A server may have exchanged its model under the same name.

        Raises:
            ModelError: they are of another width than the index's.
        """
        if vectors.shape[1] != index.d:
            raise ModelError(
                "Embedding model {model} gives {found} dimensions, the index has {known}: run `footnotes reindex`.",
                model=self._embedder.identity,
                found=vectors.shape[1],
                known=index.d,
            )
        return vectors

    def _load(self, found: manifest.Manifest) -> _State:
        self._fits(found)
        return _followed(self.folder, found, self._state) or _load(self.folder, found)

    def _fits(self, found: manifest.Manifest) -> None:
        # The width is not asked of the model: that may mean loading it, and an identity has one width.
        if (found.kind, found.version, found.model) != ("dense", VERSION, self._embedder.identity):
            raise IndexDamagedError("The index in {path} was made by another model.", path=self.folder)


def retain(folder: Path, keys: NDArray[np.int64]) -> None:
    """Drop from an index's file all vectors but those of ``keys`` (sorted); no model is needed, its generation stays.

    A damaged file is removed: what it holds cannot be told, and it can be built anew.
    """
    import faiss

    try:
        found = manifest.read(folder)
        index = _load(folder, found).index
    except IndexDamagedError:
        for path in (*_files(folder), folder / manifest.NAME):
            path.unlink(missing_ok=True)
        return
    index.remove_ids(np.setdiff1d(faiss.vector_to_array(index.id_map), keys))
    _save(folder, found.model, found.generation, index)


def _empty(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap2(_flat(dimension))


def _flat(dimension: int) -> Any:
    import faiss

    flat = faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_8bit_uniform, faiss.METRIC_INNER_PRODUCT
    )
    # The range is fixed, not learnt: components of unit vectors lie in [-1, 1]; the two corners train it.
    flat.train(_corners(dimension))
    return flat


def _changed(index: Any, gone: NDArray[np.int64], fresh: Any) -> Any:
    """A copy without ``gone`` and with ``fresh``."""
    import faiss

    index = faiss.clone_index(index)
    if len(gone):
        index.remove_ids(gone)
    if fresh.ntotal:
        index.merge_from(faiss.clone_index(fresh))  # it empties what it is given
    return index


# Files


def _named(folder: Path) -> manifest.Manifest | None:
    try:
        return manifest.read(folder)
    except IndexDamagedError:
        return None


def _files(folder: Path) -> Iterator[Path]:
    for kind in (_WHOLE, _SINCE):
        yield from folder.glob(f"{kind}-*.faiss")


def _save(
    folder: Path,
    model: str,
    generation: int,
    index: Any,
    since: _Since | None = None,
    base: manifest.Manifest | None = None,
) -> _State:
    """Write the whole index, or what has changed ``since`` its ``base``; name it in the manifest, remove the rest."""
    import faiss

    if since is None or base is None or len(since.gone) > _SINCE_SHARE * index.ntotal:
        since = _Since(np.array([], dtype=np.int64), _empty(index.d))
        files = _written(folder, _WHOLE, generation, faiss.serialize_index(index))
    else:
        keys = np.array([len(since.gone), *since.gone], dtype="<i8").view(np.uint8)
        files = {name: crc for name, crc in base.files.items() if name.startswith(_WHOLE)}
        files |= _written(folder, _SINCE, generation, keys, faiss.serialize_index(since.index))
    made = manifest.Manifest(
        kind="dense",
        version=VERSION,
        model=model,
        dimension=index.d,
        generation=generation,
        count=int(index.ntotal),
        files=files,
    )
    manifest.write(folder, made)
    for old in _files(folder):
        if old.name not in files:
            old.unlink(missing_ok=True)
    return _State(made, index, since)


def _written(folder: Path, kind: str, generation: int, *parts: NDArray[np.uint8]) -> dict[str, int]:
    """A new file of these bytes, on disk when this returns; its checksum by its name."""
    path = folder / _FILE.format(kind=kind, generation=generation, time=time.time_ns())
    with path.open("wb") as f:
        for part in parts:
            f.write(part.data)
        f.flush()
        os.fsync(f.fileno())
    return {path.name: manifest.checksum(path)}


def _load(folder: Path, found: manifest.Manifest) -> _State:
    manifest.verify(folder, found)
    since = _read_since(folder, found)
    with _reading(folder):
        (whole,) = [name for name in found.files if name.startswith(_WHOLE)]
        index = _deserialized(np.fromfile(folder / whole, dtype=np.uint8))
    if len(since.gone):
        index.remove_ids(since.gone)
        index.merge_from(_copy(since.index))
    return _sound(folder, _State(found, index, since))


def _followed(folder: Path, found: manifest.Manifest, state: _State | None) -> _State | None:
    """The index as ``found`` names it, made from a state that came from the same large file; None: it did not."""
    if state is None or not _same_whole(found, state.manifest):
        return None
    small = {name: crc for name, crc in found.files.items() if name.startswith(_SINCE)}
    manifest.verify(folder, replace(found, files=small))
    since = _read_since(folder, found)
    if not np.isin(state.since.gone, since.gone).all():
        return None
    return _sound(folder, _State(found, _changed(state.index, since.gone, since.index), since))


def _same_whole(one: manifest.Manifest, other: manifest.Manifest) -> bool:
    wholes = [{item for item in m.files.items() if item[0].startswith(_WHOLE)} for m in (one, other)]
    return wholes[0] == wholes[1]


def _read_since(folder: Path, found: manifest.Manifest) -> _Since:
    names = [name for name in found.files if name.startswith(_SINCE)]
    if not names:
        return _Since(np.array([], dtype=np.int64), _empty(found.dimension))
    with _reading(folder):
        data = np.fromfile(folder / names[0], dtype=np.uint8)
        count = 1 + int(data[:_WORD].view("<i8")[0])
        gone = data[_WORD : count * _WORD].view("<i8").astype(np.int64)
        return _Since(gone, _deserialized(data[count * _WORD :]))


@contextlib.contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, IndexError) as e:
        raise IndexDamagedError("The index in {path} cannot be read.", path=folder) from e


def _sound(folder: Path, state: _State) -> _State:
    said = state.manifest
    if (state.index.ntotal, state.index.d) != (said.count, said.dimension):
        raise IndexDamagedError("The index in {path} does not hold what it says.", path=folder)
    return state


def _deserialized(data: NDArray[np.uint8]) -> Any:
    import faiss

    return faiss.deserialize_index(data)


def _copy(index: Any) -> Any:
    import faiss

    return faiss.clone_index(index)


def _corners(dimension: int) -> NDArray[np.float32]:
    return np.vstack([np.full(dimension, -1.0), np.full(dimension, 1.0)]).astype(np.float32)
