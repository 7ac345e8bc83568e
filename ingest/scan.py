"""From a folder and the catalogue's records to a plan: compare, hash only what may have changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.walk import (
    FORGOTTEN,
    LOCKED,
    Found,
    Judge,
    ScanRules,
    Skip,
    Walk,
    document_id,
    folder_of,
    identified,
    is_left_out,
    nowhere,
    storable,
    walk,
)
from rag.errors import RootError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ingest.walk import Only
    from rag.store.catalogue import FileState, Record, Root

# A file changed this shortly before it was read may have changed again within the clock's resolution.
_RACY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync of one root has to do.

    Every file that was met is new, changed, moved, unchanged, skipped, unreadable, or was read before and failed or
    was no note: one of them.

    Attributes:
        known: what the catalogue said when the plan was made; of a partial scan, of what it looked at.
        notes: how many notes of the root are indexed; None: those that are ``known``.
    """

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
    still_skipped: tuple[Skip, ...] = ()
    notes: int | None = None

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


def scan(root: Root, known: Mapping[str, Record], rules: ScanRules, wanted: Only | None = None) -> Plan:
    """Compare a root's folder with what the catalogue knows of it.

    Args:
        root: the root to look at.
        known: the catalogue's records of it; of a partial scan, at least of what is wanted, below it and around it.
        rules: what is left out.
        wanted: what a partial scan looks at, from ``walk.only``; None: everything.

    Raises:
        RootError: the folder is missing or cannot be listed.
        ConfigError: a setting holds a pattern that is none.
    """
    seen = walk(root, rules, wanted)
    for doc_id, reason in _below(known, root, seen.unlisted).items():
        relative = doc_id.partition("/")[2]
        seen.unreadable.append(Skip(nowhere(doc_id, folder_of(root) / relative, relative), reason))
    forgotten = _Forgotten(root, {i: r for i, r in known.items() if _is_forgotten(r)})
    forgotten.keep(seen)
    plan = _Comparison(known, rules).run(seen.found)
    plan = replace(
        plan,
        root=root,
        skipped=tuple(seen.skipped),
        unreadable=plan.unreadable + tuple(seen.unreadable),
    )
    present = {f.id for f in seen.found} | {s.found.id for s in (*seen.skipped, *plan.unreadable)}
    missing = [i for i in known if i not in present]
    return _with_moves(forgotten.follow(plan, missing), missing)


def recipe_of(found: Found, recipe: Callable[[str], str]) -> str:
    """What would make a file's rows now; another encoding, named by the settings, makes others."""
    return f"{recipe(found.id)}:{found.encoding}" if found.encoding else recipe(found.id)


def _below(known: Mapping[str, Record], root: Root, folders: Mapping[str, str]) -> dict[str, str]:
    """What cannot be read because its folder cannot be entered: the folder itself and every known file below."""
    locked: dict[str, str] = {}
    for folder, reason in folders.items():
        doc_id = storable(document_id(root.name, folder))
        why = LOCKED.format(reason=reason)
        locked |= {i: why for i in known if i.startswith(doc_id + "/")} | {doc_id: why}
    return locked


def _is_forgotten(record: Record) -> bool:
    return record.status == "skipped" and record.reason == FORGOTTEN


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """Files that their owner had forgotten: they stay so for as long as they are there, wherever they move."""

    root: Root
    records: Mapping[str, Record]

    def keep(self, seen: Walk) -> None:
        """Skip those that a walk met, whatever else became of them, and those in folders that it did not enter."""
        if not self.records:
            return
        kept = [self._again(f) for f in seen.found if f.id in self.records]
        kept += [
            self._again(s.found) for s in (*seen.skipped, *seen.unreadable) if s.found.id in self.records
        ]
        closed = tuple(s.found.id for s in seen.skipped if s.found.id.endswith("/"))
        met = {s.found.id for s in kept}
        kept += [
            self._again(Found(i, folder_of(self.root) / r.state.relative, r.state))
            for i, r in self.records.items()
            if i not in met and i.startswith(closed)
        ]
        seen.found = [f for f in seen.found if f.id not in self.records]
        seen.unreadable = [s for s in seen.unreadable if s.found.id not in self.records]
        seen.skipped = [s for s in seen.skipped if s.found.id not in self.records] + kept

    def follow(self, plan: Plan, missing: Sequence[str]) -> Plan:
        """Skip new files with the bytes of forgotten ones that vanished."""
        gone = {self.records[i].sha256: self.records[i] for i in missing if i in self.records}
        sizes = {record.state.size for record in gone.values()}
        moved = {
            found.id: Skip(found, FORGOTTEN, digest)
            for found in plan.added
            if found.state.size in sizes and (digest := _digest(found)) and digest in gone
        }
        return replace(
            plan,
            added=tuple(f for f in plan.added if f.id not in moved),
            skipped=(*plan.skipped, *moved.values()),
        )

    def _again(self, found: Found) -> Skip:
        """The same mark, with the hash of what the file holds now."""
        record = self.records[found.id]
        if not found.state.scanned_ns or _same(record.state, found.state):
            return Skip(replace(found, state=record.state), FORGOTTEN, record.sha256)
        return Skip(found, FORGOTTEN, _digest(found) or record.sha256)


def _digest(found: Found) -> str:
    """Hash of a file, empty where it cannot be read."""
    try:
        return sha256_of(found.path)
    except OSError:
        return ""


def refuse_large_loss(plan: Plan, failing: Iterable[str] = ()) -> None:
    """A folder that is suddenly empty, or has lost over half of its files, was probably not emptied on purpose.

    Lost is a note that is gone, cannot be read, is skipped now (a link, too large), or has no byte any more; not one
    that patterns leave out, for they were written on purpose.

    Args:
        plan: what a scan found.
        failing: further notes that turned out to be unreadable.

    Raises:
        RootError: so it looks; nothing more may be applied.
    """
    notes = sum(map(plan.was_indexed, plan.known)) if plan.notes is None else plan.notes
    gone = {*plan.removed, *failing, *(s.found.id for s in (*plan.skipped, *plan.unreadable))}
    gone |= {f.id for f in plan.changed if f.state.size == 0 and plan.known[f.id].state.size > 0}
    lost = sum(map(plan.was_indexed, gone - _left_out(plan)))
    if lost * 2 > notes:
        raise RootError(
            "{path} has lost {lost} of its {known} notes (root {name!r}); nothing was changed. "
            "If that is right, run again with --accept-deletions.",
            path=plan.root.path,
            lost=lost,
            known=notes,
            name=plan.root.name,
        )


def _left_out(plan: Plan) -> set[str]:
    """Files that patterns leave out, those in folders that they leave out among them."""
    named = {s.found.id for s in plan.skipped if is_left_out(s.reason)}
    folders = tuple(i for i in named if i.endswith("/"))
    return named | {i for i in plan.removed if i.startswith(folders)}


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
    changed, seen, looked = 0, set(), Walk()
    try:
        judge = Judge(root, rules)
        for one, doc_id in identified(root, rules, looked, deadline=deadline):
            seen.add(doc_id)
            changed += _differs(*judge(one, doc_id), known.get(doc_id))
    except (OSError, RootError):
        return None
    seen |= _below(known, root, looked.unlisted).keys()
    return changed + sum(r.status != "skipped" for i, r in known.items() if i not in seen)


def _differs(state: FileState, reason: str, record: Record | None) -> bool:
    """Whether a sync would bring something new of a file into the index, or take it out."""
    if record is None or (record.status == "skipped" and not record.sha256):
        return not reason and not (record and _is_forgotten(record))
    if _is_forgotten(record):
        return False
    if record.status == "failed" and not record.sha256:
        return False  # one that cannot be read stays a failure
    return bool(reason) or not _same(record.state, state)


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
    still_skipped: list[Skip] = field(default_factory=list)
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
            still_skipped=tuple(self.still_skipped),
        )

    def _compare(self, found: Found) -> None:
        record = self.known.get(found.id)
        if record is None:
            self.added.append(found)
        elif (
            (record.status == "skipped" and not record.sha256)
            or record.recipe != recipe_of(found, self.rules.recipe)
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
        elif record.status == "skipped":
            self.still_skipped.append(Skip(found, record.reason))
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
    candidates = by_hash.get(_digest(found))
    if not candidates:
        return None
    # A file that kept its name moved between folders; prefer it over a stranger with equal bytes.
    name = found.id.rpartition("/")[2]
    best = next((c for c in candidates if c.rpartition("/")[2] == name), candidates[0])
    candidates.remove(best)
    return best
