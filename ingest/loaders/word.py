"""Word documents (``.docx``): their text as it reads with all changes accepted, in one order."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from ingest.links import is_nameless
from ingest.loaders.archive import Archive, guarded
from ingest.loaders.extract import Anchor, Block, compose, document, row
from ingest.loaders.office import core
from ingest.loaders.text import title_from_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.loaders.source import Source
    from rag.types import Document

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

# Deleted or moved away, alternatives of something already read, and codes of fields.
_UNREAD = frozenset(
    {
        _FALLBACK,
        *(_W + name for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "rt", "tblPr")),
    }
)
_MARKS = {
    _W + "tab": "\t",
    _W + "br": "\n",
    _W + "cr": "\n",
    _W + "noBreakHyphen": "-",
    _W + "ptab": "\t",
}
_NOTES = ("footnotes", "endnotes", "comments")
_MARGINS = ("header", "footer")
_REFERENCES = {
    _W + "footnoteReference": "footnotes",
    _W + "endnoteReference": "endnotes",
    _W + "commentReference": "comments",
}
_HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*([1-9])", re.IGNORECASE)
_TITLE = frozenset({"title", "标题", "标题标题"})
_DEEPEST = 6
_MOST_BASES = 20


def load(source: Source) -> Document:
    """Read a Word document.

    Raises:
        LoadError: the file is encrypted or damaged.
    """
    import docx

    own = core(Archive(source.id, source.data), "docx")
    with guarded(source.id):
        file = docx.Document(io.BytesIO(source.data))
        reader = _Reader(file.part, file.styles.element)
        blocks = list(reader.blocks(file.element.body))
        blocks += reader.notes()
        blocks += reader.margins({b.text.strip() for b in blocks})
    first = next((b.text for b in blocks if b.level == 1), "")
    return document(
        source,
        compose([blocks]),
        "prose",
        own.title or first or title_from_name(source.id),
        dates=own.dates,
        tags=own.tags,
        meta=own.meta,
    )


class _Reader:
    """Walks the body. Elements nest no deeper than the XML parser allows (256)."""

    def __init__(self, part: Any, styles: Any) -> None:
        self._part = part
        self._levels = dict(_levels(styles))
        self._listed = {s.get(_W + "styleId") for s in styles if s.find(f"{_W}pPr/{_W}numPr") is not None}
        self._formats = _formats(part)
        self._counters: dict[tuple[str, int], int] = {}
        self._called: list[tuple[str, str]] = []

    def blocks(self, parent: Any) -> Iterator[Block]:
        """Paragraphs and rows below an element, in order."""
        for child in parent:
            if child.tag in _UNREAD:
                continue
            if child.tag == _W + "p":
                yield from self._paragraph(child)
            elif child.tag == _W + "tbl":
                yield from self._table(child)
            elif len(child):
                yield from self.blocks(child)

    def notes(self) -> Iterator[Block]:
        """Footnotes, endnotes and comments, in the order in which the text calls them."""
        notes = {
            (kind, note.get(_W + "id")): note
            for kind in _NOTES
            for tree in _related(self._part, kind)
            for note in tree
        }
        for number, called in enumerate(list(self._called), start=1):
            if called in notes:
                text = " ".join(b.text.strip() for b in self.blocks(notes[called]))
                yield Block(f"[{number}] {text}", tight=number > 1)

    def margins(self, known: set[str]) -> Iterator[Block]:
        """Headers and footers, each text once; page numbers are none."""
        for kind in _MARGINS:
            for tree in _related(self._part, kind):
                for block in self.blocks(tree):
                    text = block.text.strip()
                    if text not in known and any(map(str.isalpha, text)):
                        known.add(text)
                        yield Block(text)

    def _paragraph(self, p: Any) -> Iterator[Block]:
        parts: list[str] = []
        links: list[Anchor] = []
        boxes: list[Any] = []
        self._inline(p, parts, links, boxes)
        text = "".join(parts)
        level = self._level(p)
        if text.strip():
            prefix = "" if level else self._bullet(p)
            ahead = len(prefix)
            moved = tuple(a._replace(start=a.start + ahead, end=a.end + ahead) for a in links)
            yield Block(prefix + text, level, bool(prefix), moved)
        for box in boxes:
            yield from self.blocks(box)

    def _inline(self, parent: Any, parts: list[str], links: list[Anchor], boxes: list[Any]) -> None:
        for child in parent:
            tag = child.tag
            if tag in _UNREAD:
                continue
            if tag in {_W + "t", _M + "t"}:
                text = child.text or ""
                parts.append(f"^{text}" if text[:1].isdigit() and _is_raised(parent) else text)
            elif tag in _MARKS:
                parts.append(_MARKS[tag] if child.get(_W + "type") != "page" else "")
            elif tag in _REFERENCES:
                self._called.append((_REFERENCES[tag], child.get(_W + "id") or ""))
                parts.append(f"[{len(self._called)}]")
            elif tag == _W + "txbxContent":
                boxes.append(child)
            elif tag == _DRAWN:
                parts.append(_alt(child))
            else:
                start = sum(map(len, parts)) if tag == _W + "hyperlink" else 0
                self._inline(child, parts, links, boxes)
                if tag == _W + "hyperlink":
                    links.append(Anchor(start, sum(map(len, parts)), self._target(child)))

    def _table(self, table: Any) -> Iterator[Block]:
        """A line a row; a table of one cell only frames its text."""
        fresh = True
        for tr in table.iter(_W + "tr"):
            if next(tr.iterancestors(_W + "tbl")) is not table:
                continue
            cells = [
                list(self.blocks(tc)) for tc in tr.iter(_W + "tc") if next(tc.iterancestors(_W + "tr")) is tr
            ]
            if len(cells) == 1:
                yield from cells[0]
                continue
            text = row(" ".join(b.text for b in cell) for cell in cells)
            if text.strip(" |"):
                yield Block(text, tight=not fresh)
                fresh = False

    def _level(self, p: Any) -> int:
        own = p.find(f"{_W}pPr/{_W}outlineLvl")
        if own is not None:
            return _outline(own)
        style = p.find(f"{_W}pPr/{_W}pStyle")
        return self._levels.get(style.get(_W + "val"), 0) if style is not None else 0

    def _bullet(self, p: Any) -> str:
        number = p.find(f"{_W}pPr/{_W}numPr")
        if number is None:
            style = p.find(f"{_W}pPr/{_W}pStyle")
            return "- " if style is not None and style.get(_W + "val") in self._listed else ""
        key, depth = _value(number, "numId"), _value(number, "ilvl")
        if key == "0":
            return ""
        level = int(depth) if depth.isdecimal() else 0
        if self._formats.get((key, level), "bullet") in {"bullet", "none"}:
            return "- "
        for other in [k for k in self._counters if k[0] == key and k[1] > level]:
            del self._counters[other]
        count = self._counters[key, level] = self._counters.get((key, level), 0) + 1
        return f"{count}. "

    def _target(self, link: Any) -> str:
        relation = self._part.rels.get(link.get(_R + "id"))
        return str(relation.target_ref) if relation is not None and relation.is_external else ""


def _is_raised(run: Any) -> bool:
    """Whether a run is a power or the like: 10² must not become 102."""
    place = run.find(f"{_W}rPr/{_W}vertAlign")
    return place is not None and place.get(_W + "val") == "superscript"


def _value(parent: Any, name: str) -> str:
    found = parent.find(_W + name)
    return "" if found is None else found.get(_W + "val") or ""


def _outline(element: Any) -> int:
    """The level in an ``outlineLvl``: 9 is body text."""
    value = element.get(_W + "val") or ""
    return min(int(value) + 1, _DEEPEST) if value.isdecimal() and int(value) < 9 else 0  # noqa: PLR2004 - see above


def _levels(styles: Any) -> Iterator[tuple[str, int]]:
    """The heading level of each style that has one: by its name, its outline level, or the style it is based on."""
    known = {s.get(_W + "styleId"): s for s in styles.findall(_W + "style")}
    for key, style in known.items():
        current = style
        for _ in range(_MOST_BASES):
            name = _value(current, "name")
            m = _HEADING.fullmatch(name.strip())
            outline = current.find(f"{_W}pPr/{_W}outlineLvl")
            level = min(int(m[1]), _DEEPEST) if m else 1 if name.lower() in _TITLE else 0
            level = level or (_outline(outline) if outline is not None else 0)
            current = known.get(_value(current, "basedOn"))
            if level:
                yield key, level
            if level or current is None:
                break


def _formats(part: Any) -> Mapping[tuple[str, int], str]:
    """How each level of each list is numbered."""
    tree = next(_related(part, "numbering"), None)
    if tree is None:
        return {}
    abstract = {
        one.get(_W + "abstractNumId"): {
            int(level.get(_W + "ilvl") or 0): _value(level, "numFmt") for level in one.findall(_W + "lvl")
        }
        for one in tree.findall(_W + "abstractNum")
    }
    return {
        (num.get(_W + "numId"), level): form
        for num in tree.findall(_W + "num")
        for level, form in abstract.get(_value(num, "abstractNumId"), {}).items()
    }


def _related(part: Any, kind: str) -> Iterator[Any]:
    """The roots of the document's parts of this kind."""
    from docx.oxml.parser import parse_xml

    for relation in part.rels.values():
        if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
            yield parse_xml(relation.target_part.blob)


def _alt(drawing: Any) -> str:
    """What a picture's author said of it."""
    said = " ".join((drawing.get("descr") or "").split())
    return f" {said} " if said and not is_nameless(said) else ""
