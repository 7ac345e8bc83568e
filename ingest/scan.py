"""From a folder and the catalogue's records to a plan: walk, compare, hash only what may have changed."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import time
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RootError
from rag.store.catalogue import FileState, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rag.store.catalogue import Root

# A file changed this shortly before it was read may have changed again within the clock's resolution.
_RACY_NS = 2_000_000_000

# Why a file is skipped; shown to people, in their language.
LINK = "symbolic link"
NOT_A_FILE = "not a regular file"
NO_LOADER = "no loader for this file type"
TOO_LARGE = "larger than sync.max_file_mb"
BAD_NAME = "file name is not valid UTF-8"
LEFT_OUT = "folder left out by sync.exclude"
REASONS = (LINK, NOT_A_FILE, NO_LOADER, TOO_LARGE, BAD_NAME, LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a root: its document id, where it lies, and its state."""

    id: str
    path: Path
    state: FileState


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that is not read, and why."""

    found: Found
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync of one root has to do. ``known`` is what the catalogue said when the plan was made."""

    root: Root
    known: Mapping[str, Record]
    added: tuple[Found, ...] = ()
    changed: tuple[Found, ...] = ()
    moved: tuple[tuple[str, Found], ...] = ()
    removed: tuple[str, ...] = ()
    touched: tuple[Found, ...] = ()
    unchanged: int = 0
    skipped: tuple[Skip, ...] = ()
    unreadable: tuple[Skip, ...] = ()
    still_failed: tuple[Skip, ...] = ()
    left_out: tuple[str, ...] = ()

    def was_indexed(self, doc_id: str) -> bool:
        """Whether the catalogue held this note when the plan was made."""
        known = self.known.get(doc_id)
        return known is not None and known.status == "indexed"

    @property
    def work(self) -> int:
        """Files to read."""
        return len(self.added) + len(self.changed) + len(self.moved)


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What a scan leaves out, and which rows it does not trust.

    Attributes:
        exclude: glob patterns for names of files and folders.
        max_bytes: larger files are skipped.
        recipe: rows made by another one are made again.
        supported: whether there is a loader for a file name.
        keep_out: folders that are not entered: the home.
        verify: hash every file, whatever its size and times say.
        damaged: documents whose rows are to be made again.
    """

    exclude: tuple[str, ...]
    max_bytes: int
    recipe: str
    supported: Callable[[str], bool]
    keep_out: tuple[Path, ...] = ()
    verify: bool = False
    damaged: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Walk:
    found: list[Found] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)  # folders that cannot be entered, and why
    left_out: list[str] = field(default_factory=list)  # folders that sync.exclude names
    skipped: list[Skip] = field(default_factory=list)
    unreadable: list[Skip] = field(default_factory=list)


def document_id(root: str, relative: str) -> str:
    """``root/relative/path``: forward slashes, NFC (macOS stores names decomposed)."""
    return unicodedata.normalize("NFC", f"{root}/{relative.replace(os.sep, '/')}")


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def scan(root: Root, known: Mapping[str, Record], rules: ScanRules) -> Plan:
    """Compare a root's folder with what the catalogue knows of it.

    Raises:
        RootError: the folder is missing or cannot be listed.
    """
    walk = _walk(root, rules)
    for doc_id, reason in _below(known, root, walk.unlisted).items():
        walk.unreadable.append(Skip(_nowhere(doc_id, root.path / doc_id, doc_id), reason))  # type: ignore[operator] # a walk has a path
    plan = _Comparison(known, rules).run(walk.found)
    plan = replace(
        plan,
        root=root,
        skipped=tuple(walk.skipped),
        unreadable=plan.unreadable + tuple(walk.unreadable),
        left_out=tuple(document_id(root.name, folder) for folder in walk.left_out),
    )
    seen = {f.id for f in walk.found} | {s.found.id for s in (*walk.skipped, *plan.unreadable)}
    missing = [i for i in known if i not in seen]
    return _with_moves(plan, missing)


def check_present(root: Root) -> None:
    """Whether a root's folder is there.

    Raises:
        RootError: it is not; what is known of it is kept.
    """
    if root.path is None or not root.path.is_dir():
        raise RootError(
            "The folder {path} of root {name!r} is missing; its notes are kept. "
            "Mount it, or run `footnotes roots remove {name}`.",
            path=root.path,
            name=root.name,
        )


def _below(known: Mapping[str, Record], root: Root, folders: Mapping[str, str]) -> dict[str, str]:
    """What cannot be read because its folder cannot be entered: the folder itself and every known file below."""
    locked: dict[str, str] = {}
    for folder, reason in folders.items():
        doc_id = document_id(root.name, folder)
        why = f"the folder cannot be listed: {reason}"
        locked |= {i: why for i in known if i.startswith(doc_id + "/")} | {doc_id: why}
    return locked


def refuse_large_loss(plan: Plan, failing: Iterable[str] = ()) -> None:
    """A folder that is suddenly empty, or has lost over half of its files, was probably not emptied on purpose.

    Lost is a note that is gone, cannot be read, is left out now (a link, too large), or has no byte any more.

    Args:
        plan: what a scan found.
        failing: further notes that turned out to be unreadable.

    Raises:
        RootError: so it looks; nothing more may be applied.
    """
    readable = [r for r in plan.known.values() if r.status == "indexed"]
    gone = {*plan.removed, *failing, *(s.found.id for s in (*plan.skipped, *plan.unreadable))}
    gone |= {f.id for f in plan.changed if f.state.size == 0 and plan.known[f.id].state.size > 0}
    lost = sum(map(plan.was_indexed, gone))
    if lost * 2 > len(readable):
        raise RootError(
            "{path} has lost {lost} of its {known} notes (root {name!r}); nothing was changed. "
            "If that is right, run again with --accept-deletions.",
            path=plan.root.path,
            lost=lost,
            known=len(readable),
            name=plan.root.name,
        )


def changed_files(root: Root, known: Mapping[str, Record], rules: ScanRules, deadline: float) -> int | None:
    """How many files differ from the catalogue by their state alone (nothing is read).

    Args:
        root: the root to look at.
        known: the catalogue's records of it.
        rules: as for a scan.
        deadline: ``time.monotonic()`` at which to give up.

    Returns:
        The count; None when the deadline came first or the folder is missing.
    """
    changed, seen = 0, set()
    try:
        walk = _Walk()
        for entry, _, doc_id in _identified(root, rules, walk, deadline):
            record = known.get(doc_id)
            seen.add(doc_id)
            if record is None:
                changed += rules.supported(entry.name)
            elif record.status != "failed" or record.sha256:  # one that cannot be read stays a failure
                changed += not _same(record.state, _state(entry.stat(follow_symlinks=False), ""))
    except (OSError, RootError):
        return None
    locked = _below(known, root, walk.unlisted)
    return changed + len(known.keys() - seen - locked.keys())


def _walk(root: Root, rules: ScanRules) -> _Walk:
    walk = _Walk()
    for entry, relative, doc_id in _identified(root, rules, walk):
        path = Path(entry.path)
        try:
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError as e:
            walk.unreadable.append(Skip(_nowhere(doc_id, path, relative), e.strerror or str(e)))
            continue
        if not _is_text(relative):
            walk.skipped.append(Skip(Found(doc_id, path, _state(info, doc_id)), BAD_NAME))
            continue
        found = Found(doc_id, path, _state(info, relative))
        if reason := _reason_to_skip(entry, info, rules):
            walk.skipped.append(Skip(found, reason))
        else:
            walk.found.append(found)
    return walk


def _identified(
    root: Root, rules: ScanRules, walk: _Walk, deadline: float | None = None
) -> Iterator[tuple[os.DirEntry[str], str, str]]:
    """Every file with its path in the root and its document id, each id once.

    Names that are NFC claim theirs first; a twin that differs only in Unicode normal form keeps its own spelling.

    Raises:
        TimeoutError: the deadline came first.
    """
    listed = []
    for entry, relative in _entries(root, rules, walk):
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError
        listed.append((entry, relative, document_id(root.name, relative)))
    listed.sort(key=lambda one: one[2] != f"{root.name}/{one[1]}")  # stable
    taken: set[str] = set()
    for entry, relative, doc_id in listed:
        if doc_id in taken:
            doc_id = f"{root.name}/{relative}"  # noqa: PLW2901 - the id that is left
        doc_id = doc_id.encode("utf-8", "backslashreplace").decode("utf-8")  # noqa: PLW2901 - legible, storable
        while doc_id in taken:
            doc_id += "?"  # noqa: PLW2901 - a name that spells out another's undecodable bytes
        taken.add(doc_id)
        yield entry, relative, doc_id


def _reason_to_skip(entry: os.DirEntry[str], info: os.stat_result, rules: ScanRules) -> str:
    if stat.S_ISLNK(info.st_mode):
        return LINK
    if not stat.S_ISREG(info.st_mode):
        return NOT_A_FILE
    if not rules.supported(entry.name):
        return NO_LOADER
    if info.st_size > rules.max_bytes:
        return TOO_LARGE
    return ""


def _entries(root: Root, rules: ScanRules, walk: _Walk) -> Iterator[tuple[os.DirEntry[str], str]]:
    check_present(root)
    assert root.path is not None  # noqa: S101 - checked
    pending = [(root.path, "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda e: e.name)
        except FileNotFoundError:
            check_present(root)
            continue  # a folder that went while we looked
        except OSError as e:
            if prefix:
                walk.unlisted[prefix.rstrip("/")] = e.strerror or str(e)
                continue
            raise RootError(
                "The folder {path} cannot be listed: {reason}. Nothing of root {name!r} was changed.",
                path=folder,
                reason=e.strerror or e,
                name=root.name,
            ) from e
        for entry in listed:
            if Path(entry.path) in rules.keep_out:
                continue
            relative = f"{prefix}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if _excluded(entry.name, rules.exclude):
                if is_folder:
                    walk.left_out.append(relative + "/")
                continue
            if is_folder:
                pending.append((Path(entry.path), relative + "/"))
            else:
                yield entry, relative


def _excluded(name: str, patterns: Sequence[str]) -> bool:
    normal = unicodedata.normalize("NFC", name)
    return any(fnmatch.fnmatchcase(normal, unicodedata.normalize("NFC", p)) for p in patterns)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _state(info: os.stat_result, relative: str) -> FileState:
    return FileState(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, time.time_ns(), relative)


def _nowhere(doc_id: str, path: Path, relative: str) -> Found:
    relative = relative if _is_text(relative) else doc_id
    return Found(doc_id, path, FileState(0, 0, 0, 0, 0, relative))


def _same(old: FileState, new: FileState) -> bool:
    return (old.size, old.mtime_ns, old.ctime_ns, old.inode) == (
        new.size,
        new.mtime_ns,
        new.ctime_ns,
        new.inode,
    )


def _settled(state: FileState) -> bool:
    return max(state.mtime_ns, state.ctime_ns) + _RACY_NS < state.scanned_ns


@dataclass(slots=True)
class _Comparison:
    known: Mapping[str, Record]
    rules: ScanRules
    added: list[Found] = field(default_factory=list)
    changed: list[Found] = field(default_factory=list)
    touched: list[Found] = field(default_factory=list)
    unreadable: list[Skip] = field(default_factory=list)
    still_failed: list[Skip] = field(default_factory=list)
    unchanged: int = 0

    def run(self, files: Sequence[Found]) -> Plan:
        for found in files:
            try:
                self._compare(found)
            except FileNotFoundError:
                continue  # it went while we looked
            except OSError as e:
                self.unreadable.append(Skip(found, e.strerror or str(e)))
        return Plan(
            root=None,  # type: ignore[arg-type] # scan() fills it in
            known=self.known,
            added=tuple(self.added),
            changed=tuple(self.changed),
            touched=tuple(self.touched),
            unchanged=self.unchanged,
            unreadable=tuple(self.unreadable),
            still_failed=tuple(self.still_failed),
        )

    def _compare(self, found: Found) -> None:
        record = self.known.get(found.id)
        if record is None:
            self.added.append(found)
        elif (
            record.status == "skipped" or record.recipe != self.rules.recipe or found.id in self.rules.damaged
        ):
            self.changed.append(found)
        elif _same(record.state, found.state) and _settled(record.state) and not self.rules.verify:
            self._keep(found, record)
        elif sha256_of(found.path) == record.sha256:
            self._keep(found, record)
            self.touched.append(found)
        else:
            self.changed.append(found)

    def _keep(self, found: Found, record: Record) -> None:
        if record.status == "failed":
            self.still_failed.append(Skip(found, record.reason))
        else:
            self.unchanged += 1


def _with_moves(plan: Plan, missing: Sequence[str]) -> Plan:
    """Files that vanished here and appeared there with the same bytes are moves."""
    by_hash: dict[str, list[str]] = defaultdict(list)
    sizes = set()
    for doc_id in missing:
        record = plan.known[doc_id]
        if record.status == "indexed":
            by_hash[record.sha256].append(doc_id)
            sizes.add(record.state.size)
    added, moved = [], []
    for found in plan.added:
        old = _same_bytes(found, by_hash) if found.state.size in sizes else None
        if old is None:
            added.append(found)
        else:
            moved.append((old, found))
    gone = {old for old, _ in moved}
    return replace(
        plan,
        added=tuple(added),
        moved=tuple(moved),
        removed=tuple(i for i in missing if i not in gone),
    )


def _same_bytes(found: Found, by_hash: Mapping[str, list[str]]) -> str | None:
    try:
        candidates = by_hash.get(sha256_of(found.path))
    except OSError:
        return None
    if not candidates:
        return None
    # A file that kept its name moved between folders; prefer it over a stranger with equal bytes.
    name = found.id.rpartition("/")[2]
    best = next((c for c in candidates if c.rpartition("/")[2] == name), candidates[0])
    candidates.remove(best)
    return best
