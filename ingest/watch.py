"""Watching: a thread that calls for a sync when a file of a root changes.

It knows no engine; it is given callables. Whatever goes wrong (a disk that was unplugged, a lock that another
process holds) is told once in one line and tried again later: a watcher never ends by itself.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rag.errors import FootnotesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Roots = Callable[[], list[tuple[str, Path]]]

_LOOK_S = 1.0  # between two looks at the list of roots and at what waits to be tried again
_FIRST_RETRY_S = 2.0
_LAST_RETRY_S = 60.0


class _Place(NamedTuple):
    """A root as it lies on the disk. ``inode`` is None while the folder is missing; another one is another folder."""

    name: str
    path: Path
    inode: int | None


class Watcher:
    """Keeps roots in sync until it is stopped.

    Args:
        roots: (name, folder) of every root; asked again every second, so roots may come and go.
        sync: makes the index equal the folders of these roots; called in the watcher's thread. It is called
            for every root at the start, and for one that appears later.
        on_error: receives one line for a sync that failed; the same line is not repeated.
        exclude: glob patterns of file and folder names whose changes do not count: those that a sync leaves out.
        keep_out: folders whose changes do not count, such as a home that lies inside a root.
        debounce_s: changes within this time are one.
        force_polling: compare file lists instead of asking the system, for network drives.
    """

    def __init__(
        self,
        roots: Roots,
        sync: Callable[[list[str]], None],
        on_error: Callable[[str], None],
        *,
        exclude: Sequence[str] = (),
        keep_out: Sequence[Path] = (),
        debounce_s: float = 0.5,
        force_polling: bool = False,
    ) -> None:
        self._roots = roots
        self._sync = sync
        self._on_error = on_error
        self._exclude = tuple(exclude)
        self._keep_out = tuple(path.resolve() for path in keep_out)
        self._debounce_s = debounce_s
        self._force_polling = force_polling
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="footnotes-watch", daemon=True)
        self._waiting: set[str] = set()  # roots to sync, or to try again
        self._retry_at = 0.0
        self._retry_s = _FIRST_RETRY_S
        self._told = ""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End; a sync that is running may finish within the time given."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        known: frozenset[_Place] = frozenset()
        while not self._stopping.is_set():
            try:
                places = self._places()
                self._waiting |= {p.name for p in places - known}
                known = places
                self._watch(places)
            except Exception as e:  # noqa: BLE001 - a watcher that dies leaves an index that lies
                self._tell(e)
                self._stopping.wait(_LOOK_S)

    def _places(self) -> frozenset[_Place]:
        return frozenset(_Place(name, path, _inode(path)) for name, path in self._roots())

    def _watch(self, places: frozenset[_Place]) -> None:
        """Follow changes for as long as the roots stay where they are."""
        present = [p for p in places if p.inode is not None]
        if not present:
            self._sync_waiting()
            self._stopping.wait(_LOOK_S)
            return
        # What waits is synced inside the loop only: the watch stands by then, and no change falls between.
        for paths in self._changes([p.path for p in present]):
            touched = {p.name for p in present if any(self._counts(path, p.path) for path in paths)}
            if touched:
                self._waiting |= touched
                self._retry_at = 0.0
            self._sync_waiting()
            if any(p.path in paths for p in present) or self._places() != places:
                return

    def _changes(self, folders: list[Path]) -> Iterator[set[Path]]:
        """Changed paths; none when nothing has happened for a second."""
        from watchfiles import watch

        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=max(1, int(self._debounce_s * 1000)),
            step=max(1, int(self._debounce_s * 200)),
            stop_event=self._stopping,
            rust_timeout=int(_LOOK_S * 1000),
            yield_on_timeout=True,
            force_polling=self._force_polling or None,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            yield {Path(path) for _, path in changes}

    def _counts(self, path: Path, root: Path) -> bool:
        """Whether a changed path lies in a root and is not left out."""
        real = root.resolve()  # where links are followed before an event is told (macOS)
        base = root if path.is_relative_to(root) else real if path.is_relative_to(real) else None
        if base is None or any(path.is_relative_to(folder) for folder in self._keep_out):
            return False
        parts = path.relative_to(base).parts
        return not any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in self._exclude)

    def _sync_waiting(self) -> None:
        if not self._waiting or self._stopping.is_set() or time.monotonic() < self._retry_at:
            return
        names = sorted(self._waiting & {name for name, _ in self._roots()})
        try:
            if names:
                self._sync(names)
        except Exception as e:  # noqa: BLE001 - tried again later, whatever it was
            self._tell(e)
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
        else:
            self._waiting.clear()
            self._retry_at, self._retry_s, self._told = 0.0, _FIRST_RETRY_S, ""

    def _tell(self, error: Exception) -> None:
        text = str(error) if isinstance(error, FootnotesError) else f"{type(error).__name__}: {error}"
        line = " ".join(text.split())
        if line != self._told:
            self._told = line
            self._on_error(line)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino if path.is_dir() else None
    except OSError:
        return None
