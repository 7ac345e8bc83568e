"""Watching: a thread that calls for a sync when a file of a root changes.

It knows no engine; it is given callables. Where the system tells of changes, they are taken from there; on network
drives and such, and where the system cannot follow so many folders, file lists are compared every few seconds. Whatever goes wrong (a disk that was unplugged, a lock that another
process holds) is told once in one line and tried again later: a watcher never ends by itself.
"""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest import ignore
from rag.errors import FootnotesError, RootError
from rag.messages import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Roots = Callable[[], list[tuple[str, Path]]]
    Sync = Callable[[list[str], list[Path] | None], None]
    Listing = dict[Path, tuple[int, ...]]

_LOOK_S = 1.0  # between two looks at the list of roots and at what waits to be tried again
_FIRST_RETRY_S = 2.0
_LAST_RETRY_S = 60.0
_POLL_S = 2.0  # between two comparisons of file lists
_REST = 10  # times as long as a comparison took is the least pause after it
_MANY = 500  # changed paths, beyond which a root is looked at as a whole
_MOUNTS = Path("/proc/mounts")
# Linux file systems that others write to, whose changes the kernel does not see.
_REMOTE = frozenset(
    "9p afs beegfs ceph cifs coda davfs fakeowner gpfs lustre nfs nfs4 prl_fs smb3 smbfs vboxsf virtiofs vmhgfs".split()  # noqa: SIM905 - reads better
)
_LOCAL_FUSE = frozenset({"fuse.bindfs", "fuse.cryfs", "fuse.encfs", "fuse.gocryptfs", "fuse.mergerfs"})


class _Place(NamedTuple):
    """A root as it lies on the disk. ``inode`` is None while the folder is missing; another one is another folder."""

    name: str
    path: Path
    inode: int | None


class Watcher:
    """Keeps roots in sync until it is stopped.

    Args:
        roots: (name, folder) of every root; asked again every second, so roots may come and go.
        sync: makes the index equal the folders of these roots, or only these paths in them; called in the watcher's
            thread. It is called for every root as a whole at the start and for one that appears later, after a
            failure, and where very much has changed.
        on_error: receives one line for a sync that failed; the same line is not repeated.
        exclude: gitignore patterns of files and folders whose changes do not count: those that a sync leaves out.
            ``.footnotesignore`` files add to them.
        keep_out: folders whose changes do not count, such as a home that lies inside a root.
        debounce_s: changes within this time are one.
        force_polling: compare file lists instead of asking the system; None: where it must be.

    Raises:
        ConfigError: a pattern is none.
    """

    def __init__(
        self,
        roots: Roots,
        sync: Sync,
        on_error: Callable[[str], None],
        *,
        exclude: Sequence[str] = (),
        keep_out: Sequence[Path] = (),
        debounce_s: float = 0.5,
        force_polling: bool | None = None,
    ) -> None:
        self._roots = roots
        self._sync = sync
        self._on_error = on_error
        self._rules = ignore.of_setting("sync.exclude", exclude)
        self._keep_out = tuple(path.resolve() for path in keep_out)
        self._debounce_s = debounce_s
        self._force_polling = force_polling
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="footnotes-watch", daemon=True)
        self._waiting: dict[str, set[Path] | None] = {}  # roots to sync, and what of them; None: all
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
                self._waiting |= dict.fromkeys(p.name for p in places - known)
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
            for place in present:
                self._note(place, paths)
            self._sync_waiting()
            if any(p.path in paths for p in present) or self._places() != places:
                return

    def _changes(self, folders: list[Path]) -> Iterator[set[Path]]:
        """Changed paths; none when nothing has happened for a second."""
        polling = self._force_polling
        if polling is None:
            polling = any(map(is_remote, folders))
        if not polling:
            try:
                yield from self._told_changes(folders)
            except OSError as e:  # too many folders for this system, as a rule
                if all(folder.is_dir() for folder in folders):
                    self._tell(
                        RootError(
                            "Changes cannot be watched ({reason}): file lists are compared instead.",
                            reason=e.strerror or e,
                        )
                    )
                    polling = True
        if polling:
            yield from self._seen_changes(folders)

    def _told_changes(self, folders: list[Path]) -> Iterator[set[Path]]:
        from watchfiles import watch

        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=max(1, int(self._debounce_s * 1000)),
            step=max(1, int(self._debounce_s * 200)),
            stop_event=self._stopping,
            rust_timeout=int(_LOOK_S * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            yield {Path(path) for _, path in changes}

    def _seen_changes(self, folders: list[Path]) -> Iterator[set[Path]]:
        before = {folder: self._listing(folder) for folder in folders}
        yield set()
        while not self._stopping.is_set():
            began = time.monotonic()
            now = {folder: self._listing(folder) for folder in folders}
            yield {path for folder in folders for path in _differences(before[folder], now[folder])}
            before = now
            self._stopping.wait(max(_POLL_S, _REST * (time.monotonic() - began)))

    def _listing(self, folder: Path) -> Listing:
        """Every file that counts, with its state."""
        found: Listing = {}
        pending = [(folder, "", self._rules)]
        while pending:
            path, prefix, rules = pending.pop()
            try:
                with os.scandir(path) as entries:
                    listed = list(entries)
                if any(e.name == ignore.RULES_FILE and e.is_file(follow_symlinks=False) for e in listed):
                    rules = rules.joined(ignore.of_folder(path, prefix)[0])
            except OSError:
                continue  # a sync will tell
            for entry in listed:
                relative = prefix + entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if not self._is_left_out(Path(entry.path), rules, relative, folder=is_folder):
                    if is_folder:
                        pending.append((Path(entry.path), relative + "/", rules))
                    else:
                        found[Path(entry.path)] = _state(entry)
        return found

    def _is_left_out(self, path: Path, rules: ignore.Rules, relative: str, *, folder: bool) -> bool:
        if path.name == ignore.RULES_FILE and not folder:
            return False
        left_out = rules.against(unicodedata.normalize("NFC", relative), folder=folder)
        return left_out is not None or path in self._keep_out

    def _note(self, place: _Place, paths: Iterable[Path]) -> None:
        """Remember what is to be synced of a root."""
        changed: set[Path] = set()
        for path in paths:
            if (inside := self._counted(path, place.path)) is not None:
                changed.add(inside)
                if len(changed) > _MANY:
                    break
        if changed:
            waiting = self._waiting.get(place.name, set())
            together = None if waiting is None else waiting | changed
            self._waiting[place.name] = None if together is None or len(together) > _MANY else together
            self._retry_at = 0.0

    def _counted(self, path: Path, root: Path) -> Path | None:
        """A changed path as it lies in a root; None where it does not, or is left out."""
        real = root.resolve()  # where links are followed before an event is told (macOS)
        base = root if path.is_relative_to(root) else real if path.is_relative_to(real) else None
        if base is None or any(path.is_relative_to(folder) for folder in self._keep_out):
            return None
        relative = path.relative_to(base)
        if relative.parts and relative.name != ignore.RULES_FILE:
            try:
                if ignore.left_out(root, relative.as_posix(), self._rules):
                    return None
            except OSError:
                pass  # a sync will tell
        return root / relative

    def _sync_waiting(self) -> None:
        if not self._waiting or self._stopping.is_set() or time.monotonic() < self._retry_at:
            return
        known = {name for name, _ in self._roots()}
        waiting = {name: paths for name, paths in sorted(self._waiting.items()) if name in known}
        whole = [name for name, paths in waiting.items() if paths is None]
        partly = {name: paths for name, paths in waiting.items() if paths is not None}
        try:
            if whole:
                self._sync(whole, None)
            if partly:
                self._sync(list(partly), sorted(path for paths in partly.values() for path in paths))
        except Exception as e:  # noqa: BLE001 - tried again later, whatever it was
            self._tell(e)
            self._waiting = dict.fromkeys(self._waiting)
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
        else:
            self._waiting.clear()
            self._retry_at, self._retry_s, self._told = 0.0, _FIRST_RETRY_S, ""

    def _tell(self, error: Exception) -> None:
        text = explain(error) if isinstance(error, FootnotesError) else f"{type(error).__name__}: {error}"
        line = " ".join(text.split())
        if line != self._told:
            self._told = line
            self._on_error(line)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino if path.is_dir() else None
    except OSError:
        return None


def is_remote(folder: Path) -> bool:
    """Whether a folder lies where the system does not tell of changes: a network drive, or a container's mount."""
    try:
        lines = _MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False  # not Linux
    real = folder.resolve()
    kinds = {}
    for line in lines:
        _, place, kind, *_ = line.split(" ")
        for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            place = place.replace(code, sign)
        kinds[place] = kind  # a later mount hides an earlier one
    kind = next((kinds[str(p)] for p in (real, *real.parents) if str(p) in kinds), "")
    return kind in _REMOTE or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def _differences(before: Listing, now: Listing) -> set[Path]:
    return {path for path, _ in before.items() ^ now.items()}


def _state(entry: os.DirEntry[str]) -> tuple[int, ...]:
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError:
        return ()
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino
