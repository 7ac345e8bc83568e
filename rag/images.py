"""Images of the web that notes show: which there are, fetching them where the user asks for it, whose they are.

Fetched files lie in ``images/<host>/<sha256>.<suffix>`` in the home. That folder is a root like any other, so that
they are read, cited and forgotten as local images are. The table ``images`` says of each address what became of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import os
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ingest.fetch import Limits, UnreachableError, allowed, fetch, host_of
from rag.errors import LoadError
from rag.store.catalogue import Root
from rag.store.database import private_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rag.settings import Settings
    from rag.store.catalogue import Catalogue

ROOT = "web-images"
_MEGABYTE = 1_000_000
_PATIENCE = 5  # images in a row for which a host does not answer, before it is left alone for this run
_OF_THE_WEB = "kind = 'embed' AND (target LIKE 'http://%' OR target LIKE 'https://%' OR target LIKE '//%')"


class Notes(Protocol):
    """What is needed of an engine."""

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue."""

    @property
    def home(self) -> Path:
        """The home folder."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    def sync(self, names: Sequence[str] | None = None, *, accept_deletions: bool = False) -> object:
        """Make the index equal the folders."""


@dataclass(frozen=True, slots=True)
class HostImages:
    """What became of a host's images. ``reasons`` counts why some failed."""

    host: str
    allowed: bool
    fetched: int
    failed: int
    waiting: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Images of the web in the notes: their number, the number of notes that show them, and each host's."""

    images: int
    notes: int
    hosts: tuple[HostImages, ...]


@dataclass(slots=True)
class FetchReport:
    """What a run did.

    Attributes:
        waiting: images of listed hosts that were left for another run.
        not_allowed: images of hosts that are not listed.
        removed: files that no note shows any more.
        failed: address and reason of each.
    """

    fetched: int = 0
    waiting: int = 0
    not_allowed: int = 0
    removed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An image of the web in a note that was not fetched: ``text[start:end]`` shows it. ``reason``: why it failed."""

    start: int
    end: int
    url: str
    host: str
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    status: str
    doc_id: str
    reason: str


def status(notes: Notes) -> Status:
    """What there is, by host, the host with the most images first."""
    shown, known = _shown(notes.catalogue), _known(notes.catalogue)
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in shown:
        by_host[host_of(url)].append(url)
    hosts = [_host(host, urls, known, notes.settings.images.hosts) for host, urls in by_host.items()]
    hosts.sort(key=lambda one: (-(one.fetched + one.failed + one.waiting), one.host))
    return Status(len(shown), len(set().union(*shown.values())) if shown else 0, tuple(hosts))


def fetch_all(
    notes: Notes,
    *,
    limit: int | None = None,
    retry: bool = False,
    progress: Callable[[int, int, str], None] = lambda *_: None,
    local: bool = False,
) -> FetchReport:
    """Fetch the images of listed hosts that were not fetched yet, then read them.

    What was fetched is kept at once: a run that is interrupted goes on where it stopped.

    Args:
        notes: an engine.
        limit: at most so many are asked for.
        retry: also those that failed before.
        progress: called before each with (number from 1, how many, address).
        local: see ``ingest.fetch.Limits``; for tests only.
    """
    report = FetchReport()
    waiting = _waiting(notes, report, retry=retry)
    todo = waiting[:limit]
    report.waiting = len(waiting) - len(todo)
    s = notes.settings.images
    limits = Limits(s.hosts, int(s.max_mb * _MEGABYTE), s.timeout_s, local)
    failures: Counter[str] = Counter()
    root = _root(notes, create=bool(todo))
    for number, url in enumerate(todo, start=1):
        host = host_of(url)
        if root is None or failures[host] >= _PATIENCE:
            report.waiting += 1
            continue
        progress(number, len(todo), url)
        failures[host] = 0 if _fetch_one(notes, root, url, limits, report) else failures[host] + 1
    report.removed = _remove_unshown(notes)
    if root is not None and (report.fetched or report.removed):
        notes.sync([root.name], accept_deletions=True)
    return report


def tidy(notes: Notes) -> int:
    """Remove fetched images that no note shows any more; returns how many files went.

    Cheap where there is nothing to do; called at the end of a sync.
    """
    root = _root(notes, create=False)
    removed = _remove_unshown(notes) if root is not None else 0
    if root is not None and removed:
        notes.sync([root.name], accept_deletions=True)
    return removed


def notes_of(catalogue: Catalogue, doc_id: str) -> tuple[str, ...]:
    """Ids of the notes that show an image: a local one, or one that was fetched."""
    with catalogue.database.reading() as db:
        found = {row[0] for row in db.execute("SELECT doc_id FROM links WHERE resolved = ?", (doc_id,))}
        relative = doc_id.partition("/")[2]  # the root may have been renamed
        urls = db.execute(
            "SELECT url FROM images WHERE status = 'fetched' AND substr(doc_id, instr(doc_id, '/') + 1) = ?",
            (relative,),
        ).fetchall()
        if urls:
            wanted = {url for (url,) in urls}
            found |= {note for note, target in _links(db) if address_of(target) in wanted}
    return tuple(sorted(found))


def placeholders(catalogue: Catalogue, doc_id: str) -> tuple[Placeholder, ...]:
    """The images of the web in a note that were not fetched, by position."""
    with catalogue.database.reading() as db:
        rows = db.execute(
            f'SELECT start, "end", target, label FROM links WHERE doc_id = ? AND {_OF_THE_WEB} ORDER BY start',  # noqa: S608 - a constant
            (doc_id,),
        ).fetchall()
        urls = {address_of(target) for _, _, target, _ in rows}
        known = {url: row for url, row in _table(db).items() if url in urls} if urls else {}
    found = []
    for start, end, target, label in rows:
        url = address_of(target)
        row = known.get(url)
        if row is None or row.status != "fetched":
            reason = row.reason if row else ""
            found.append(Placeholder(start, end, url, host_of(url), label, reason))
    return tuple(found)


def address_of(target: str) -> str:
    """The web address that a link's target means."""
    url = html.unescape(target).strip()
    return f"https:{url}" if url.startswith("//") else url


# What the catalogue says


def _links(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute(f"SELECT doc_id, target FROM links WHERE {_OF_THE_WEB}").fetchall()  # noqa: S608 - a constant


def _shown(catalogue: Catalogue) -> dict[str, set[str]]:
    """The notes that show each address."""
    with catalogue.database.reading() as db:
        rows = _links(db)
    shown: dict[str, set[str]] = defaultdict(set)
    for doc_id, target in rows:
        shown[address_of(target)].add(doc_id)
    return shown


def _known(catalogue: Catalogue) -> dict[str, _Row]:
    with catalogue.database.reading() as db:
        return _table(db)


def _table(db: sqlite3.Connection) -> dict[str, _Row]:
    rows = db.execute("SELECT url, status, doc_id, reason FROM images")
    return {url: _Row(state, doc_id, reason) for url, state, doc_id, reason in rows}


def _host(host: str, urls: Iterable[str], known: dict[str, _Row], hosts: Sequence[str]) -> HostImages:
    states = Counter(known[url].status if url in known else "waiting" for url in urls)
    reasons = Counter(known[url].reason for url in urls if url in known and known[url].status == "failed")
    return HostImages(
        host,
        allowed(host, hosts),
        states["fetched"],
        states["failed"],
        states["waiting"],
        tuple(reasons.most_common()),
    )


def _waiting(notes: Notes, report: FetchReport, *, retry: bool) -> list[str]:
    """Addresses to ask for, in an order that stays; those of hosts that are not listed are counted."""
    known = _known(notes.catalogue)
    found = []
    for url in sorted(_shown(notes.catalogue)):
        row = known.get(url)
        if row is not None and not (retry and row.status == "failed"):
            continue
        if allowed(host_of(url), notes.settings.images.hosts):
            found.append(url)
        else:
            report.not_allowed += 1
    return found


# Files


def _folder(notes: Notes) -> Path:
    return notes.home / "images"


def _root(notes: Notes, *, create: bool) -> Root | None:
    """The root that fetched images are; None where there is none yet."""
    folder = _folder(notes)
    roots = notes.catalogue.roots()
    found = next((root for root in roots if root.path == folder), None)
    if found is not None or not create:
        return found
    private_folder(folder)
    name, number = ROOT, 2
    while name in {root.name for root in roots}:
        name, number = f"{ROOT}-{number}", number + 1
    root = Root(name, folder)
    notes.catalogue.add_root(root)
    return root


def _fetch_one(notes: Notes, root: Root, url: str, limits: Limits, report: FetchReport) -> bool:
    """Whether the host answered, with an image or not."""
    try:
        got = fetch(url, limits)
    except LoadError as e:
        report.failed.append((url, str(e)))
        _put(notes.catalogue, url, _Row("failed", "", str(e)))
        return not isinstance(e, UnreachableError)
    digest = hashlib.sha256(got.data).hexdigest()
    relative = _same(notes.catalogue, digest)
    if relative is None or not (_folder(notes) / relative).is_file():
        host = re.sub(r"[^a-z0-9.-]", "_", host_of(url))
        relative = f"{host}/{digest}{got.suffix}"
        _write(_folder(notes) / relative, got.data)
    _put(notes.catalogue, url, _Row("fetched", f"{root.name}/{relative}", ""))
    report.fetched += 1
    return True


def _same(catalogue: Catalogue, digest: str) -> str | None:
    """Where the same bytes lie already, as another address gave them."""
    with catalogue.database.reading() as db:
        row = db.execute(
            "SELECT substr(doc_id, instr(doc_id, '/') + 1) FROM images WHERE doc_id LIKE ?",
            (f"%/{digest}.%",),
        ).fetchone()
    return None if row is None else row[0]


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, for its owner alone."""
    private_folder(path.parent)
    part = path.with_name(f".{path.name}")  # names with a dot are not read as notes
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        f.write(data)
    part.replace(path)


def _put(catalogue: Catalogue, url: str, row: _Row) -> None:
    with catalogue.database.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO images (url, status, doc_id, reason, tried_ns) VALUES (?, ?, ?, ?, ?)",
            (url, row.status, row.doc_id, row.reason, time.time_ns()),
        )


def _remove_unshown(notes: Notes) -> int:
    """Forget addresses that no note shows, and remove files that no address leads to."""
    known = _known(notes.catalogue)
    if not known and not _folder(notes).is_dir():
        return 0
    gone = known.keys() - _shown(notes.catalogue).keys()
    if gone:
        with notes.catalogue.database.writing() as db:
            db.executemany("DELETE FROM images WHERE url = ?", [(url,) for url in gone])
    kept = {row.doc_id.partition("/")[2] for url, row in known.items() if url not in gone}
    removed = 0
    for path in sorted(_folder(notes).glob("*/*")):
        if path.is_file() and path.relative_to(_folder(notes)).as_posix() not in kept:
            path.unlink()
            removed += 1
    return removed
