"""The text of a document that is not itself text: blocks in reading order, put together with exact offsets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import document_dates, parse
from rag.types import DateRange, Document, Link, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ingest.loaders.source import Source
    from rag.types import Format, LinkKind, MetaValue

CREATED, MODIFIED = 0.6, 0.4
"""How far a date that an application wrote into a file can be taken for that of what the file says."""

_LONGEST_TITLE, _LONGEST_DATE = 300, 100
_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_ZONE = re.compile(r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:(Z)|([+-]\d\d):?(\d\d))$")
_YEARS = range(1900, 2101)


class Anchor(NamedTuple):
    """A link within a block, by offsets of the block's text."""

    start: int
    end: int
    target: str
    kind: LinkKind = "markdown"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading (``level`` 1 to 6), list item or row; a ``tight`` one follows without an empty line."""

    text: str
    level: int = 0
    tight: bool = False
    links: tuple[Anchor, ...] = ()


class Extract(NamedTuple):
    """What a document's text, pages, sections and links are made of."""

    text: str
    pages: tuple[int, ...]
    sections: tuple[Section, ...]
    links: tuple[Link, ...]


def compose(pages: Iterable[Iterable[Block]], *, titles: Sequence[str] = ()) -> Extract:
    """Blocks as one text. ``titles``: a level-1 section for each page that has one."""
    parts: list[str] = []
    offsets: list[int] = []
    sections: list[Section] = []
    links: list[Link] = []
    at = 0
    for number, page in enumerate(pages):
        opening = True
        for block in map(normal, page):
            if not block.text:
                continue
            gap = "" if not at else "\n" if block.tight and not opening else "\n\n"
            parts += gap, block.text
            at += len(gap)
            if opening:
                offsets.append(at)
                if number < len(titles) and titles[number]:
                    sections.append(Section(at, one_line(titles[number]), 1))
            if block.level:
                sections.append(Section(at, one_line(block.text), block.level))
            links += _placed(block, at)
            at += len(block.text)
            opening = False
        if opening:
            offsets.append(-1)
    return Extract("".join(parts), _filled(offsets, at), tuple(sections), tuple(links))


def document(
    source: Source,
    extract: Extract,
    format_: Format,
    title: str,
    *,
    dates: Iterable[DateRange | None] = (),
    tags: Iterable[str] = (),
    meta: Mapping[str, MetaValue] | None = None,
    warnings: Iterable[str] = (),
    paged: bool = False,
) -> Document:
    """The Document of an extract; the dates given join that in the file's name."""
    known = [*(d for d in dates if d), *document_dates(source.id, meta or {}, source.options.date_keys)]
    return Document(
        source.id,
        extract.text,
        source.sha256,
        one_line(title),
        format_,
        pages=extract.pages if paged else (),
        sections=extract.sections,
        dates=tuple(sorted(known, key=lambda d: -d.confidence)),
        tags=tuple(dict.fromkeys(filter(None, map(one_line, tags)))),
        meta=dict(meta or {}),
        links=extract.links,
        warnings=tuple(f"{source.id}: {warning}" for warning in warnings),
    )


def clean(text: str) -> str:
    r"""Without what cannot be printed, and with ``\n`` for every line break."""
    return _LINE_BREAKS.sub("\n", _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", text)))


def one_line(text: str) -> str:
    """A title: one line of NFC."""
    return unicodedata.normalize("NFC", " ".join(clean(text[: 4 * _LONGEST_TITLE]).split()))[:_LONGEST_TITLE]


def normal(block: Block) -> Block:
    """The block in NFC, without white space at its ends, its links where their words have come to be."""
    text = block.text.strip()
    ahead = len(block.text) - len(block.text.lstrip())
    links = [
        a._replace(start=max(0, a.start - ahead), end=min(len(text), max(0, a.end - ahead)))
        for a in block.links
    ]
    if not unicodedata.is_normalized("NFC", text):
        text, moved = _composed(text, {o for a in links for o in (a.start, a.end)})
        links = [a._replace(start=moved[a.start], end=moved[a.end]) for a in links]
    links = sorted(_trimmed(a, text) for a in links)
    return Block(text, block.level, block.tight, tuple(links))


def stamp(value: str | date | None, source: str, confidence: float) -> DateRange | None:
    """A date of an application's or a format's own making; None where it is none, or not of our times."""
    if isinstance(value, date):
        zone = value.strftime("%z") if isinstance(value, datetime) else ""
        day = date(value.year, value.month, value.day)
        zone = f"{zone[:3]}:{zone[3:5]}" if zone else ""
        return DateRange(day, day, source, confidence, zone) if day.year in _YEARS else None
    said = value[:_LONGEST_DATE].strip() if value else ""
    days = parse(said)
    if not days:
        return None
    m = _ZONE.search(said)
    zone = "" if not m else "+00:00" if m[1] else f"{m[2]}:{m[3]}"
    return DateRange(*days, source, confidence, zone)


def row(cells: Iterable[str]) -> str:
    """A table's row as one line; "" for one without words."""
    texts = [" ".join(cell.split()) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return " | ".join(texts)


def beside(cells: Iterable[Iterable[Block]], *, tight: bool) -> Block:
    """Cells side by side as one block; every link moves along."""
    text = ""
    links: list[Anchor] = []
    for number, cell in enumerate(cells):
        text += " | " if number else ""
        for i, block in enumerate(cell):
            text += " " if i else ""
            links += (a._replace(start=a.start + len(text), end=a.end + len(text)) for a in block.links)
            text += block.text.replace("\n", " ")
    return Block(text.rstrip(" |"), 0, tight, tuple(links))


def _trimmed(link: Anchor, text: str) -> Anchor:
    words = text[link.start : link.end]
    start = link.start + len(words) - len(words.lstrip())
    return link._replace(start=start, end=start + len(words.strip()))


def _placed(block: Block, at: int) -> Iterator[Link]:
    for start, end, target, kind in block.links:
        whole = target.strip()
        path, _, anchor = whole.partition("#") if ":" not in whole.partition("/")[0] else (whole, "", "")
        if (end > start or kind == "embed") and (path or anchor):
            yield Link(at + start, at + end, path, kind, block.text[start:end], anchor)


def _filled(offsets: list[int], end: int) -> tuple[int, ...]:
    """An empty page begins where the next one with words does."""
    following = end
    for i in range(len(offsets) - 1, -1, -1):
        if offsets[i] < 0:
            offsets[i] = following
        following = offsets[i]
    return tuple(offsets)


def _composed(text: str, marks: set[int]) -> tuple[str, dict[int, int]]:
    """NFC of a text, and where its marks have moved: one before a combining character comes after it."""
    moved: dict[int, int] = {}
    parts: list[str] = []
    at = length = 0
    for mark in sorted(marks | {len(text)}):
        end = max(mark, at)
        while end < len(text) and _combines(text[end]):
            end += 1
        parts.append(unicodedata.normalize("NFC", text[at:end]))
        length += len(parts[-1])
        moved[mark] = length
        at = end
    return "".join(parts), moved


def _combines(c: str) -> bool:
    """Whether a character may become one with what stands before it."""
    return unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff"
