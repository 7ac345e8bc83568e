"""The graph's derived index: in memory always as the catalogue says, on disk now and then.

The file is only where to start from. Whoever opens it reads the documents that have changed since, about a millisecond
each, so that a saved note costs no writing; it is written anew when it is small, or when much has changed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rag.errors import HomeError, IndexDamagedError
from rag.store import facts, manifest
from rag.store.follow import room

if TYPE_CHECKING:
    import sqlite3

    from graph.matrix.table import Table
    from graph.matrix.woven import Woven
    from rag.home import Home
    from rag.store.catalogue import Catalogue

_FEW: Final = 64  # changed documents that a question waits for, whoever writes meanwhile
_SMALL: Final = 500  # documents of a home whose graph a question makes for itself where it cannot be kept
_SMALL_FILE: Final = 4 << 20  # bytes, up to which the file is written at every change
_SHARE: Final = 0.01  # of all documents, changed since a larger file was written: then it is written anew


@dataclass(frozen=True, slots=True)
class State:
    """The graph as of a generation; never altered, since searches go on in it."""

    generation: int
    table: Table


class Matrix:
    """Follows what documents say. Safe to use from many threads. Loads numpy only where it has something to do.

    Args:
        home: its folder ``graph`` holds the file; made with the first build.
        catalogue: the truth.
    """

    def __init__(self, home: Home, catalogue: Catalogue) -> None:
        self._home = home
        self._catalogue = catalogue
        self._lock = threading.RLock()
        self._state: State | None = None
        self._saved: manifest.Manifest | None = None
        self._woven: tuple[int, Woven] | None = None

    @property
    def generation(self) -> int:
        """The graph's generation reached; -1 where there is none yet."""
        return self._state.generation if self._state else -1

    @property
    def count(self) -> int:
        """Edges, those of a document that join the same nodes in the same way as one."""
        return len(self._state.table.rows) if self._state else 0

    def woven(self) -> Woven | None:
        """The graph as of the last ``refresh`` or ``follow``, ready for walks; None: there is none."""
        with self._lock:
            if self._state is None:
                self.refresh()
            state = self._state
            if state is None:
                return None
            from graph.matrix.woven import woven

            if self._woven is None or self._woven[0] != state.generation:
                self._woven = state.generation, woven(state.table)
            return self._woven[1]

    def refresh(self) -> None:
        """Catch up before a question, without waiting for a process that writes; then what is there must do."""
        with self._lock:
            if self._is_current() or (self._state and self._catch_up(_FEW)):
                return
            self._load()
            if self._is_current() or (self._state and self._catch_up(_FEW)):
                return
            try:
                with self._home.writing(0):
                    self.follow()
            except HomeError:
                if self._state is None:
                    self._catch_up(_SMALL)

    def follow(self) -> None:
        """Catch up, and write the file where it is worth it. The caller holds the write lock.

        Raises:
            HomeError: no room or no permission.
        """
        with self._lock:
            if self._state is None or not self._is_current():
                self._load()
            if not self._is_current():
                self._catch_up(None)
            if self._is_worth_saving():
                self._save()

    def rebuild(self) -> None:
        """Make the graph and its file anew. The caller holds the write lock.

        Raises:
            HomeError: no room or no permission.
        """
        with self._lock:
            self._state = None
            self._catch_up(None)
            self._save()

    def purge(self) -> None:
        """Leave nothing in the file of documents that are gone. The caller holds the write lock."""
        self.rebuild()

    def check(self) -> None:
        """Verify the file against its checksum.

        Raises:
            IndexDamagedError: it differs, or there is none.
        """
        from graph.matrix import file

        file.load(self._home.graph, manifest.read(self._home.graph))

    def _is_current(self) -> bool:
        with self._catalogue.database.reading() as db:
            return self.generation == facts.generation(db)

    def _load(self) -> None:
        """Take up what is on disk, unless it is what is here, or cannot be read."""
        from graph.matrix import file

        try:
            found = manifest.read(self._home.graph)
            if found == self._saved and self._state is not None:
                return
            table = file.load(self._home.graph, found)
        except IndexDamagedError:
            self._saved = None
            return
        self._saved = found
        self._state = State(found.generation, table)

    def _catch_up(self, most: int | None) -> bool:
        """Read the documents that have changed, unless they are too many."""
        from graph.matrix import reading

        known = self._state
        with self._catalogue.database.reading() as db:
            changes = facts.changed_since(db, known.generation) if known else None
            if most is not None and (len(changes[0]) if changes else _documents(db)) > most:
                return False
            if known and changes:
                table, generation = reading.changed(db, known.table, changes[0]), changes[1]
            else:
                table, generation = reading.whole(db), facts.generation(db)
        self._state = State(generation, table)
        return True

    def _is_worth_saving(self) -> bool:
        assert self._state is not None  # noqa: S101 - the caller has caught up
        if self._saved is None:
            return True
        if self._saved.generation == self._state.generation:
            return False
        if self._state.table.size <= _SMALL_FILE:
            return True
        with self._catalogue.database.reading() as db:
            changes = facts.changed_since(db, self._saved.generation)
            return changes is None or len(changes[0]) > _SHARE * _documents(db)

    def _save(self) -> None:
        from graph.matrix import file

        assert self._state is not None  # noqa: S101 - the caller has caught up
        with room():
            self._saved = file.save(self._home.graph, self._state.table, self._state.generation)


def _documents(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT count(*) FROM documents WHERE status = 'indexed'").fetchone()[0]
    return count
