"""Applies plans to the catalogue: read, load, cut, embed, then one transaction a batch.

Loading and embedding happen outside the write lock; vectors are stored before the rows that need them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ingest import loaders
from ingest.chunk import chunk
from ingest.scan import refuse_large_loss
from ingest.walk import LEFT_OUT, folder_of
from rag.errors import LoadError, RootError
from rag.store import rows
from rag.store.catalogue import Catalogue, FileState, Record
from rag.store.changes import Batch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.loaders.source import Options
    from ingest.scan import Plan
    from ingest.walk import Found, Skip
    from rag.types import Chunk, Document

_T = TypeVar("_T")
_NO_FILE = FileState(0, 0, 0, 0, 0)
WriteLock = Callable[[], AbstractContextManager[object]]
Embed = Callable[["Sequence[Chunk]"], int]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. Stage ``sync``: ``done`` of ``total`` files, and the one just read; ``embed``: passages."""

    stage: str
    done: int
    total: int
    path: str = ""


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
        overtaken: roots in which another process was faster; they are looked at again.
        embedded: passages whose vectors were computed.
        model: the embedding model that answers, where there is one.
        model_wished: the one that the settings name instead; `footnotes reindex` switches to it.
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
    overtaken: set[str] = field(default_factory=set)
    embedded: int = 0
    model: str | None = None
    model_wished: str | None = None
    seconds: float = 0.0

    def add_actions(self, other: SyncReport) -> None:
        """Count what a second look at a root did; what it left alone was counted by the first."""
        for name in ("added", "changed", "moved", "removed", "embedded"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.warnings += other.warnings
        self.refused += other.refused

    def to_json(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        numbers = ("documents", "chunks", "added", "changed", "moved", "removed", "unchanged", "embedded")
        issues = ("skipped", "failed", "warnings")
        return {
            **{name: getattr(self, name) for name in numbers},
            **{name: [{"path": i.path, "reason": i.reason} for i in getattr(self, name)] for name in issues},
            "refused": [str(e) for e in self.refused],
            "model": self.model,
            "model_wished": self.model_wished,
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


class Pipeline:
    """Brings the catalogue up to date with plans.

    Args:
        embed: gives each passage its vector, unless it has one; returns how many were computed.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        write_lock: WriteLock,
        options: Options,
        batch: int,
        embed: Embed,
    ) -> None:
        self._catalogue = catalogue
        self._write_lock = write_lock
        self._options = options
        self._batch = batch
        self._embed = embed

    def apply(
        self,
        plan: Plan,
        report: SyncReport,
        progress: Callable[[Progress], None],
        *,
        accept_deletions: bool = False,
    ) -> None:
        """Carry out a plan; what happened is added to ``report``.

        Raises:
            RootError: the folder went away meanwhile, or so many of its notes can no longer be read that it must
                be so; what was committed before is right, nothing more is touched.
        """
        report.unchanged += plan.unchanged
        self._apply_small(plan, report)
        done = 0
        failing: set[str] = set()
        for part in _batched(_work(plan), self._batch):
            prepared = [item for found, old in part if (item := self._load(plan, found, old)) is not None]
            failing |= {item.found.id for item in prepared if isinstance(item, _Failed)}
            if not accept_deletions:
                refuse_large_loss(plan, failing)
            self._commit(plan, prepared, report)
            done += len(part)
            progress(Progress("sync", done, plan.work, part[-1][0].id))

    def put_documents(self, root: str, documents: Iterable[Document]) -> None:
        """Make a root that is not a folder hold exactly these documents."""
        stale = set(self._catalogue.records(root))
        for part in _batched(documents, self._batch):
            cut = [(d, chunk(d, self._options.chunk_size)) for d in part]
            self._embed([c for _, chunks in cut for c in chunks])
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = Batch(db)
                for document, chunks in cut:
                    batch.put(document, chunks, _NO_FILE, self._recipe(document.id))
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
        skips = [s for s in plan.skipped if _is_news(plan, s, "skipped")]
        failures = [s for s in plan.unreadable if _is_news(plan, s, "failed")]
        if plan.removed or plan.touched or skips or failures:
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = _batch_of(db, plan)
                for doc_id in plan.removed:
                    if self._may(batch, plan, doc_id, report):
                        batch.remove(doc_id)
                for found in plan.touched:
                    if self._may(batch, plan, found.id, report):
                        batch.touch(found.id, found.state)
                for skip in skips:
                    if self._may(batch, plan, skip.found.id, report):
                        batch.fail(
                            skip.found.id,
                            "skipped",
                            skip.reason,
                            skip.found.state,
                            "",
                            self._recipe(skip.found.id),
                        )
                for skip in failures:
                    if self._may(batch, plan, skip.found.id, report):
                        batch.fail(
                            skip.found.id,
                            "failed",
                            skip.reason,
                            _unread(skip.found),
                            "",
                            self._recipe(skip.found.id),
                        )
                batch.finish()
        report.removed += sum(map(plan.was_indexed, plan.removed))
        report.skipped += [FileIssue(s.found.id, s.reason) for s in plan.skipped]
        report.skipped += [FileIssue(folder, LEFT_OUT) for folder in plan.left_out]
        report.failed += [FileIssue(s.found.id, s.reason) for s in (*plan.still_failed, *plan.unreadable)]

    def _may(self, batch: Batch, plan: Plan, doc_id: str, report: SyncReport) -> bool:
        """Whether the row is as the plan saw it; otherwise another process was here, and we look again."""
        as_planned = batch.is_as_planned(doc_id, plan.known.get(doc_id))
        if not as_planned:
            report.overtaken.add(plan.root.name)
        return as_planned

    def _load(self, plan: Plan, found: Found, moved_from: str | None) -> _Loaded | _Failed | None:
        """Read one file; None when it went since the scan: the next sync sees what became of it."""
        digest = ""
        try:
            data = found.path.read_bytes()
            digest = rows.sha256(data)
            document = loaders.load(found.id, data, options=self._options)
            chunks = chunk(document, self._options.chunk_size)
            _check_storable(document)
        except FileNotFoundError:
            folder_of(plan.root)  # raises where the whole folder went
            return None
        except LoadError as e:
            return _Failed(found, str(e), digest, moved_from)
        except OSError as e:
            return _Failed(found, e.strerror or str(e), "", moved_from)
        except Exception as e:  # noqa: BLE001 - one bad file must not stop the run; it is tried again next time
            return _Failed(found, f"unexpected {type(e).__name__}: {e}"[:300], "", moved_from)
        return _Loaded(found, document, chunks, moved_from)

    def _recipe(self, doc_id: str) -> str:
        return loaders.recipe(doc_id, self._options)

    def _commit(self, plan: Plan, prepared: Sequence[_Loaded | _Failed], report: SyncReport) -> None:
        fresh = [c for p in prepared if isinstance(p, _Loaded) for c in p.chunks]
        report.embedded += self._embed(fresh)
        with self._write_lock(), self._catalogue.database.writing() as db:
            batch = _batch_of(db, plan)
            stored = [item for item in prepared if self._store(batch, plan, item, report)]
            batch.finish()
        for item in stored:
            _count(plan, item, report)

    def _store(self, batch: Batch, plan: Plan, item: _Loaded | _Failed, report: SyncReport) -> bool:
        doc_id = item.found.id
        if not self._may(batch, plan, doc_id, report):
            return False
        if item.moved_from is not None:
            if not self._may(batch, plan, item.moved_from, report):
                return False
            batch.move(item.moved_from, doc_id)
        if isinstance(item, _Loaded):
            batch.put(item.document, item.chunks, item.found.state, self._recipe(doc_id))
        else:
            state = item.found.state if item.sha256 else _unread(item.found)
            batch.fail(doc_id, "failed", item.reason, state, item.sha256, self._recipe(doc_id))
        return True


def _batch_of(db: sqlite3.Connection, plan: Plan) -> Batch:
    """A batch for a root that is still registered.

    Raises:
        RootError: another process removed or renamed it.
    """
    batch = Batch(db)
    if not batch.has_root(plan.root):
        raise RootError(
            "The root {name!r} was removed or renamed while it was being synced; the rest of it was left alone.",
            name=plan.root.name,
        )
    return batch


def _unread(found: Found) -> FileState:
    """A state that no file has: the next sync tries again."""
    return replace(_NO_FILE, relative=found.state.relative)


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
    if known is None or (known.status, known.reason) != (status, skip.reason):
        return True
    return status == "skipped" and replace(known.state, scanned_ns=0) != replace(
        skip.found.state, scanned_ns=0
    )


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
