"""From a folder and the catalogue's records to a plan: compare, hash only what may have changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.walk import (
    Found,
    ScanRules,
    Skip,
    Walk,
    document_id,
    folder_of,
    identified,
    nowhere,
    state_of,
    storable,
    walk,
)
from rag.errors import RootError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rag.store.catalogue import FileState, Record, Root

# A file changed this shortly before it was read may have changed again within the clock's resolution.
_RACY_NS = 2_000_000_000


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


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def scan(root: Root, known: Mapping[str, Record], rules: ScanRules) -> Plan:
    """Compare a root's folder with what the catalogue knows of it.

    Raises:
        RootError: the folder is missing or cannot be listed.
    """
    seen = walk(root, rules)
    for doc_id, reason in _below(known, root, seen.unlisted).items():
        relative = doc_id.partition("/")[2]
        seen.unreadable.append(Skip(nowhere(doc_id, folder_of(root) / relative, relative), reason))
    plan = _Comparison(known, rules).run(seen.found)
    plan = replace(
        plan,
        root=root,
        skipped=tuple(seen.skipped),
        unreadable=plan.unreadable + tuple(seen.unreadable),
        left_out=tuple(storable(document_id(root.name, folder)) for folder in seen.left_out),
    )
    present = {f.id for f in seen.found} | {s.found.id for s in (*seen.skipped, *plan.unreadable)}
    missing = [i for i in known if i not in present]
    return _with_moves(plan, missing)


def _below(known: Mapping[str, Record], root: Root, folders: Mapping[str, str]) -> dict[str, str]:
    """What cannot be read because its folder cannot be entered: the folder itself and every known file below."""
    locked: dict[str, str] = {}
    for folder, reason in folders.items():
        doc_id = storable(document_id(root.name, folder))
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
        looked = Walk()
        for entry, _, doc_id in identified(root, rules, looked, deadline):
            record = known.get(doc_id)
            seen.add(doc_id)
            if record is None:
                changed += rules.supported(entry.name)
            elif record.status != "failed" or record.sha256:  # one that cannot be read stays a failure
                changed += not _same(record.state, state_of(entry.stat(follow_symlinks=False), ""))
    except (OSError, RootError):
        return None
    locked = _below(known, root, looked.unlisted)
    return changed + len(known.keys() - seen - locked.keys())


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
            record.status == "skipped"
            or record.recipe != self.rules.recipe(found.id)
            or found.id in self.rules.damaged
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
