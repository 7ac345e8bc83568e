"""The home folder: where everything that Footnotes keeps lies, and who may write there."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from rag.errors import BusyError, HomeError
from rag.store.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import FileLock


class Home:
    """Paths inside the home, and its write lock, which processes and threads take in turn.

    Args:
        path: the folder; created where it does not exist.
        wait_s: how long to wait for the write lock.
    """

    def __init__(self, path: Path, wait_s: float = 30.0) -> None:
        self.path = private_folder(path.expanduser().resolve())
        self.catalogue = self.path / "catalogue.db"
        self.vectors = self.path / "vectors.db"
        self.lexical = self.path / "lexical"
        self.dense = self.path / "dense"
        self.graph = self.path / "graph"
        self.recognised = self.path / "recognised.db"
        self.images = self.path / "images"
        self.evals = self.path / "evals"
        self._wait_s = wait_s

    # A search mostly locks nothing, and need not load what locks.

    @cached_property
    def _lock(self) -> FileLock:
        return _lock(self.path / "write.lock")

    @cached_property
    def _switch_lock(self) -> FileLock:
        return _lock(self.path / "switch.lock")

    @contextlib.contextmanager
    def writing(self, wait_s: float | None = None) -> Iterator[None]:
        """Hold the write lock; held for one batch at a time, never for a whole run.

        Raises:
            BusyError: another process held it for ``wait_s`` seconds.
            HomeError: the home is read-only.
        """
        from filelock import Timeout

        wait_s = self._wait_s if wait_s is None else wait_s
        try:
            self._lock.acquire(timeout=wait_s, poll_interval=0.02)
        except Timeout as e:
            raise BusyError(
                "Another Footnotes process has been writing in {path} for {seconds} seconds. "
                "Wait for it to finish, or stop it.",
                path=self.path,
                seconds=wait_s,
            ) from e
        except OSError as e:
            raise HomeError(
                "The home {path} cannot be written: {reason}.", path=self.path, reason=e.strerror or e
            ) from e
        try:
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def switching(self) -> Iterator[None]:
        """Be the only one who builds, switches or removes a model's index; others may sync and search meanwhile.

        Raises:
            BusyError: another process is doing so.
            HomeError: the home is read-only.
        """
        from filelock import Timeout

        try:
            self._switch_lock.acquire(timeout=0)
        except Timeout as e:
            raise BusyError(
                "Another Footnotes process is rebuilding the index in {path}. Wait for it to finish, or stop it.",
                path=self.path,
            ) from e
        except OSError as e:
            raise HomeError(
                "The home {path} cannot be written: {reason}.", path=self.path, reason=e.strerror or e
            ) from e
        try:
            yield
        finally:
            self._switch_lock.release()


def _lock(path: Path) -> FileLock:
    from filelock import FileLock

    return FileLock(path, mode=0o600)
