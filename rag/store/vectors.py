"""Vectors, and tokens of passages, content-addressed by (embedder identity, text hash): nothing is embedded twice."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rag.errors import HomeError, ModelError
from rag.protocols import Tokeniser
from rag.store import database, migrations
from rag.store.database import Database
from rag.store.rows import text_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.protocols import Embedder
    from rag.types import Chunk

    Work = Callable[[sqlite3.Connection], "_T"]

_T = TypeVar("_T")
_SQL_VARIABLES = 900
_LITTLE = np.dtype("<f4")
_VECTORS, _TOKENS = "vectors", "tokens"
_TOKEN = 3  # bytes
_CHECKSUM = 4  # bytes
_AT_ONCE = (
    4096  # passages embedded before their vectors are stored: a huge note must not need all of them in memory
)


class VectorCache:
    """A key-value store of float32 vectors in a SQLite file of its own. A damaged file is begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._opened()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def ensure(self, embedder: Embedder, chunks: Sequence[Chunk]) -> int:
        """Embed what has no vector yet; returns the number of texts embedded."""
        embedded = 0
        for first in range(0, len(chunks), _AT_ONCE):
            part = chunks[first : first + _AT_ONCE]
            texts = {text_hash(c.index_text): c.index_text for c in part}
            keeps_tokens = isinstance(embedder, Tokeniser)
            missing = self._missing(embedder.identity, texts, _TOKENS if keeps_tokens else _VECTORS)
            if missing:
                self.put(embedder.identity, missing, *_embedded(embedder, [texts[h] for h in missing]))
            embedded += len(missing)
        return embedded

    def of(self, embedder: Embedder, chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        """Vectors of passages, shape (len(chunks), dimension), computed where they are not known.

        Raises:
            ModelError: a server has exchanged its model under the same name, and the widths differ.
        """
        hashes = [text_hash(c.index_text) for c in chunks]
        known: dict[bytes, NDArray[np.float32]] = {}
        while len(known) < len(set(hashes)):  # once, unless the file turns out to be damaged
            self.ensure(embedder, chunks)
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
        found = self._selected("text_hash, vector", _VECTORS, model, hashes)
        return {key: np.frombuffer(blob, dtype=_LITTLE).astype(np.float32) for key, blob in found}

    def tokens(self, model: str, texts: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        """What the tokens of texts are, where that was kept with their vectors and is undamaged."""
        by_hash = {text_hash(text): text for text in texts}
        found = self._selected("text_hash, tokens", _TOKENS, model, list(by_hash))
        unpacked = ((by_hash[key], _unpacked(blob)) for key, blob in found)
        return {text: tokens for text, tokens in unpacked if tokens is not None}

    def put(
        self,
        model: str,
        hashes: Sequence[bytes],
        vectors: NDArray[np.float32],
        tokens: Sequence[NDArray[np.int64]] | None = None,
    ) -> None:
        """Store vectors, shape (len(hashes), dimension), and what each text's tokens are, where that is known."""
        added = [(model, h, v.astype(_LITTLE).tobytes()) for h, v in zip(hashes, vectors, strict=True)]
        cut = [(model, h, _packed(t)) for h, t in zip(hashes, tokens, strict=True)] if tokens else []

        def put(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", added)
            db.executemany("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", cut)

        self._write(put)

    def missing(self, model: str, hashes: Iterable[bytes]) -> list[bytes]:
        """Those of the hashes that have no vector yet, in order, each once."""
        return self._missing(model, hashes, _VECTORS)

    def drop_misfits(self, embedder: Embedder) -> int:
        """Drop a model's vectors that are not of its present width; returns how many went."""
        misfits = (embedder.identity, embedder.dimension * _LITTLE.itemsize)
        return self._write(
            lambda db: (
                db.execute("DELETE FROM vectors WHERE model = ? AND length(vector) <> ?", misfits).rowcount
            )
        )

    def drop_other_models(self, kept: str) -> int:
        """Drop every model's vectors but one's, and give the room back; returns how many went."""

        def drop(db: sqlite3.Connection) -> int:
            db.execute("DELETE FROM tokens WHERE model <> ?", (kept,))
            return db.execute("DELETE FROM vectors WHERE model <> ?", (kept,)).rowcount

        count = self._write(drop)
        # Somebody may be reading, or the disk be full: then the file keeps its size, and fills its holes later.
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(self._path)) as db,
        ):
            db.execute("VACUUM")
        return count

    def scrub(self) -> bool:
        """Leave nothing of dropped vectors in the file; False while somebody reads an older state."""
        return self._database.scrub()

    def retain(self, hashes: Iterable[bytes]) -> int:
        """Drop every vector whose text is in no passage any more; returns how many went."""
        wanted = [(h,) for h in hashes]

        def drop(db: sqlite3.Connection) -> int:
            db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (h BLOB PRIMARY KEY)")
            db.execute("DELETE FROM wanted")
            db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", wanted)
            dropped = [
                db.execute(f"DELETE FROM {table} WHERE text_hash NOT IN (SELECT h FROM wanted)").rowcount
                for table in (_VECTORS, _TOKENS)
            ]
            return dropped[0]

        return self._write(drop)

    def _missing(self, model: str, hashes: Iterable[bytes], table: str) -> list[bytes]:
        """Those that stand not in this table."""
        wanted = list(dict.fromkeys(hashes))
        known = {key for (key,) in self._selected("text_hash", table, model, wanted)}
        return [h for h in wanted if h not in known]

    def _selected(
        self, columns: str, table: str, model: str, hashes: Sequence[bytes]
    ) -> list[tuple[Any, ...]]:
        wanted = list(dict.fromkeys(hashes))

        def select(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return [
                row
                for part in _parts(wanted)
                for row in db.execute(_select(columns, table, part), (model, *part))
            ]

        return self._tried(select, writes=False)

    def _write(self, work: Work[_T]) -> _T:
        return self._tried(work, writes=True)

    def _tried(self, work: Work[_T], *, writes: bool) -> _T:
        """Do it; where the file turns out to be damaged, once more with an empty one."""
        try:
            return self._done(work, writes=writes)
        except HomeError as e:
            if not database.is_damage(e):
                raise
            self._database.close()
            database.discard(self._path)
            self._database = self._opened()
            return self._done(work, writes=writes)

    def _done(self, work: Work[_T], *, writes: bool) -> _T:
        with self._database.writing() if writes else self._database.reading() as db:
            return work(db)

    def _opened(self) -> Database:
        try:
            return Database(self._path, migrations.VECTORS)
        except HomeError as e:
            if not database.is_damage(e):
                raise
            database.discard(self._path)
            return Database(self._path, migrations.VECTORS)


def _embedded(
    embedder: Embedder, texts: Sequence[str]
) -> tuple[NDArray[np.float32], Sequence[NDArray[np.int64]] | None]:
    if isinstance(embedder, Tokeniser):
        return embedder.embed_and_tokenise(texts)
    return embedder.embed_passages(texts), None


def _packed(tokens: NDArray[np.int64]) -> bytes:
    """Three bytes a token, and a checksum."""
    data = tokens.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :_TOKEN].tobytes()
    return data + zlib.crc32(data).to_bytes(_CHECKSUM, "little")


def _unpacked(blob: bytes) -> NDArray[np.int64] | None:
    """The tokens again; None: the bytes are not those that were packed."""
    data = blob[:-_CHECKSUM]
    if len(data) % _TOKEN or zlib.crc32(data) != int.from_bytes(blob[-_CHECKSUM:], "little"):
        return None
    wide = np.zeros((len(data) // _TOKEN, 4), dtype=np.uint8)
    wide[:, :_TOKEN] = np.frombuffer(data, dtype=np.uint8).reshape(-1, _TOKEN)
    return wide.view("<u4")[:, 0].astype(np.int64)


def _parts(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(items), _SQL_VARIABLES):
        yield items[start : start + _SQL_VARIABLES]


def _select(columns: str, table: str, part: Sequence[bytes]) -> str:
    marks = ",".join("?" * len(part))
    return f"SELECT {columns} FROM {table} WHERE model = ? AND text_hash IN ({marks})"
