"""Vectors, content-addressed by (embedder identity, text hash): nothing is embedded twice."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import ModelError
from rag.store import migrations
from rag.store.database import Database
from rag.store.rows import text_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.protocols import Embedder
    from rag.types import Chunk

_SQL_VARIABLES = 900
_LITTLE = np.dtype("<f4")


class VectorCache:
    """A key-value store of float32 vectors in a SQLite file of its own."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, migrations.VECTORS)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def ensure(self, embedder: Embedder, chunks: Sequence[Chunk]) -> int:
        """Embed what has no vector yet; returns the number of texts embedded."""
        texts = {text_hash(c.index_text): c.index_text for c in chunks}
        missing = self.missing(embedder.identity, texts)
        if missing:
            self.put(embedder.identity, missing, embedder.embed_passages([texts[h] for h in missing]))
        return len(missing)

    def of(self, embedder: Embedder, chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        """Vectors of passages, shape (len(chunks), dimension), computed where they are not known.

        Raises:
            ModelError: a server has exchanged its model under the same name, and the widths differ.
        """
        self.ensure(embedder, chunks)
        hashes = [text_hash(c.index_text) for c in chunks]
        known = self.get(embedder.identity, hashes)
        widths = sorted({len(vector) for vector in known.values()})
        if len(widths) > 1:
            raise ModelError(
                "Embedding model {model} has given vectors of {widths} dimensions: run `footnotes reindex`.",
                model=embedder.identity,
                widths=widths,
            )
        return np.stack([known[h] for h in hashes])

    def get(self, model: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Known vectors by text hash; each of shape (dimension,)."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._database.reading() as db:
            for i in range(0, len(wanted), _SQL_VARIABLES):
                part = wanted[i : i + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                for found_hash, blob in db.execute(
                    f"SELECT text_hash, vector FROM vectors WHERE model = ? AND text_hash IN ({marks})",
                    (model, *part),
                ):
                    found[found_hash] = np.frombuffer(blob, dtype=_LITTLE).astype(np.float32)
        return found

    def put(self, model: str, hashes: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store vectors, shape (len(hashes), dimension)."""
        with self._database.writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(model, h, v.astype(_LITTLE).tobytes()) for h, v in zip(hashes, vectors, strict=True)],
            )

    def missing(self, model: str, hashes: Iterable[bytes]) -> list[bytes]:
        """Those of the hashes that have no vector yet, in order, each once."""
        wanted = list(dict.fromkeys(hashes))
        known: set[bytes] = set()
        with self._database.reading() as db:
            for i in range(0, len(wanted), _SQL_VARIABLES):
                part = wanted[i : i + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                known |= {
                    h
                    for (h,) in db.execute(
                        f"SELECT text_hash FROM vectors WHERE model = ? AND text_hash IN ({marks})",
                        (model, *part),
                    )
                }
        return [h for h in wanted if h not in known]

    def drop_misfits(self, embedder: Embedder) -> int:
        """Drop a model's vectors that are not of its present width; returns how many went."""
        size = embedder.dimension * _LITTLE.itemsize
        with self._database.writing() as db:
            return db.execute(
                "DELETE FROM vectors WHERE model = ? AND length(vector) <> ?", (embedder.identity, size)
            ).rowcount

    def drop_other_models(self, kept: str) -> int:
        """Drop every model's vectors but one's, and give the room back; returns how many went."""
        with self._database.writing() as db:
            count = db.execute("DELETE FROM vectors WHERE model <> ?", (kept,)).rowcount
        # Somebody may be reading, or the disk be full: then the file keeps its size, and fills its holes later.
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(self._database.path)) as db,
        ):
            db.execute("VACUUM")
        return count

    def scrub(self) -> bool:
        """Leave nothing of dropped vectors in the file; False while somebody reads an older state."""
        return self._database.scrub()

    def retain(self, hashes: Iterable[bytes]) -> int:
        """Drop every vector whose text is in no passage any more; returns how many went."""
        with self._database.writing() as db:
            db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (h BLOB PRIMARY KEY)")
            db.execute("DELETE FROM wanted")
            db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", [(h,) for h in hashes])
            return db.execute("DELETE FROM vectors WHERE text_hash NOT IN (SELECT h FROM wanted)").rowcount
