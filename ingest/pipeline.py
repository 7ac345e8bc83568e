"""Applies plans to the catalogue: read, load, cut, embed, then one transaction a batch.

Loading and embedding happen outside the write lock; vectors are stored before the rows that need them. While a batch
is embedded and committed, worker processes read the next.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest import gitdates, prepare
from ingest.batched import batched
from ingest.prepare import Failure, Job, Moving, Prepared
from ingest.recipe import recipe
from ingest.scan import recipe_of, refuse_large_loss
from ingest.walk import folder_of
from ingest.workers import Limits, Workers, trim
from rag.errors import LoadError, RootError
from rag.store.catalogue import Catalogue, FileState, Record
from rag.store.changes import Batch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.loaders.source import Options
    from ingest.prepare import Outcome
    from ingest.scan import Plan
    from ingest.walk import Found, Skip
    from rag.store.catalogue import Status
    from rag.types import Chunk, Document

_NO_FILE = FileState(0, 0, 0, 0, 0)
_LIMITS = Limits()
_LARGE = 8_000_000  # of files in a batch, in bytes, from which on memory is given back
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
        unpushed: why a graph server was not brought up to date, where it was not.
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
    unpushed: str | None = None
    seconds: float = 0.0

    def add_actions(self, other: SyncReport) -> None:
        """Count what a second look at a root did; what it left alone was counted by the first."""
        for name in ("added", "changed", "moved", "removed", "embedded"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("skipped", "failed"):
            issues = {issue.path: issue for issue in (*getattr(self, name), *getattr(other, name))}
            setattr(self, name, list(issues.values()))
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
            "unpushed": self.unpushed,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Work:
    """A file to read; ``moved_from`` is the id under which its bytes are known."""

    found: Found
    moved_from: str | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A file that was read, or could not be."""

    work: _Work
    outcome: Prepared | Failure

    @property
    def id(self) -> str:
        """The document's id."""
        return self.work.found.id


class Pipeline:
    """Brings the catalogue up to date with plans.

    Args:
        batch: documents committed together.
        embed: gives each passage its vector, unless it has one; returns how many were computed.
        limits: worker processes, and what one file may cost.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        write_lock: WriteLock,
        options: Options,
        batch: int,
        embed: Embed,
        limits: Limits = _LIMITS,
    ) -> None:
        self._catalogue = catalogue
        self._write_lock = write_lock
        self._options = options
        self._batch = batch
        self._embed = embed
        self._limits = limits
        self._restless: set[str] = set()  # files that changed while they were read
        self._redated: set[str] = set()  # files of which only the time is new

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
        plan = self._with_redated(self._with_lifted(plan))
        report.unchanged += plan.unchanged
        self._apply_small(plan, report)
        work = tuple(_work(plan))
        done = 0
        failing: set[str] = set()
        with Workers(self._limits) as workers:
            read = zip(work, workers.prepare(self._jobs(plan, work)), strict=True)
            for part in batched(read, self._batch, lambda one: one[0].found.state.size):
                items = [item for one, outcome in part if (item := self._item(plan, one, outcome, report))]
                failing |= {item.id for item in items if isinstance(item.outcome, Failure)}
                if not accept_deletions:
                    refuse_large_loss(plan, failing)
                self._commit(plan, items, report)
                done += len(part)
                said = Progress("sync", done, plan.work, part[-1][0].found.id)
                is_large = sum(one.found.state.size for one, _ in part) > _LARGE
                del part, items  # what listens to the progress may need the room
                if is_large:
                    trim()
                progress(said)

    def put_documents(self, root: str, documents: Iterable[Document]) -> None:
        """Make a root that is not a folder hold exactly these documents."""
        stale = set(self._catalogue.records(root))
        for part in batched(documents, self._batch, lambda one: len(one.text)):
            done = [prepare.of_document(document, self._options) for document in part]
            self._embed([c for one in done for c in one.chunks])
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = Batch(db)
                for one in done:
                    doc_id = one.document.id
                    batch.put(one.document, one.chunks, _NO_FILE, self._recipe_of(doc_id), one.facts)
                    stale.discard(doc_id)
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
        news: list[tuple[Skip, Status, FileState]] = [
            *((s, "skipped", s.found.state) for s in plan.skipped if _is_news(plan, s, "skipped")),
            *((s, "failed", _unread(s.found)) for s in plan.unreadable if _is_news(plan, s, "failed")),
        ]
        if plan.removed or plan.touched or news:
            with self._write_lock(), self._catalogue.database.writing() as db:
                batch = _batch_of(db, plan)
                for doc_id in plan.removed:
                    if self._may(batch, plan, doc_id, report):
                        batch.remove(doc_id)
                for found in plan.touched:
                    if self._may(batch, plan, found.id, report):
                        batch.touch(found.id, found.state)
                for skip, status, state in news:
                    if self._may(batch, plan, skip.found.id, report):
                        batch.fail(
                            skip.found.id, status, skip.reason, state, skip.sha256, self._recipe(skip.found)
                        )
                batch.finish()
        report.removed += sum(map(plan.was_indexed, plan.removed))
        report.skipped += [FileIssue(s.found.id, s.reason) for s in (*plan.skipped, *plan.still_skipped)]
        report.failed += [FileIssue(s.found.id, s.reason) for s in (*plan.still_failed, *plan.unreadable)]

    def _may(self, batch: Batch, plan: Plan, doc_id: str, report: SyncReport) -> bool:
        """Whether the row is as the plan saw it; otherwise another process was here, and we look again."""
        as_planned = batch.is_as_planned(doc_id, plan.known.get(doc_id))
        if not as_planned:
            report.overtaken.add(plan.root.name)
        return as_planned

    def _with_lifted(self, plan: Plan) -> Plan:
        """The plan, with the files to be read again whose failure was a limit that has been raised."""
        again = tuple(s.found for s in plan.still_failed if self._limits.lifted(s.reason))
        still = tuple(s for s in plan.still_failed if not self._limits.lifted(s.reason))
        return replace(plan, changed=plan.changed + again, still_failed=still) if again else plan

    def _with_redated(self, plan: Plan) -> Plan:
        """The plan, with the notes to be read again whose time is new: dates in them may count from it."""
        again = tuple(f for f in plan.touched if _is_redated(plan, f))
        self._redated.update(found.id for found in again)
        return replace(plan, changed=plan.changed + again, touched=tuple(set(plan.touched) - set(again)))

    def _jobs(self, plan: Plan, work: Sequence[_Work]) -> list[Job]:
        committed = gitdates.dates_of(folder_of(plan.root)) if self._options.git and work else {}
        return [
            Job(
                found.id,
                str(found.path),
                found.encoding,
                (found.state.size, found.state.mtime_ns),
                self._options,
                committed.get(found.state.relative),
                strict=found.id not in self._restless,
            )
            for found in (one.found for one in work)
        ]

    def _item(self, plan: Plan, work: _Work, outcome: Outcome, report: SyncReport) -> _Item | None:
        """What is to be stored of a file; None when it changed since the scan: its root is looked at again.

        Raises:
            RootError: the whole folder went.
        """
        if not isinstance(outcome, Moving):
            return _Item(work, outcome)
        folder_of(plan.root)
        doc_id = work.found.id
        if not work.found.path.exists():
            return None  # the next sync sees what became of it
        if doc_id in self._restless:
            error = LoadError(
                "{path}: is being written to; the next sync looks at it again.",
                path=doc_id,
            )
            return _Item(work, Failure(str(error)))
        self._restless.add(doc_id)
        report.overtaken.add(plan.root.name)
        return None

    def _recipe(self, found: Found) -> str:
        return recipe_of(found, self._recipe_of)

    def _recipe_of(self, doc_id: str) -> str:
        return recipe(doc_id, self._options)

    def _commit(self, plan: Plan, items: Sequence[_Item], report: SyncReport) -> None:
        fresh = [c for item in items if isinstance(item.outcome, Prepared) for c in item.outcome.chunks]
        report.embedded += self._embed(fresh)
        with self._write_lock(), self._catalogue.database.writing() as db:
            batch = _batch_of(db, plan)
            stored = [item for item in items if self._store(batch, plan, item, report)]
            batch.finish()
        for item in stored:
            if isinstance(item.outcome, Failure) or item.id not in self._redated:
                _count(plan, item, report)

    def _store(self, batch: Batch, plan: Plan, item: _Item, report: SyncReport) -> bool:
        found, moved_from, outcome = item.work.found, item.work.moved_from, item.outcome
        if not self._may(batch, plan, item.id, report):
            return False
        if moved_from is not None:
            if not self._may(batch, plan, moved_from, report):
                return False
            batch.move(moved_from, item.id)
        if isinstance(outcome, Prepared):
            document, chunks = outcome.document, outcome.chunks
            batch.put(document, chunks, found.state, self._recipe(found), outcome.facts)
        else:
            state = found.state if outcome.sha256 else _unread(found)
            status: Status = "skipped" if outcome.skipped else "failed"
            batch.fail(item.id, status, outcome.reason, state, outcome.sha256, self._recipe(found))
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


def _is_redated(plan: Plan, found: Found) -> bool:
    known = plan.known[found.id]
    return known.status == "indexed" and known.state.mtime_ns != found.state.mtime_ns


def _work(plan: Plan) -> Iterator[_Work]:
    for old, found in plan.moved:
        yield _Work(found, old)
    for found in (*plan.added, *plan.changed):
        yield _Work(found)


def _count(plan: Plan, item: _Item, report: SyncReport) -> None:
    if isinstance(item.outcome, Failure):
        issues = report.skipped if item.outcome.skipped else report.failed
        issues.append(FileIssue(item.id, item.outcome.reason))
        return
    if item.work.moved_from is not None:
        report.moved += 1
    elif plan.was_indexed(item.id):
        report.changed += 1
    else:
        report.added += 1
    report.warnings += [FileIssue(item.id, w) for w in item.outcome.document.warnings]


def _is_news(plan: Plan, skip: Skip, status: str) -> bool:
    known: Record | None = plan.known.get(skip.found.id)
    if known is None or (known.status, known.reason) != (status, skip.reason):
        return True
    return status == "skipped" and replace(known.state, scanned_ns=0) != replace(
        skip.found.state, scanned_ns=0
    )
