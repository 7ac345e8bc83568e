"""Changes to documents, made inside a transaction of the caller's, each with its journal entries.

A passage whose text stays keeps its key, so that an edit touches only what it changed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph.model import NO_FACTS
from rag.store import dating, facts, journal, linking, rows, script
from rag.store.catalogue import PURGE, RECORD_COLUMNS, FileState, Record, Root, Status, as_record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from graph.model import Facts
    from rag.types import Chunk, Document


@dataclass(slots=True)
class Batch:
    """Collects the keys, documents and entities that one transaction touches; ``finish`` journals them."""

    db: sqlite3.Connection
    added: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)
    names: set[int] = field(default_factory=set)

    def is_as_planned(self, doc_id: str, expected: Record | None) -> bool:
        """Whether nobody else has changed the document's row since the plan was made."""
        row = self.db.execute(f"SELECT {RECORD_COLUMNS} FROM documents WHERE id = ?", (doc_id,)).fetchone()
        return (as_record(row) if row else None) == expected

    def has_root(self, root: Root) -> bool:
        """Whether the root is still registered, for the same folder."""
        row = self.db.execute("SELECT path FROM roots WHERE name = ?", (root.name,)).fetchone()
        return row is not None and row[0] == (str(root.path) if root.path is not None else None)

    def put(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        state: FileState,
        recipe: str,
        said: Facts = NO_FACTS,
    ) -> None:
        """Insert a document, or replace what is known of it."""
        self._upsert(Record(document.id, "indexed", "", state, document.sha256, recipe))
        self.db.execute(
            "UPDATE documents SET title = ?, format = ?, encoding = ?, loader = ?, pages = ?, sections = ?, "
            "dates = ?, tags = ?, meta = ?, masks = ?, warnings = ? WHERE id = ?",
            (
                document.title,
                document.format,
                document.encoding,
                document.loader,
                rows.dump(document.pages),
                rows.dump_sections(document.sections),
                rows.dump_dates(document.dates),
                rows.dump(document.tags),
                rows.dump(dict(document.meta)),
                rows.dump_masks(document.masks),
                rows.dump(document.warnings),
                document.id,
            ),
        )
        self.db.execute(
            "INSERT INTO texts VALUES (?, ?) ON CONFLICT (doc_id) DO UPDATE SET text = excluded.text",
            (document.id, document.text),
        )
        linking.put(self.db, document)
        dating.put(self.db, document.id, document.dates)
        self._put_chunks(document.id, chunks)
        self.names |= facts.put(self.db, document, said)
        self.documents.add(document.id)

    def fail(
        self, doc_id: str, status: Status, reason: str, state: FileState, sha256: str, recipe: str
    ) -> None:
        """Record that a file cannot be read (``failed``) or is left out (``skipped``); its old text goes."""
        self._drop_chunks(doc_id)
        self.db.execute("DELETE FROM texts WHERE doc_id = ?", (doc_id,))
        for table in ("links", "names", "days"):
            self.db.execute(f"DELETE FROM {table} WHERE doc_id = ?", (doc_id,))
        self.names |= facts.drop(self.db, [doc_id])
        self._upsert(Record(doc_id, status, reason, state, sha256, recipe))
        self.documents.add(doc_id)

    def forget(self, record: Record, reason: str) -> None:
        """Drop what a file said, for good: ``reason`` marks it as left out, and the traces as still to be cleared."""
        self.fail(record.id, "skipped", reason, record.state, record.sha256, record.recipe)
        self.db.execute("INSERT OR REPLACE INTO state VALUES (?, 1)", (PURGE,))

    def touch(self, doc_id: str, state: FileState) -> None:
        """The file was looked at again and holds the same bytes."""
        self.db.execute(
            "UPDATE documents SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ?, relative = ? "
            "WHERE id = ?",
            (*_state_columns(state), doc_id),
        )

    def move(self, old: str, new: str) -> None:
        """The same bytes stand at another path. Keys stay; ``put`` follows, with the new title."""
        self.added.update(self._keys(old))
        self.db.execute(
            "UPDATE documents SET id = ?, root = ? WHERE id = ?", (new, new.partition("/")[0], old)
        )
        self.documents |= {old, new}

    def remove(self, doc_id: str) -> None:
        """Forget a document and everything that came from it."""
        self._drop_chunks(doc_id)
        self.names |= facts.drop(self.db, [doc_id])
        self.db.execute("DELETE FROM documents WHERE id = ?", (doc_id,))
        self.documents.add(doc_id)

    def finish(self) -> int:
        """Settle what notes say of each other, then journal the changes; returns the generation."""
        if self.documents:
            relinked = linking.settle(self.db, self.documents)
            redated = dating.settle(self.db, {doc_id.partition("/")[0] for doc_id in self.documents})
            facts.sweep(self.db, self.names)
            facts.stamp(self.db, self.documents | relinked | redated)
        return journal.record(self.db, sorted(self.added - self.removed), sorted(self.removed))

    def _upsert(self, record: Record) -> None:
        self.db.execute(
            "INSERT INTO documents (id, root, status, reason, size, mtime_ns, ctime_ns, inode, scanned_ns, "
            "relative, sha256, recipe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "status = excluded.status, reason = excluded.reason, size = excluded.size, "
            "mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, inode = excluded.inode, "
            "scanned_ns = excluded.scanned_ns, relative = excluded.relative, sha256 = excluded.sha256, "
            "recipe = excluded.recipe, title = '', format = 'text', encoding = '', loader = '', pages = '[]', "
            "sections = '[]', dates = '[]', shared_dates = '[]', tags = '[]', meta = '{}', masks = '[]', "
            "warnings = '[]', searched = 0",
            (
                record.id,
                record.id.partition("/")[0],
                record.status,
                record.reason,
                *_state_columns(record.state),
                record.sha256,
                record.recipe,
            ),
        )

    def _put_chunks(self, doc_id: str, chunks: Sequence[Chunk]) -> None:
        old: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        for key, text, text_hash in self.db.execute(
            "SELECT key, text, text_hash FROM chunks WHERE doc_id = ? ORDER BY key DESC", (doc_id,)
        ):
            old[text].append((key, text_hash))
        for chunk in chunks:
            kept = old[chunk.text].pop() if old.get(chunk.text) else None
            text_hash = rows.text_hash(chunk.index_text)
            if kept is None:
                self.added.add(self._insert(chunk, text_hash))
            else:
                self._update(kept[0], chunk, text_hash)
                if kept[1] != text_hash:
                    self.added.add(kept[0])
        self._delete(key for leftover in old.values() for key, _ in leftover)

    def _insert(self, chunk: Chunk, text_hash: bytes) -> int:
        key = self.db.execute(
            'INSERT INTO chunks (start, "end", first_line, last_line, page, heading, dates, text, body, '
            "speaker, language, text_hash, doc_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_columns(chunk), text_hash, chunk.doc_id),
        ).lastrowid
        assert key is not None  # noqa: S101 - an INSERT without conflict clause always has one
        return key

    def _update(self, key: int, chunk: Chunk, text_hash: bytes) -> None:
        self.db.execute(
            'UPDATE chunks SET start = ?, "end" = ?, first_line = ?, last_line = ?, page = ?, heading = ?, '
            "dates = ?, text = ?, body = ?, speaker = ?, language = ?, text_hash = ? WHERE key = ?",
            (*_columns(chunk), text_hash, key),
        )

    def _delete(self, keys: Iterable[int]) -> None:
        gone = list(keys)
        self.removed.update(gone)
        self.db.executemany("DELETE FROM chunks WHERE key = ?", [(key,) for key in gone])

    def _drop_chunks(self, doc_id: str) -> None:
        self._delete(self._keys(doc_id))

    def _keys(self, doc_id: str) -> list[int]:
        return [key for (key,) in self.db.execute("SELECT key FROM chunks WHERE doc_id = ?", (doc_id,))]


def _state_columns(state: FileState) -> tuple[object, ...]:
    return (state.size, state.mtime_ns, state.ctime_ns, state.inode, state.scanned_ns, state.relative)


def _columns(chunk: Chunk) -> tuple[object, ...]:
    return (
        chunk.start,
        chunk.end,
        *chunk.lines,
        chunk.page,
        rows.dump(chunk.heading),
        rows.dump_dates(chunk.dates),
        chunk.text,
        None if chunk.body == chunk.text else chunk.body,
        chunk.speaker,
        script.language(chunk.body),
    )
