"""The dense index: FAISS, exact, scalar-quantised to 8 bits, keyed by chunk key.

``IndexIDMap2`` over ``IndexScalarQuantizer(QT_8bit)`` with inner products; see DESIGN for what was measured.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexDamagedError, ModelError
from rag.store import manifest
from rag.store.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.protocols import Embedder, KeyFilter
    from rag.types import Chunk, Query

    Vectors = Callable[[Sequence[Chunk]], NDArray[np.float32]]

VERSION = 1
_FILE = "vectors-{generation}.faiss"
_REBUILD_SHARE = 0.5  # of all passages, from which on starting anew is cheaper than changing


class DenseIndex:
    """Follows the journal. The whole file is rewritten, then named by the manifest, so a crash changes nothing.

    Args:
        folder: where file and manifest live; made with the first build.
        embedder: gives questions their vectors, and the index its identity.
        vectors: passages' vectors, from the cache; shape (n, dimension).
        key_filter: resolves filters to keys, for the search inside FAISS.
    """

    def __init__(self, folder: Path, embedder: Embedder, vectors: Vectors, key_filter: KeyFilter) -> None:
        self.folder = folder
        self._embedder = embedder
        self._vectors = vectors
        self._key_filter = key_filter
        self._lock = threading.RLock()
        self._index: Any = None
        self._manifest: manifest.Manifest | None = None
        self.refresh()

    @property
    def generation(self) -> int:
        """The journal generation reached; -1 where the index must be rebuilt."""
        return self._manifest.generation if self._manifest else -1

    @property
    def count(self) -> int:
        """Vectors in the index."""
        return self._manifest.count if self._manifest else 0

    def refresh(self) -> bool:
        """Load what another process has written; True when something new was loaded."""
        with self._lock:
            try:
                found = manifest.read(self.folder)
                if found == self._manifest:
                    return False
                self._index, self._manifest = self._load(found), found
            except IndexDamagedError:
                self._index, self._manifest = None, None
                return False
            return True

    def check(self) -> None:
        """Verify the file against its checksum.

        Raises:
            IndexDamagedError: it differs.
        """
        self._load(manifest.read(self.folder))

    def prefers_rebuild(self, changed: int, total: int) -> bool:
        """Whether most passages would be changed."""
        return changed > _REBUILD_SHARE * total

    def apply(self, added: Sequence[Chunk], removed: Sequence[int], generation: int) -> None:
        """Bring the index to ``generation``: drop, then add; idempotent."""
        import faiss

        with self._lock:
            if self._index is None:
                raise IndexDamagedError("The index in {path} must be rebuilt.", path=self.folder)
            gone = np.array([*removed, *(c.key for c in added)], dtype=np.int64)
            index = faiss.clone_index(self._index)  # searches go on in the old one meanwhile
            if len(gone):
                index.remove_ids(gone)
            self._add(index, added)
            self._save(index, generation)

    def rebuild(self, chunks: Iterator[Sequence[Chunk]], generation: int) -> None:
        """Start anew from all passages."""
        with self._lock:
            index = self._new()
            for batch in chunks:
                self._add(index, batch)
            self._save(index, generation)

    def search(self, query: Query, k: int) -> list[tuple[int, float]]:
        """(key, cosine similarity) pairs above 0, best first; ties by key."""
        import faiss

        with self._lock:
            index = self._index
        if index is None or index.ntotal == 0 or not query.text.strip():
            return []
        allowed = self._key_filter.allowed_keys(query.filters)
        params = None
        if allowed is not None:
            if not len(allowed):
                return []
            params = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))
        vector = self._fitting(self._embedder.embed_query(query.text)[None, :], index)
        scores, keys = index.search(vector, min(k, index.ntotal), params=params)
        found = [
            (int(key), float(s)) for key, s in zip(keys[0], scores[0], strict=True) if key >= 0 and s > 0
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _new(self) -> Any:
        import faiss

        flat = faiss.IndexScalarQuantizer(
            self._embedder.dimension, faiss.ScalarQuantizer.QT_8bit_uniform, faiss.METRIC_INNER_PRODUCT
        )
        # The range is fixed, not learnt: components of unit vectors lie in [-1, 1]; the two corners train it.
        flat.train(_corners(self._embedder.dimension))
        return faiss.IndexIDMap2(flat)

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

    def _save(self, index: Any, generation: int) -> None:
        self._manifest = _save(private_folder(self.folder), index, self._embedder.identity, generation)
        self._index = index

    def _load(self, found: manifest.Manifest) -> Any:
        # The width is not asked of the model: that may mean loading it, and an identity has one width.
        if (found.kind, found.version, found.model) != ("dense", VERSION, self._embedder.identity):
            raise IndexDamagedError("The index in {path} was made by another model.", path=self.folder)
        return _load(self.folder, found)


def retain(folder: Path, keys: NDArray[np.int64]) -> None:
    """Drop from an index's file all vectors but those of ``keys`` (sorted); no model is needed, its generation stays.

    A damaged file is removed: what it holds cannot be told, and it can be built anew.
    """
    import faiss

    try:
        found = manifest.read(folder)
        index = _load(folder, found)
    except IndexDamagedError:
        for path in (*folder.glob("vectors-*.faiss"), folder / manifest.NAME):
            path.unlink(missing_ok=True)
        return
    index.remove_ids(np.setdiff1d(faiss.vector_to_array(index.id_map), keys))
    _save(folder, index, found.model, found.generation)


def _save(folder: Path, index: Any, model: str, generation: int) -> manifest.Manifest:
    """Write a file of its own, name it in the manifest, remove the others."""
    import faiss

    name = _FILE.format(generation=f"{generation}-{time.time_ns():x}")
    path = folder / name
    with path.open("wb") as f:
        f.write(faiss.serialize_index(index).tobytes())
        f.flush()
        os.fsync(f.fileno())
    written = manifest.Manifest(
        kind="dense",
        version=VERSION,
        model=model,
        dimension=index.d,
        generation=generation,
        count=int(index.ntotal),
        files={name: manifest.checksum(path)},
    )
    manifest.write(folder, written)
    for old in folder.glob("vectors-*.faiss"):
        if old.name != name:
            old.unlink(missing_ok=True)
    return written


def _load(folder: Path, found: manifest.Manifest) -> Any:
    import faiss

    manifest.verify(folder, found)
    (name,) = found.files
    try:
        index = faiss.deserialize_index(np.fromfile(folder / name, dtype=np.uint8))
    except (OSError, RuntimeError) as e:
        raise IndexDamagedError("The index file {path} cannot be read.", path=folder / name) from e
    if (index.ntotal, index.d) != (found.count, found.dimension):
        raise IndexDamagedError("The index in {path} does not hold what it says.", path=folder)
    return index


def _corners(dimension: int) -> NDArray[np.float32]:
    return np.vstack([np.full(dimension, -1.0), np.full(dimension, 1.0)]).astype(np.float32)
