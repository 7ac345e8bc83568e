"""What plain-text markup languages share: the decoded file, and what was made out in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders.extract import one_line
from ingest.loaders.masks import disjoint, embedded
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.types import Document, Link, Mask, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.loaders.source import Source
    from rag.types import LinkKind, MaskReason, MetaValue

_WEB = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TAG_BORDER = re.compile(r"[,，、;；]")
_TAG_KEYS = ("tags", "tag", "keywords", "category", "categories", "标签", "关键词")


@dataclass(slots=True)
class Marked:
    """A text, and what its markup says. Filled while reading."""

    text: str
    title: str = ""
    sections: list[Section] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    meta: dict[str, MetaValue] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    def mask(self, start: int, end: int, reason: MaskReason = "markup") -> None:
        """Leave a range out of what is indexed."""
        if start < min(end, len(self.text)):
            self.masks.append(Mask(start, min(end, len(self.text)), reason))

    def section(self, start: int, title: str, level: int) -> None:
        """A heading begins; one without words is none."""
        if named := one_line(title):
            self.sections.append(Section(start, named, min(level, 6)))

    def link(self, start: int, end: int, target: str, label: str = "", kind: LinkKind = "markdown") -> None:
        """A link; a web address stays whole, of another the part after ``#`` is its anchor."""
        path, _, anchor = (target, "", "") if _WEB.match(target) else target.strip().partition("#")
        if path or anchor:
            self.links.append(Link(start, end, path, kind, label.strip(), anchor))


def document(source: Source, read: Callable[[Marked], None]) -> Document:
    """Decode a file and let ``read`` find its structure. Title: what it says, else its first heading, else its name.

    Raises:
        LoadError: the bytes are not text.
    """
    raw = decode(source.id, source.data, source.encoding)
    found = Marked(raw.text)
    read(found)
    found.sections.sort(key=lambda s: s.start)
    first = next((s.title for s in found.sections if s.level == 1), "")
    keywords = (
        tag for key, value in found.meta.items() if key.lower() in _TAG_KEYS for tag in _listed(value)
    )
    return Document(
        source.id,
        raw.text,
        source.sha256,
        one_line(found.title) or first or title_from_name(source.id),
        "text",
        sections=tuple(found.sections),
        dates=document_dates(source.id, found.meta, source.options.date_keys),
        tags=tuple(dict.fromkeys(tag for tag in map(one_line, (*found.tags, *keywords)) if tag)),
        meta=found.meta,
        masks=disjoint((*found.masks, *embedded(raw.text))),
        links=tuple(sorted(found.links, key=lambda link: (link.start, link.end))),
        encoding=raw.encoding,
        warnings=decoding_warnings(source.id, raw),
    )


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Every line with its offset, without its line break."""
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _listed(value: MetaValue) -> list[str]:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    text = str(value)
    return _TAG_BORDER.split(text) if _TAG_BORDER.search(text) else text.split()
