"""SQLite connections: one a thread, WAL, durable commits, private files, deleted content overwritten.

A file that may not be written is opened to read: from a read-only disk, questions are still answered.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING

from rag.errors import FootnotesError, HomeError
from rag.store import migrations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BUSY_MS = 30_000


def private_folder(path: Path) -> Path:
    """A folder that only its owner can read, if it is made here; one that is there keeps its mode.

    Raises:
        HomeError: it cannot be created or written.
    """
    try:
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as e:
        raise HomeError(
            "The home {path} cannot be used: {reason}. Name another with --home or FOOTNOTES_HOME.",
            path=path,
            reason=e.strerror or e,
        ) from e
    return path


class Database:
    """A migrated SQLite file. Reads and writes are explicit transactions."""

    def __init__(self, path: Path, steps: Sequence[str]) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[tuple[weakref.ref[threading.Thread], sqlite3.Connection]] = []
        self._guard = threading.Lock()
        self._is_read_only = path.exists() and not is_writable(path)
        try:
            if not path.exists():
                path.touch(mode=0o600)
            migrations.migrate(self._connection(), steps, path)
        except sqlite3.OperationalError as e:
            self.close()
            raise HomeError(
                "{path} cannot be opened: {reason}. Give permission to write there, or name another home.",
                path=path,
                reason=e,
            ) from e
        except (sqlite3.DatabaseError, UnicodeDecodeError) as e:
            self.close()
            raise _damaged(path, e) from e
        except OSError as e:
            raise HomeError(
                "The home {path} cannot be used: {reason}. Name another with --home or FOOTNOTES_HOME.",
                path=path.parent,
                reason=e.strerror or e,
            ) from e

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connected()
            self._local.connection = connection
            with self._guard:
                self._close_of_dead_threads()
                self._all.append((weakref.ref(threading.current_thread()), connection))
        return connection

    def _connected(self) -> sqlite3.Connection:
        place = self._uri() if self._is_read_only else str(self.path)
        connection = sqlite3.connect(
            place,
            isolation_level=None,
            timeout=_BUSY_MS / 1000,
            check_same_thread=False,
            uri=self._is_read_only,
        )
        try:
            if not self._is_read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _uri(self) -> str:
        """The file, to read only. What is still in the log beside it needs the log's index; else nobody can write."""
        log = self.path.with_name(self.path.name + "-wal")
        has_log = log.exists() and log.stat().st_size > 0
        return f"{self.path.absolute().as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"

    def _close_of_dead_threads(self) -> None:
        alive = []
        for owner, connection in self._all:
            thread = owner()
            if thread is not None and thread.is_alive():
                alive.append((owner, connection))
            else:
                connection.close()
        self._all = alive

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent snapshot.

        Raises:
            HomeError: the file is damaged.
        """
        db = self._connection()
        if db.in_transaction:  # a read inside this thread's own transaction sees that transaction
            yield db
            return
        with self._explained():
            db.execute("BEGIN")
            try:
                yield db
            finally:
                _roll_back(db)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at the end and rolled back on any exception.

        Raises:
            HomeError: the disk is full, or the file read-only or locked.
        """
        db = self._connection()
        with self._explained():
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            finally:
                _roll_back(db)

    def scrub(self) -> bool:
        """Leave nothing of deleted rows in the files: write them anew, and empty the log.

        Returns:
            Whether it is done; False while somebody reads an older state.

        Raises:
            HomeError: the disk is full, or the file read-only or locked.
        """
        db = self._connection()
        with self._explained():
            db.execute("VACUUM")
            is_busy: int = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not is_busy

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FootnotesError:
            raise
        except (sqlite3.OperationalError, UnicodeDecodeError) as e:
            if _is_no_text(e):
                raise _damaged(self.path, e) from e
            raise HomeError(
                "{path} cannot be read or written: {reason}. Nothing of this step was kept; "
                "make room or give permission, then run the command again.",
                path=self.path,
                reason=e,
            ) from e
        except Exception as e:
            damage = self._damage_behind(e)
            if damage is None:  # a mistake of ours, not of the file
                raise
            raise _damaged(self.path, damage) from damage

    def _damage_behind(self, error: Exception) -> sqlite3.DatabaseError | None:
        """What is wrong with the file: SQLite looks at a value's type where it is written, not where it is read.

        So a damaged row may lead to any error.
        """
        if type(error) is sqlite3.DatabaseError:
            return error
        try:
            found: str = self._connection().execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError as e:
            return e
        return None if found == "ok" else sqlite3.DatabaseError(found)

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for _, connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


def is_writable(path: Path) -> bool:
    """Whether a file, and what comes to lie beside it, may be written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def is_damage(error: HomeError) -> bool:
    """Whether the file holds no sound database, rather than that it may not be used now."""
    cause = error.__cause__
    is_of_sqlite = isinstance(cause, sqlite3.DatabaseError)
    return _is_no_text(cause) or (is_of_sqlite and not isinstance(cause, sqlite3.OperationalError))


def discard(path: Path) -> None:
    """Remove a database that only saves work, with its log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _is_no_text(error: BaseException | None) -> bool:
    """Whether bytes in the file should be text and are not: a value, or what SQLite's own message quotes."""
    is_value = isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)
    return is_value or isinstance(error, UnicodeDecodeError)


def _damaged(path: Path, error: Exception) -> HomeError:
    return HomeError(
        "{path} is damaged: {reason}. Restore the home from a backup, or move the home away and sync again.",
        path=path,
        reason=error,
    )


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        with contextlib.suppress(sqlite3.OperationalError):  # the failure that counts is raised already
            db.execute("ROLLBACK")
