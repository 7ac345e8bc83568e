"""Forgetting a note for good: nothing of what it said stays in the home. Its file is not touched.

One transaction drops the note, marks its row so that no sync brings it back, and notes that its traces are still to
be cleared: from segments, vectors, kept indexes, recognised texts, questions, verdicts and conversations, and free pages. Clearing may be done again at any
time; after a kill, the next ``forget`` or sync completes it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest import recognised, scan, walk
from ingest.walk import FORGOTTEN, Found
from rag import quoting
from rag.errors import HomeError, RootError
from rag.store import database, sessions
from rag.store.catalogue import Record
from rag.store.changes import Batch
from rag.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.walk import ScanRules
    from rag.home import Home
    from rag.locate import Place
    from rag.store.catalogue import Catalogue


class Traces(Protocol):
    """The derived indexes and their vectors."""

    def purge(self) -> bool:
        """Leave nothing of passages that are gone; False while somebody reads an older state."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, or with ``undo`` may be read again.

    Attributes:
        files: document ids.
        passages: how many went.
        is_complete: nothing is left of them; False: somebody reads an older state, the next sync completes it.
    """

    files: tuple[str, ...]
    passages: int = 0
    is_complete: bool = True


def targets(catalogue: Catalogue, place: Place, rules: ScanRules) -> tuple[Record, ...]:
    """The files that a path stands for, those that no sync has met yet among them.

    Raises:
        RootError: no root holds the path, or nothing is there.
    """
    if place.root is None:
        raise RootError("{path} lies in no registered folder: nothing is known of it.", path=place.path)
    found = {r.id: r for r in catalogue.records_within(place.id).values() if not r.id.endswith("/")}
    for unread in _unread(place, rules) if place.exists else ():
        found.setdefault(unread.id, Record(unread.id, "skipped", "", unread.state, _digest(unread), ""))
    if not found:
        raise RootError("{path}: no such note. `footnotes status --files` lists all.", path=place.id)
    return tuple(found[doc_id] for doc_id in sorted(found))


def mark(catalogue: Catalogue, home: Home, records: tuple[Record, ...]) -> int:
    """Drop files from the catalogue, and keep syncs from reading them; returns how many passages went.

    Raises:
        BusyError: another process does not let go of the write lock.
        HomeError: no room or no permission; run again.
    """
    with home.writing(), catalogue.database.writing() as db:
        batch = Batch(db)
        for record in records:
            batch.forget(record, FORGOTTEN)
        batch.finish()
    return len(batch.removed)


def clear(catalogue: Catalogue, home: Home, traces: Traces) -> bool:
    """Clear what is left of forgotten notes; whether nothing is."""
    if not catalogue.needs_purge():
        return True
    with home.writing():
        stands = quoting.standing(catalogue)
        quoting.purge(home.evals, stands)
        done = [traces.purge(), _clear_recognised(home.recognised, catalogue), _clear_sessions(home, stands)]
        return all(done) and catalogue.purged()


def remember(catalogue: Catalogue, home: Home, place: Place) -> Forgotten:
    """Take the mark off: the next sync reads the files again.

    Raises:
        RootError: nothing there was forgotten.
    """
    marked = [r for r in catalogue.records_within(place.id).values() if is_forgotten(r)]
    if not marked:
        raise RootError("{path} was not forgotten: there is nothing to undo.", path=place.id)
    with home.writing(), catalogue.database.writing() as db:
        batch = Batch(db)
        for record in marked:
            batch.remove(record.id)
        batch.finish()
    return Forgotten(tuple(record.id for record in marked))


def is_forgotten(record: Record) -> bool:
    """Whether its owner wants a file left out for good."""
    return (record.status, record.reason) == ("skipped", FORGOTTEN)


def _clear_sessions(home: Home, stands: quoting.Stands) -> bool:
    if not (home.path / sessions.FILE).exists():
        return True
    with sessions.Sessions(home.path) as store:
        return store.purge(stands)


def _clear_recognised(path: Path, catalogue: Catalogue) -> bool:
    """Drop texts of files that are not, or no more, in the catalogue: earlier versions of a file too."""
    if not path.exists():
        return True
    records = [r for root in catalogue.roots() for r in catalogue.records(root.name).values()]
    try:
        with closing(recognised.Recognised(path)) as store:
            store.prune(r.sha256 for r in records if not is_forgotten(r))
        with closing(Database(path, recognised.STEPS)) as opened:
            return opened.scrub()
    except HomeError as e:
        if not database.is_damage(e):
            raise
        database.discard(path)  # what it holds cannot be told, and it only saves work
        return True


def _unread(place: Place, rules: ScanRules) -> list[Found]:
    assert place.root is not None  # noqa: S101 - the caller has looked
    return walk.walk(place.root, rules, walk.only([place.relative]) if place.relative else None).found


def _digest(found: Found) -> str:
    """Known by its bytes, a forgotten file stays so where it is moved."""
    try:
        return scan.sha256_of(found.path)
    except OSError:
        return ""
