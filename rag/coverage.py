"""What became of every file, and why: nothing is missing from the index without a reason.

Each file that a sync meets is indexed, skipped or failed. Each range of an indexed document lies in a passage, is
masked for a reason, or is white space.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ingest import scan, walk
from rag import locate
from rag.errors import RootError
from rag.store import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ingest.walk import ScanRules
    from rag.locate import Place
    from rag.store.catalogue import Catalogue, Record
    from rag.types import Chunk, DateRange, Document, Link, Mask, Speaker

    Unembedded = Callable[[Sequence[Chunk]], int | None]

WHITE_SPACE = "white space"
UNEXPLAINED = "unexplained"
NO_FILE = "there is no such file"
NO_ROOT = "it lies in no registered folder"
A_FOLDER = "it is a folder"
UNSYNCED = "not synced yet"
_REMEDIES = {
    walk.LEFT_OUT: "change the pattern, then: footnotes sync",
    walk.NOT_NAMED: "change sync.include, then: footnotes sync",
    walk.NEEDS: "pip install 'footnotes[{extra}]', then: footnotes sync",
    walk.TOO_LARGE: "raise sync.max_file_mb, then: footnotes sync",
    walk.FORGOTTEN: "footnotes forget --undo {path}",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a document: where it is, and under which headings."""

    start: int
    end: int
    lines: tuple[int, int]
    page: int | None
    heading: tuple[str, ...]
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class Dated:
    """A date of a note. ``shared``: so many notes have it that it came with an import."""

    first: str
    last: str
    zone: str
    source: str
    confidence: float
    shared: bool


@dataclass(frozen=True, slots=True)
class Masked:
    """What is left out of a document for one reason: how many ranges, how many characters."""

    reason: str
    ranges: int
    characters: int


@dataclass(frozen=True, slots=True)
class LinkStory:
    """A link as written, and the document that it leads to; empty where there is none."""

    target: str
    kind: str
    resolved: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an indexed document holds.

    Attributes:
        uncovered: characters outside every passage, by reason.
        unexplained: those without one; always 0.
        embedded: passages that the model that answers has a vector of; None: search is lexical only.
    """

    title: str
    loader: str
    format: str
    encoding: str
    characters: int
    tags: tuple[str, ...]
    dates: tuple[Dated, ...]
    masks: tuple[Masked, ...]
    passages: tuple[Passage, ...]
    uncovered: dict[str, int]
    unexplained: int
    links: tuple[LinkStory, ...]
    warnings: tuple[str, ...]
    embedded: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """One file's story.

    Attributes:
        id: the document's id; of a path outside every root the path itself.
        path: where it lies; None for documents that are not files.
        status: ``unknown``: no sync has recorded it.
        reason: why it is not indexed.
        remedy: what to do about it, if anything can be done.
        seen: when a sync looked at it last, ISO 8601.
        size: in bytes, as of then.
        modified: its time stamp, as of then.
        changed: it is not as it was then.
    """

    id: str
    path: str | None
    status: Literal["indexed", "skipped", "failed", "unknown"]
    reason: str = ""
    remedy: str = ""
    seen: str | None = None
    size: int | None = None
    modified: str | None = None
    sha256: str = ""
    changed: bool = False
    contents: Contents | None = None

    def to_json(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return asdict(self)


def uncovered(document: Document, chunks: Iterable[Chunk]) -> list[tuple[int, int, str]]:
    """Every range that no passage covers, with its reason: a mask's, white space, or unexplained."""
    return list(_gaps(document.text, document.masks, sorted((c.start, c.end) for c in chunks)))


def unexplained(catalogue: Catalogue) -> Iterator[str]:
    """Documents with a character outside every passage that is neither masked nor white space: none."""
    with catalogue.database.reading() as db:
        found = db.execute("SELECT d.id, d.masks, t.text FROM documents d JOIN texts t ON t.doc_id = d.id")
        for doc_id, masks, text in found:
            spans = db.execute('SELECT start, "end" FROM chunks WHERE doc_id = ? ORDER BY start', (doc_id,))
            gaps = _gaps(text, rows.load_masks(masks), spans)
            if any(reason == UNEXPLAINED for _, _, reason in gaps):
                yield doc_id


def changed_files(catalogue: Catalogue, rules: ScanRules, budget_s: float) -> int | None:
    """Files that differ from the index by size or times; None when the budget was too small to tell."""
    deadline = time.monotonic() + budget_s
    total = 0
    for root in catalogue.roots():
        if root.path is None:
            continue
        count = scan.changed_files(root, catalogue.records(root.name), rules, deadline)
        if count is None:
            return None
        total += count
    return total


def why(catalogue: Catalogue, given: str, rules: ScanRules, unembedded: Unembedded) -> Story:
    """The story of a file, by its path or its document's id; of one that was never read, why not."""
    place = locate.place_of(catalogue, given)
    record = catalogue.record(place.id) or _folder_around(catalogue, place)
    if record is None:
        return _never_seen(place, rules)
    document = catalogue.document(record.id) if record.status == "indexed" else None
    contents = _contents(catalogue, document, unembedded) if document else None
    state = record.state
    return Story(
        id=place.id,
        path=str(place.path) if place.path else None,
        status=record.status,
        reason=record.reason,
        remedy=_remedy(record.reason, place),
        seen=_time(state.scanned_ns),
        size=state.size if state.scanned_ns else None,
        modified=_time(state.mtime_ns),
        sha256=record.sha256,
        changed=record.id == place.id and _has_changed(place, record),
        contents=contents,
    )


def _folder_around(catalogue: Catalogue, place: Place) -> Record | None:
    """The record of the folder that was left out as a whole, around a path."""
    if place.root is None:
        return None
    parts = place.id.split("/")
    wanted = ["/".join(parts[:n]) + "/" for n in range(2, len(parts) + 1)]
    return next((r for one in wanted if (r := catalogue.record(one))), None)


def _never_seen(place: Place, rules: ScanRules) -> Story:
    path = str(place.path) if place.path else None
    if not place.exists:
        return Story(place.id, path, "unknown", NO_FILE)
    if place.root is None:
        return Story(
            place.id,
            path,
            "unknown",
            NO_ROOT,
            "footnotes sync DIR, with the folder of notes that holds it",
        )
    if place.path is not None and place.path.is_dir():
        return Story(place.id, path, "unknown", A_FOLDER, "name a file, or: footnotes status --files")
    try:
        seen = walk.walk(place.root, rules, walk.only([place.relative]))
    except RootError as e:
        return Story(place.id, path, "unknown", str(e))
    for skip in (*seen.skipped, *seen.unreadable):
        return Story(place.id, path, "unknown", skip.reason, _remedy(skip.reason, place))
    return Story(place.id, path, "unknown", UNSYNCED, "footnotes sync")


def _remedy(reason: str, place: Place) -> str:
    template, values = walk.template_of(reason)
    return _REMEDIES.get(template, "").format(**values, path=place.path or place.id)


def _has_changed(place: Place, record: Record) -> bool:
    if place.path is None:
        return False
    try:
        now = place.path.lstat()
    except OSError:
        return True
    state = record.state
    return bool(state.scanned_ns) and (now.st_size, now.st_mtime_ns) != (state.size, state.mtime_ns)


def _contents(catalogue: Catalogue, document: Document, unembedded: Unembedded) -> Contents:
    chunks = catalogue.chunks_of(document.id)
    outside: Counter[str] = Counter()
    for start, end, reason in uncovered(document, chunks):
        outside[reason] += end - start
    missing = unembedded(chunks)
    return Contents(
        title=document.title,
        loader=document.loader,
        format=document.format,
        encoding=document.encoding,
        characters=len(document.text),
        tags=document.tags,
        dates=tuple(_dated(d, catalogue.shared_dates(document.id)) for d in document.dates),
        masks=tuple(_masked(document.masks)),
        passages=tuple(Passage(c.start, c.end, c.lines, c.page, c.heading, c.speaker) for c in chunks),
        uncovered={reason: outside[reason] for reason in sorted(outside)},
        unexplained=outside[UNEXPLAINED],
        links=tuple(map(_link, document.links)),
        warnings=document.warnings,
        embedded=None if missing is None else len(chunks) - missing,
    )


def _dated(one: DateRange, shared: Sequence[str]) -> Dated:
    return Dated(
        one.first.isoformat(),
        one.last.isoformat(),
        one.zone,
        one.source,
        one.confidence,
        one.source in shared,
    )


def _masked(masks: Sequence[Mask]) -> Iterator[Masked]:
    for reason, ranges in Counter(mask.reason for mask in masks).most_common():
        yield Masked(reason, ranges, sum(mask.end - mask.start for mask in masks if mask.reason == reason))


def _link(link: Link) -> LinkStory:
    target = f"{link.target}#{link.anchor}" if link.anchor else link.target
    return LinkStory(target, link.kind, link.resolved)


def _time(nanoseconds: int) -> str | None:
    """Local time, to the second; None where it is not known."""
    if not nanoseconds:
        return None
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).astimezone().isoformat()


def _gaps(
    text: str, masks: Sequence[Mask], spans: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """Ranges outside the spans, which are sorted by start; a gap is cut where its reason changes."""
    done, at = 0, 0
    for start, end in (*spans, (len(text), len(text))):
        if start > done:
            while at < len(masks) and masks[at].end <= done:
                at += 1
            yield from _explained(text, masks, at, done, start)
        done = max(done, end)


def _explained(
    text: str, masks: Sequence[Mask], at: int, start: int, end: int
) -> Iterator[tuple[int, int, str]]:
    """One gap: what lies in masks, from the one numbered ``at`` on, and what lies between them."""
    while start < end:
        mask = masks[at] if at < len(masks) and masks[at].start < end else None
        stop = max(start, mask.start) if mask else end
        if start < stop:
            is_blank = not text[start:stop].strip()
            yield start, stop, WHITE_SPACE if is_blank else UNEXPLAINED
        if mask:
            yield stop, min(mask.end, end), mask.reason
            stop = min(mask.end, end)
            at += 1
        start = stop
