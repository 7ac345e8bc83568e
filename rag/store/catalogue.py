"""The catalogue: the only truth. Roots, documents, passages, links, and the journal of their changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag.store import checks, filtering, journal, linking, migrations, rooted, rows, times
from rag.store.database import Database
from rag.types import NO_FILTERS, Chunk, Document, Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Outline, Span

PURGE = "purge"
"""The name in table ``state`` that says that something was forgotten and must be cleared everywhere."""
_BATCH = 2_000
_SQL_VARIABLES = 900
Status = Literal["indexed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Root:
    """A registered notes folder; ``path`` is None for documents that are not files."""

    name: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as a scan saw it.

    Times are nanoseconds since the epoch; ``relative`` is its path in the root as the disk spells it.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    scanned_ns: int
    relative: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What the catalogue knows of one file."""

    id: str
    status: Status
    reason: str
    state: FileState
    sha256: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows in the catalogue."""

    indexed: int
    failed: int
    skipped: int
    chunks: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """What became of one file; ``reason`` is empty for one that is indexed."""

    id: str
    status: Status
    reason: str
    loader: str
    passages: int
    warnings: tuple[str, ...] = ()


RECORD_COLUMNS = "id, status, reason, size, mtime_ns, ctime_ns, inode, scanned_ns, relative, sha256, recipe"
_RECORD_TYPES = (*(rows.TEXT,) * 3, *(rows.NUMBER,) * 5, *(rows.TEXT,) * 3)
_ROOT_TYPES = (rows.TEXT, rows.TEXT_OR_NONE)


def as_record(row: Sequence[Any]) -> Record:
    """A record from a row of RECORD_COLUMNS."""
    row = rows.sound(row, _RECORD_TYPES)
    return Record(row[0], row[1], row[2], FileState(*row[3:9]), row[9], row[10])


class Catalogue:
    """SQLite underneath: many readers, one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, migrations.CATALOGUE)
        self._allowed = filtering.Remembered()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    # Roots

    def roots(self) -> list[Root]:
        """All roots, by name."""
        with self.database.reading() as db:
            found = db.execute("SELECT name, path FROM roots ORDER BY name").fetchall()
            sound = [rows.sound(row, _ROOT_TYPES) for row in found]
        return [Root(name, Path(path) if path is not None else None) for name, path in sound]

    def add_root(self, root: Root) -> None:
        """Register a root. The caller has checked its name and path."""
        with self.database.writing() as db:
            db.execute(
                "INSERT INTO roots VALUES (?, ?)",
                (root.name, str(root.path) if root.path is not None else None),
            )

    def rename_root(self, name: str, new: str) -> None:
        """Give a root a new name; its documents' ids follow, nothing is read or embedded again."""
        with self.database.writing() as db:
            rooted.rename(db, name, new)

    def remove_root(self, name: str) -> None:
        """Forget a root and everything that came from it. The files stay."""
        with self.database.writing() as db:
            rooted.remove(db, name)

    # Documents

    def records(self, root: str) -> dict[str, Record]:
        """What is known of each file of a root, by document id."""
        return self._records("root = ? ORDER BY id", root)

    def record(self, doc_id: str) -> Record | None:
        """What is known of one file."""
        return self._records("id = ?", doc_id).get(doc_id)

    def records_below(self, ids: Iterable[str]) -> dict[str, Record]:
        """What is known of these files, of what lies below those that are folders, and of the folders around."""
        found: dict[str, Record] = {}
        with self.database.reading() as db:
            for doc_id in dict.fromkeys(ids):
                parts = doc_id.split("/")
                around = ["/".join(parts[:n]) + end for n in range(2, len(parts)) for end in ("", "/")]
                marks = ",".join("?" * len(around))
                for row in db.execute(
                    f"SELECT {RECORD_COLUMNS} FROM documents WHERE id = ? OR (id >= ? AND id < ?) OR id IN ({marks})",
                    (*filtering.within(doc_id), *around),
                ):
                    found[row[0]] = as_record(row)
        return found

    def _records(self, where: str, *values: str) -> dict[str, Record]:
        with self.database.reading() as db:
            found = db.execute(f"SELECT {RECORD_COLUMNS} FROM documents WHERE {where}", values).fetchall()
            return {r[0]: as_record(r) for r in found}

    def records_within(self, doc_id: str) -> dict[str, Record]:
        """What is known of a file, or of every file below a folder."""
        return self._records("id = ? OR (id >= ? AND id < ?) ORDER BY id", *filtering.within(doc_id))

    def record_at(self, root: str, relative: str) -> Record | None:
        """What is known of the file at a path, as the disk spells it."""
        found = self._records("root = ? AND relative = ?", root, relative)
        return next(iter(found.values()), None)

    def files(self) -> list[FileRow]:
        """Every file that a sync has met, by id."""
        with self.database.reading() as db:
            found = db.execute(
                "SELECT d.id, d.status, d.reason, d.loader, count(c.key), d.warnings FROM documents d "
                "LEFT JOIN chunks c ON c.doc_id = d.id GROUP BY d.id ORDER BY d.id"
            ).fetchall()
            return [
                FileRow(doc_id, status, reason, loader, passages, tuple(rows.load(warnings)))
                for doc_id, status, reason, loader, passages, warnings in found
            ]

    def skipped(self) -> dict[str, int]:
        """How many files are left out, by reason, the most frequent first."""
        with self.database.reading() as db:
            found = db.execute(
                "SELECT reason, count(*) FROM documents WHERE status = 'skipped' GROUP BY reason ORDER BY 2 DESC, 1"
            )
            return dict(found)

    def shared_dates(self, doc_id: str) -> tuple[str, ...]:
        """Sources of a document's dates that came with an import: so many notes share them."""
        with self.database.reading() as db:
            found = db.execute("SELECT shared_dates FROM documents WHERE id = ?", (doc_id,)).fetchone()
            return tuple(rows.load(found[0])) if found else ()

    def document(self, doc_id: str) -> Document | None:
        """A document as it was indexed, or None."""
        with self.database.reading() as db:
            row = db.execute(
                f"SELECT {rows.DOCUMENT_COLUMNS} FROM documents d JOIN texts t ON t.doc_id = d.id WHERE d.id = ?",
                (doc_id,),
            ).fetchone()
            if row is None:
                return None
            links = db.execute(
                f"SELECT {rows.LINK_COLUMNS} FROM links WHERE doc_id = ? ORDER BY start",
                (doc_id,),
            ).fetchall()
            return rows.document(row, links)

    # Passages

    def generation(self) -> int:
        """The last committed generation."""
        with self.database.reading() as db:
            return journal.generation(db)

    def changes_since(self, reached: int) -> journal.Changes | None:
        """What a derived index at ``reached`` has to do; None: rebuild."""
        with self.database.reading() as db:
            return journal.since(db, reached)

    def prune_journal(self, reached_by_all: int) -> None:
        """Forget journal rows that every derived index has seen."""
        with self.database.writing() as db:
            journal.prune(db, reached_by_all)

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """Passages by key, in one read transaction; keys that are gone are left out."""
        found: dict[int, Chunk] = {}
        with self.database.reading() as db:
            for i in range(0, len(keys), _SQL_VARIABLES):
                part = keys[i : i + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                for row in db.execute(
                    f"SELECT {rows.CHUNK_COLUMNS} FROM chunks c JOIN documents d ON d.id = c.doc_id "
                    f"WHERE c.key IN ({marks})",
                    part,
                ):
                    found[row[0]] = rows.chunk(row)
        return found

    def outlines(self, keys: Sequence[int]) -> list[Outline]:
        """Those of the passages that are there, by note and place in it."""
        with self.database.reading() as db:
            return rows.outlines(db, keys)

    def chunks_of(self, doc_id: str) -> list[Chunk]:
        """A document's passages, in order."""
        with self.database.reading() as db:
            found = db.execute("SELECT key FROM chunks WHERE doc_id = ?", (doc_id,)).fetchall()
            chunks = self.chunks([key for (key,) in found])
        return sorted(chunks.values(), key=lambda chunk: (chunk.start, chunk.key))

    def all_chunks(self) -> tuple[Iterator[Sequence[Chunk]], int]:
        """Every passage in batches ordered by key, and the generation at the time of this call."""
        with self.database.reading() as db:
            now = journal.generation(db)
        return self._batches(), now

    def _batches(self) -> Iterator[Sequence[Chunk]]:
        last = 0
        while True:
            with self.database.reading() as db:
                found = db.execute(
                    f"SELECT {rows.CHUNK_COLUMNS} FROM chunks c JOIN documents d ON d.id = c.doc_id "
                    "WHERE c.key > ? ORDER BY c.key LIMIT ?",
                    (last, _BATCH),
                ).fetchall()
                if not found:
                    return
                batch = [rows.chunk(row) for row in found]
            last = found[-1][0]
            yield batch

    def text_hashes(self) -> list[bytes]:
        """The vector cache's key of each passage."""
        with self.database.reading() as db:
            return [text_hash for (text_hash,) in db.execute("SELECT text_hash FROM chunks")]

    def keys(self) -> NDArray[np.int64]:
        """Every passage's key, sorted."""
        import numpy as np

        with self.database.reading() as db:
            found = db.execute("SELECT key FROM chunks ORDER BY key").fetchall()
        return np.array([key for (key,) in found], dtype=np.int64)

    def by_place(self, keys: Sequence[int]) -> list[int]:
        """The keys by note and place in it; those that are gone are left out."""
        with self.database.reading() as db:
            found = db.execute(
                "SELECT key FROM chunks WHERE key IN (SELECT value FROM json_each(?)) ORDER BY doc_id, start, key",
                (json.dumps(list(keys)),),
            )
            return [key for (key,) in found]

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64] | None:
        """Sorted keys that the filters let through; None: no limit. The last few are remembered."""
        if filters == NO_FILTERS:
            return None
        with self.database.reading() as db:
            return self._allowed.of(filters, db)

    def property_names(self) -> list[str]:
        """The names of all properties of notes, as they are written, sorted."""
        with self.database.reading() as db:
            found = db.execute("SELECT DISTINCT m.key FROM documents d, json_each(d.meta) m ORDER BY m.key")
            return [name for (name,) in found]

    def names_holding(self, word: str) -> list[str]:
        """Titles, aliases, and names of files without their suffix, small, of notes that hold a word; sorted."""
        with self.database.reading() as db:
            return linking.names_holding(db, word)

    def has_notes(self, filters: Filters) -> bool:
        """Whether the filters let a passage through: quicker than counting."""
        keys = self.allowed_keys(filters)
        return bool(len(self.keys() if keys is None else keys))

    def count_notes(self, filters: Filters) -> int:
        """How many notes have a passage that the filters let through."""
        with self.database.reading() as db:
            return times.count_notes(db, self.allowed_keys(filters))

    def in_order(self, filters: Filters, limit: int, *, newest_first: bool = True) -> list[int]:
        """Keys that the filters let through, by time (own, else the note's), undated ones last, then by place."""
        with self.database.reading() as db:
            return times.in_order(db, self.allowed_keys(filters), limit, newest_first=newest_first)

    def time_weights(
        self, spans: Sequence[Span], among: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Sorted keys of passages of which a date touches a span, and how well each fits, in (0, 1].

        That is the best over its dates of their confidence times the share of their days that lie inside. A note's
        date counts for its passages too; for half where the narrowest of a passage's own sure dates does not touch.
        ``among``: only these keys are looked at; None: all.
        """
        with self.database.reading() as db:
            return times.weights(db, spans, among)

    def counts(self) -> Counts:
        """How much there is."""
        with self.database.reading() as db:
            by_status = dict(db.execute("SELECT status, count(*) FROM documents GROUP BY status").fetchall())
            chunks = db.execute("SELECT count(*) FROM chunks").fetchone()[0]
        return Counts(
            by_status.get("indexed", 0), by_status.get("failed", 0), by_status.get("skipped", 0), chunks
        )

    def counts_by_root(self) -> dict[str, int]:
        """Indexed documents of each root."""
        with self.database.reading() as db:
            return dict(
                db.execute("SELECT root, count(*) FROM documents WHERE status = 'indexed' GROUP BY root")
            )

    def warnings(self) -> dict[str, tuple[str, ...]]:
        """What loaders remarked on, by document id."""
        with self.database.reading() as db:
            found = db.execute("SELECT id, warnings FROM documents WHERE warnings <> '[]'").fetchall()
            return {doc_id: tuple(rows.load(w)) for doc_id, w in found}

    def needs_purge(self) -> bool:
        """Whether notes were forgotten whose traces may still be in files."""
        with self.database.reading() as db:
            return bool(db.execute("SELECT 1 FROM state WHERE name = ? AND value > 0", (PURGE,)).fetchone())

    def purged(self) -> bool:
        """Rewrite the file without what was deleted; whether nothing is left of it, as far as all other places go.

        The caller has cleared those before, and holds the write lock.
        """
        if not self.database.scrub():
            return False
        with self.database.writing() as db:
            db.execute("DELETE FROM state WHERE name = ?", (PURGE,))
        return True

    def text_problems(self) -> Iterator[str]:
        """Documents with a passage that is not its span of the text, or not what it was: none, unless damaged."""
        with self.database.reading() as db:
            yield from checks.text_problems(db)

    def time_problems(self) -> list[str]:
        """Documents that are not found by the days that they and their passages have: none, unless damaged."""
        with self.database.reading() as db:
            return checks.time_problems(db)

    def mend_times(self) -> None:
        """Find every document by the days that it and its passages have."""
        with self.database.writing() as db:
            checks.mend_times(db)

    def integrity_problems(self) -> list[str]:
        """SQLite's own checks: damaged pages, and rows whose parent is gone."""
        with self.database.reading() as db:
            return checks.integrity_problems(db)
