"""Markdown notes: Obsidian, Logseq, Joplin, Notion; Jekyll, Hugo, Hexo, VuePress, Docusaurus."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ingest import links
from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders import dialects, exports, properties, turns
from ingest.loaders.blocks import blanked, fences, formulas, heading_text, headings, inline_code
from ingest.loaders.masks import disjoint, embedded, hidden, rulers
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ingest.loaders.blocks import Heading
    from ingest.loaders.dialects import Fields
    from ingest.loaders.source import Source
    from rag.types import Link, Mask, MetaValue

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
    export = exports.read(_stem(doc_id), text)
    body = read_body(text, front.body, jsx=doc_id.lower().endswith(".mdx"))
    meta = {**body.fields.meta, **export.meta, **front.meta}
    masks = disjoint((*front.masks, *export.masks, *body.masks))
    return Document(
        doc_id,
        text,
        source.sha256,
        _title(doc_id, text, meta, export.title, body.outline, masks),
        "markdown",
        sections=turns.find(text, body.view),
        dates=document_dates(doc_id, meta, source.options.date_keys),
        tags=tuple(dict.fromkeys((*properties.tags(meta), *body.tags))),
        meta=MappingProxyType(meta),
        masks=masks,
        links=body.links,
        encoding=raw.encoding,
        warnings=(
            *decoding_warnings(doc_id, raw),
            *([f"{doc_id}: {front.warning}"] if front.warning else ()),
        ),
    )


class Body(NamedTuple):
    """What is found below the front matter; ``view`` is the text without code and what is hidden."""

    view: str
    outline: list[Heading]
    fields: Fields
    tags: tuple[str, ...]
    links: tuple[Link, ...]
    masks: list[Mask]


def read_body(text: str, start: int, *, jsx: bool = False) -> Body:
    """Read Markdown from ``start`` on; ``jsx``: it is MDX. The masks are neither sorted nor disjoint."""
    blocks = blanked(text, [(0, start)])
    code = fences(blocks)
    queries = list(dialects.queries(text, code))
    blocks = blanked(blocks, code)
    blocks = blanked(blocks, dialects.tagged_code(blocks))
    data = embedded(text)
    view = _without(blanked(blocks, inline_code(blocks)), data)
    seen = hidden(text, blanked(view, formulas(view)), jsx=jsx)
    masks = [*data, *seen.masks, *queries]
    view = _without(view, masks)
    marks = list(dialects.marks(view, jsx=jsx))
    if marks:
        masks += marks
        view = _without(view, marks)
    fields = dialects.fields(text, view)
    outline = headings(view)
    masks += rulers(view, frozenset(heading.end for heading in outline))
    found = links.find(text, view, seen.tags)
    return Body(
        view,
        outline,
        fields,
        tuple(_inline_tags(view)),
        found.links,
        [*masks, *fields.masks, *found.masks],
    )


def _without(view: str, masks: Iterable[Mask]) -> str:
    return blanked(view, ((m.start, m.end) for m in disjoint(masks)))


def _stem(doc_id: str) -> str:
    name = doc_id.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _title(
    doc_id: str,
    text: str,
    meta: Mapping[str, MetaValue],
    exported: str,
    outline: list[Heading],
    masks: Sequence[Mask],
) -> str:
    given = meta.get("title")
    if isinstance(given, (str, int, float)) and str(given).strip():
        return " ".join(str(given).split())
    if exported:
        return exported
    # Several first-level headings are sections; then the file's name is what its author calls the note.
    tops = [h for h in outline if h.level == 1]
    title = heading_text(_shown(text, tops[0], masks)) if len(tops) == 1 else ""
    return title or title_from_name(doc_id)


def _shown(text: str, heading: Heading, masks: Sequence[Mask]) -> str:
    """A heading without what is hidden in it, but with its links, whose marks ``heading_text`` knows."""
    start, end = heading.start, heading.end
    spans = (
        (m.start - start, m.end - start)
        for m in masks
        if start <= m.start and m.end <= end and text[m.start] not in "([!"
    )
    return blanked(text[start:end], spans)


def _inline_tags(view: str) -> Iterator[str]:
    """``#tag/sub`` in any script, ``#[[a tag]]``; not a number, not a colour."""
    for m in _TAG.finditer(view):
        tag = (m[1] or m[2]).strip("/-")
        if tag and not tag.replace("/", "").isdigit() and not _COLOUR.fullmatch(tag):
            yield tag
