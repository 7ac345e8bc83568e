"""Markdown notes: Obsidian, Logseq, Jekyll, Hugo, Hexo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest import links
from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders import properties
from ingest.loaders.blocks import blanked, fences, heading_text, headings, inline_code
from ingest.loaders.masks import disjoint, embedded, hidden, rulers
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ingest.loaders.blocks import Heading
    from ingest.loaders.source import Source
    from rag.types import Mask, MetaValue

_TAG = re.compile(
    r"#(?<![^\s（，。、；：]#)(?:\[\[([^\[\]\n]{1,100})\]\]|([^\s#!-,.:-@\[-^`{-~\u2000-\u206f\u3000-\u303f\uff00-\uff65]+))"
)
_COLOUR = re.compile(r"(?=[a-f]*\d)(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)


def load(source: Source) -> Document:
    """Read a Markdown file.

    Raises:
        LoadError: the bytes are not text.
    """
    doc_id = source.id
    raw = decode(doc_id, source.data, source.encoding)
    text = raw.text
    front = properties.read(text)
    blocks = blanked(text, [(0, front.body)])
    blocks = blanked(blocks, fences(blocks))
    base64 = embedded(text)
    view = _without(blanked(blocks, inline_code(blocks)), base64)
    masks = [*base64, *hidden(text, view)]
    view = _without(view, masks)
    outline = headings(view)
    masks += rulers(view, frozenset(heading.end for heading in outline))
    found = links.find(text, view)
    return Document(
        doc_id,
        text,
        source.sha256,
        _title(doc_id, text, front.meta, outline),
        "markdown",
        dates=document_dates(doc_id, front.meta),
        tags=tuple(dict.fromkeys((*properties.tags(front.meta), *_inline_tags(view)))),
        meta=front.meta,
        masks=disjoint((*front.masks, *masks, *found.masks)),
        links=found.links,
        encoding=raw.encoding,
        warnings=(
            *decoding_warnings(doc_id, raw),
            *([f"{doc_id}: {front.warning}"] if front.warning else ()),
        ),
    )


def _without(view: str, masks: Iterable[Mask]) -> str:
    return blanked(view, ((m.start, m.end) for m in disjoint(masks)))


def _title(doc_id: str, text: str, meta: Mapping[str, MetaValue], outline: list[Heading]) -> str:
    given = meta.get("title")
    if isinstance(given, (str, int, float)) and str(given).strip():
        return " ".join(str(given).split())
    # Several first-level headings are sections; then the file's name is what its author calls the note.
    tops = [heading_text(text[h.start : h.end]) for h in outline if h.level == 1]
    return (tops[0] if len(tops) == 1 else "") or title_from_name(doc_id)


def _inline_tags(view: str) -> Iterator[str]:
    """``#tag/sub`` in any script, ``#[[a tag]]``; not a number, not a colour."""
    for m in _TAG.finditer(view):
        tag = (m[1] or m[2]).strip("/-")
        if tag and not tag.replace("/", "").isdigit() and not _COLOUR.fullmatch(tag):
            yield tag
