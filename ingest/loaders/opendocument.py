"""OpenDocument files: texts (``.odt``), presentations (``.odp``) and workbooks (``.ods``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest.links import is_nameless
from ingest.loaders.archive import Archive, broken, guarded
from ingest.loaders.extract import Anchor, Block, compose, document, row
from ingest.loaders.office import properties
from ingest.loaders.sheets import workbook
from ingest.loaders.text import title_from_name
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.loaders.office import Properties
    from ingest.loaders.source import Source
    from rag.types import Document

_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _OFFICE, _DRAW = (_NS % name for name in ("text", "table", "office", "drawing"))
_META = _NS % "meta"
_MANIFEST = _NS % "manifest"
_PRESENTATION = _NS % "presentation"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_ALT = frozenset(_NS % "svg-compatible" + name for name in ("title", "desc"))

_H, _P = _TEXT + "h", _TEXT + "p"
# Earlier states of the text, lists made of its own headings, and code.
_UNREAD = frozenset(
    {
        *(
            _TEXT + n
            for n in ("tracked-changes", "table-of-content", "sequence-decls", "variable-decls", "ruby-text")
        ),
        _OFFICE + "forms",
        _OFFICE + "scripts",
        _OFFICE + "event-listeners",
    }
)
_MOST_REPEATED = 100
_DEEPEST = 6


def load(source: Source) -> Document:
    """Read an OpenDocument file.

    Raises:
        LoadError: the file is encrypted or damaged.
    """
    archive = Archive(source.id, source.data)
    _refuse_encrypted(archive)
    with guarded(source.id):
        return _document(source, archive)


def _document(source: Source, archive: Archive) -> Document:
    body = archive.xml("content.xml").find(_OFFICE + "body")
    if body is None:
        raise broken(source.id, ValueError("it has no body"))
    own = _properties(archive)
    if (sheets := body.find(_OFFICE + "spreadsheet")) is not None:
        return workbook(
            source, [(t.get(_TABLE + "name") or "", _rows(t)) for t in sheets.iter(_TABLE + "table")], own
        )
    slides = list(body.iter(_DRAW + "page"))
    pages = [list(_Reader().slide(slide)) for slide in slides] if slides else [list(_Reader().blocks(body))]
    first = next((b.text for b in pages[0] if b.level == 1), "") if not slides else ""
    return document(
        source,
        compose(pages),
        "slides" if slides else "prose",
        own.title or first or title_from_name(source.id),
        dates=own.dates,
        tags=own.tags,
        meta=own.meta,
        paged=bool(slides),
    )


def _refuse_encrypted(archive: Archive) -> None:
    path = "META-INF/manifest.xml"
    if path in archive and next(archive.xml(path).iter(_MANIFEST + "encryption-data"), None) is not None:
        raise LoadError("{name}: is encrypted; save a copy without a password.", name=archive.name)


def _properties(archive: Archive) -> Properties:
    told: dict[str, list[str]] = {}
    if "meta.xml" in archive:
        for one in archive.xml("meta.xml").iter():
            if isinstance(one.tag, str) and one.text:
                told.setdefault(one.tag, []).append(one.text)
    first = {tag: values[0] for tag, values in told.items()}
    return properties(
        "odf",
        title=first.get(_DC + "title"),
        author=first.get(_META + "initial-creator") or first.get(_DC + "creator"),
        keywords=",".join(told.get(_META + "keyword", ())),
        created=first.get(_META + "creation-date"),
        modified=first.get(_DC + "date"),
    )


class _Reader:
    """Walks a body. Elements nest no deeper than the XML parser allows (256)."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def slide(self, page: Any) -> Iterator[Block]:
        """A slide's shapes, its title as a heading, then its notes."""
        for shape in page:
            kind = shape.get(_PRESENTATION + "class")
            level = 1 if kind == "title" else 0
            for block in self._walk(shape):
                yield Block(block.text, level or block.level, block.tight, block.links)
        yield from self._noted_blocks()

    def blocks(self, body: Any) -> Iterator[Block]:
        """Everything below an element, then its footnotes."""
        yield from self._walk(body)
        yield from self._noted_blocks()

    def _noted_blocks(self) -> Iterator[Block]:
        for number, note in enumerate(self._notes, start=1):
            yield Block(f"[{number}] {note}", tight=number > 1)

    def _walk(self, parent: Any, bullet: str = "") -> Iterator[Block]:
        for child in parent:
            tag = child.tag
            if tag in _UNREAD or not isinstance(tag, str):
                continue
            if tag in {_P, _H}:
                yield from self._paragraph(child, bullet)
            elif tag == _TABLE + "table":
                yield from self._table(child)
            elif tag in _ALT:
                yield from _alt(child)
            elif tag in {_TEXT + "list-item", _TEXT + "list-header"}:
                yield from self._walk(child, "- ")
            else:
                yield from self._walk(child, bullet)

    def _paragraph(self, p: Any, bullet: str) -> Iterator[Block]:
        level = min(_number(p.get(_TEXT + "outline-level")), _DEEPEST) if p.tag == _H else 0
        parts = ["" if level else bullet]
        links: list[Anchor] = []
        boxes: list[Any] = []
        self._inline(p, parts, links, boxes)
        text = "".join(parts)
        if text.strip(" -\n\t"):
            yield Block(text, level, bool(bullet) and not level, tuple(links))
        for box in boxes:
            yield from self._walk(box)

    def _inline(self, parent: Any, parts: list[str], links: list[Anchor], boxes: list[Any]) -> None:
        parts.append(_folded(parent.text))
        for child in parent:
            tag = child.tag
            if tag in _UNREAD:
                pass
            elif tag == _TEXT + "s":
                parts.append(" " * min(_number(child.get(_TEXT + "c")), _MOST_REPEATED))
            elif tag == _TEXT + "tab":
                parts.append("\t")
            elif tag == _TEXT + "line-break":
                parts.append("\n")
            elif tag == _TEXT + "note":
                parts.append(self._note(child))
            elif tag == _OFFICE + "annotation":
                parts.append(self._noted(child))
            elif tag == _DRAW + "frame":
                boxes.append(child)
            else:
                start = sum(map(len, parts)) if tag == _TEXT + "a" else 0
                self._inline(child, parts, links, boxes)
                if tag == _TEXT + "a":
                    links.append(Anchor(start, sum(map(len, parts)), child.get(_XLINK + "href") or ""))
            parts.append(_folded(child.tail))

    def _note(self, note: Any) -> str:
        body = note.find(_TEXT + "note-body")
        return self._noted(body) if body is not None else ""

    def _noted(self, body: Any) -> str:
        said = " ".join(b.text.strip() for b in self._walk(body))
        self._notes.append(said)
        return f"[{len(self._notes)}]"

    def _table(self, table: Any) -> Iterator[Block]:
        fresh = True
        for line in table.iter(_TABLE + "table-row"):
            if next(line.iterancestors(_TABLE + "table")) is not table:
                continue
            text = row(
                " ".join(b.text for b in self._walk(cell))
                for cell in line
                if cell.tag == _TABLE + "table-cell"
            )
            if text.strip(" |"):
                yield Block(text, tight=not fresh)
                fresh = False


def _alt(description: Any) -> Iterator[Block]:
    """What a picture's author said of it."""
    said = _folded(description.text).strip()
    if said and not is_nameless(said):
        yield Block(said)


def _rows(table: Any) -> Iterator[list[str]]:
    """A sheet's rows; cells that repeat are written out, within reason. Dates come as their ISO value."""
    for line in table.iter(_TABLE + "table-row"):
        cells: list[str] = []
        for cell in line:
            said = cell.get(_OFFICE + "date-value") or "\n".join(_plain(p) for p in cell.iter(_P))
            cells += [said] * min(_number(cell.get(_TABLE + "number-columns-repeated")), _MOST_REPEATED)
        yield cells


def _plain(p: Any) -> str:
    return _folded("".join(p.itertext()))


def _folded(text: str | None) -> str:
    """White space in the markup is one space; spaces that are meant have elements of their own."""
    if not text:
        return ""
    folded = " ".join(text.split())
    return (" " if text[0].isspace() else "") + folded + (" " if folded and text[-1].isspace() else "")


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 9 else 1  # noqa: PLR2004 - nine digits
