"""Vectors, content-addressed by (embedder identity, text hash): nothing is embedded twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
        """Vectors of passages, shape (len(chunks), dimension), computed where they are not known."""
        self.ensure(embedder, chunks)
        hashes = [text_hash(c.index_text) for c in chunks]
        known = self.get(embedder.identity, hashes)
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

    def retain(self, hashes: Iterable[bytes]) -> int:
        """Drop every vector whose text is in no passage any more; returns how many went."""
        with self._database.writing() as db:
            db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (h BLOB PRIMARY KEY)")
            db.execute("DELETE FROM wanted")
            db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", [(h,) for h in hashes])
            return db.execute("DELETE FROM vectors WHERE text_hash NOT IN (SELECT h FROM wanted)").rowcount
