"""Applies plans to the catalogue: read, load, cut, embed, then one transaction a batch.

Loading and embedding happen outside the write lock; vectors are stored before the rows that need them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ingest import loaders
from ingest.chunk import chunk
from rag.errors import LoadError, RootError
from rag.store import rows
from rag.store.catalogue import Catalogue, FileState, Record
from rag.store.changes import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.scan import Found, Plan, Skip
    from rag.protocols import Embedder
    from rag.store.vectors import VectorCache
    from rag.types import Chunk, Document

_T = TypeVar("_T")
_VERSION = 1
_NO_FILE = FileState(0, 0, 0, 0, 0)
WriteLock = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a sync is: ``done`` of ``total`` files, and the one just read."""

    stage: str
    done: int
    total: int
    path: str


@dataclass(frozen=True, slots=True)
class FileIssue:
    """A file that is not in the index, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        documents: notes in the index now, as ``chunks`` counts its passages.
        skipped: files that are left out, and why.
        failed: files that cannot be read, and why.
        warnings: files that were read with a remark.
        refused: roots that were not touched (missing, or they have lost most of their notes), and why.
        embedded: passages whose vectors were computed.
        seconds: wall time.
    """

    documents: int = 0
    chunks: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: list[FileIssue] = field(default_factory=list)
    failed: list[FileIssue] = field(default_factory=list)
    warnings: list[FileIssue] = field(default_factory=list)
    refused: list[RootError] = field(default_factory=list)
    embedded: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        numbers = ("documents", "chunks", "added", "changed", "moved", "removed", "unchanged", "embedded")
        issues = ("skipped", "failed", "warnings")
        return {
            **{name: getattr(self, name) for name in numbers},
            **{name: [{"path": i.path, "reason": i.reason} for i in getattr(self, name)] for name in issues},
            "refused": [str(e) for e in self.refused],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Loaded:
    found: Found
    document: Document
    chunks: Sequence[Chunk]
    moved_from: str | None


@dataclass(frozen=True, slots=True)
class _Failed:
    found: Found
    reason: str
    sha256: str
    moved_from: str | None


def recipe(chunk_size: int) -> str:
    """Names the loader and chunker versions; rows made by another recipe are made again."""
    return f"{_VERSION}:{chunk_size}"


class Pipeline:
    """Brings the catalogue up to date with plans."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        write_lock: WriteLock,
        chunk_size: int,
        batch: int,
        embedder: Embedder | None = None,
        vectors: VectorCache | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._write_lock = write_lock
        self._chunk_size = chunk_size
        self._batch = batch
        self._embedder = embedder
        self._vectors = vectors

    def apply(self, plan: Plan, report: SyncReport, progress: Callable[[Progress], None]) -> None:
        """Carry out a plan; what happened is added to ``report``."""
        report.unchanged += plan.unchanged
        self._apply_small(plan, report)
        done = 0
        for part in _batched(_work(plan), self._batch):
            prepared = [self._load(found, old) for found, old in part]
            self._commit(plan, prepared, report)
            done += len(part)
            progress(Progress("sync", done, plan.work, part[-1][0].id))

    def put_documents(self, root: str, documents: Iterable[Document]) -> None:
        """Make a root that is not a folder hold exactly these documents."""
        stale = set(self._catalogue.records(root))
        made = recipe(self._chunk_size)
        for part in _batched(documents, self._batch):
            cut = [(d, chunk(d, self._chunk_size)) for d in part]
            self._embed([c for _, chunks in cut for c in chunks])
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = Batch(db)
                for document, chunks in cut:
                    batch.put(document, chunks, _NO_FILE, made)
                    stale.discard(document.id)
                batch.finish()
        self._remove(stale)

    def _remove(self, doc_ids: Iterable[str]) -> None:
        with self._write_lock(), self._catalogue.database.writing() as db:
            batch = Batch(db)
            for doc_id in doc_ids:
                batch.remove(doc_id)
            batch.finish()

    def _apply_small(self, plan: Plan, report: SyncReport) -> None:
        """Everything that needs no file read: removals, new time stamps, skips, unreadable files."""
        made = recipe(self._chunk_size)
        moved = {old for old, _ in plan.moved}
        gone = [i for i in plan.removed if i not in moved]
        skips = [s for s in plan.skipped if _is_news(plan, s, "skipped")]
        failures = [s for s in plan.unreadable if _is_news(plan, s, "failed")]
        if gone or plan.touched or skips or failures:
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = Batch(db)
                for doc_id in gone:
                    if batch.is_as_planned(doc_id, plan.known[doc_id]):
                        batch.remove(doc_id)
                for found in plan.touched:
                    batch.touch(found.id, found.state)
                for status, entries in (("skipped", skips), ("failed", failures)):
                    for skip in entries:
                        state = skip.found.state if status == "skipped" else _NO_FILE
                        batch.fail(skip.found.id, status, skip.reason, state, "", made)  # type: ignore[arg-type] # two literals
                batch.finish()
        report.removed += sum(1 for i in gone if plan.known[i].status == "indexed")
        report.skipped += [FileIssue(s.found.id, s.reason) for s in plan.skipped]
        report.failed += [FileIssue(s.found.id, s.reason) for s in plan.unreadable]

    def _load(self, found: Found, moved_from: str | None) -> _Loaded | _Failed:
        digest = ""
        try:
            data = found.path.read_bytes()
            digest = rows.sha256(data)
            document = loaders.load(found.id, data)
            chunks = chunk(document, self._chunk_size)
            _check_storable(document)
        except LoadError as e:
            return _Failed(found, str(e), digest, moved_from)
        except OSError as e:
            return _Failed(found, e.strerror or str(e), "", moved_from)
        except Exception as e:  # noqa: BLE001 - one bad file must not stop the run; its reason is kept
            return _Failed(found, f"unexpected {type(e).__name__}: {e}"[:300], digest, moved_from)
        return _Loaded(found, document, chunks, moved_from)

    def _commit(self, plan: Plan, prepared: Sequence[_Loaded | _Failed], report: SyncReport) -> None:
        fresh = [c for p in prepared if isinstance(p, _Loaded) for c in p.chunks]
        report.embedded += self._embed(fresh)
        with self._write_lock(), self._catalogue.database.writing() as db:
            batch = Batch(db)
            for item in prepared:
                self._store(batch, plan, item)
            batch.finish()
        for item in prepared:
            _count(plan, item, report)

    def _store(self, batch: Batch, plan: Plan, item: _Loaded | _Failed) -> None:
        doc_id = item.found.id
        if not batch.is_as_planned(doc_id, plan.known.get(doc_id)):
            return  # another process was here since the plan was made; the next sync looks again
        if item.moved_from is not None:
            if not batch.is_as_planned(item.moved_from, plan.known[item.moved_from]):
                return
            batch.move(item.moved_from, doc_id)
        made = recipe(self._chunk_size)
        if isinstance(item, _Loaded):
            batch.put(item.document, item.chunks, item.found.state, made)
        else:
            state = item.found.state if item.sha256 else _NO_FILE
            batch.fail(doc_id, "failed", item.reason, state, item.sha256, made)

    def _embed(self, chunks: Sequence[Chunk]) -> int:
        """Give each passage its vector, unless the cache has it; returns how many were computed."""
        if self._embedder is None or self._vectors is None:
            return 0
        return ensure_vectors(self._embedder, self._vectors, chunks)


def ensure_vectors(embedder: Embedder, vectors: VectorCache, chunks: Sequence[Chunk]) -> int:
    """Embed what the cache lacks; returns the number of texts embedded."""
    texts = {rows.text_hash(c.index_text): c.index_text for c in chunks}
    missing = vectors.missing(embedder.identity, texts)
    if missing:
        vectors.put(embedder.identity, missing, embedder.embed_passages([texts[h] for h in missing]))
    return len(missing)


def sync_all(pipeline: Pipeline, plans: Sequence[Plan], progress: Callable[[Progress], None]) -> SyncReport:
    """Apply several plans, one after the other."""
    started = time.perf_counter()
    report = SyncReport()
    for plan in plans:
        pipeline.apply(plan, report, progress)
    report.seconds = time.perf_counter() - started
    return report


def _work(plan: Plan) -> Iterator[tuple[Found, str | None]]:
    for old, found in plan.moved:
        yield found, old
    for found in (*plan.added, *plan.changed):
        yield found, None


def _count(plan: Plan, item: _Loaded | _Failed, report: SyncReport) -> None:
    if isinstance(item, _Failed):
        report.failed.append(FileIssue(item.found.id, item.reason))
        return
    known = plan.known.get(item.found.id)
    if item.moved_from is not None:
        report.moved += 1
    elif known is not None and known.status == "indexed":
        report.changed += 1
    else:
        report.added += 1
    report.warnings += [FileIssue(item.document.id, w) for w in item.document.warnings]


def _is_news(plan: Plan, skip: Skip, status: str) -> bool:
    known: Record | None = plan.known.get(skip.found.id)
    return known is None or (known.status, known.reason) != (status, skip.reason)


def _check_storable(document: Document) -> None:
    """Lone surrogates (from escapes in front matter) cannot be stored.

    Raises:
        LoadError: the document holds one.
    """
    try:
        rows.dump([document.text, document.title, document.tags, dict(document.meta)]).encode("utf-8")
    except UnicodeEncodeError as e:
        raise LoadError(
            "{path}: holds characters that are no valid Unicode ({reason}).",
            path=document.id,
            reason=e.reason,
        ) from e


def _batched(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    # itertools.batched is Python 3.12's.
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
