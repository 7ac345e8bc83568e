"""Presentations (``.pptx``): a page for each slide, with its tables and its speaker's notes."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ingest.links import is_nameless
from ingest.loaders.archive import Archive, guarded
from ingest.loaders.extract import Anchor, Block, compose, document, row
from ingest.loaders.office import core
from ingest.loaders.text import title_from_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.loaders.source import Source
    from rag.types import Document

_T = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
_P = "{http://schemas.openxmlformats.org/drawingml/2006/main}p"
_FORMULA = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DIAGRAM = "/diagramData"
_FURNITURE = frozenset({"SLIDE_NUMBER", "DATE", "FOOTER", "HEADER"})


def load(source: Source) -> Document:
    """Read a presentation.

    Raises:
        LoadError: the file is encrypted or damaged.
    """
    import pptx

    own = core(Archive(source.id, source.data), "pptx")
    with guarded(source.id):
        file = pptx.Presentation(io.BytesIO(source.data))
        pages = [list(_slide(slide)) for slide in file.slides]
    return document(
        source,
        compose(pages),
        "slides",
        own.title or title_from_name(source.id),
        dates=own.dates,
        tags=own.tags,
        meta=own.meta,
        paged=True,
    )


def _slide(slide: Any) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        yield Block(" ".join(title.text_frame.text.split()), 1)
    for shape in slide.shapes:
        if title is None or shape.element is not title.element:  # ids are not always unique
            yield from _shape(shape)
    yield from _alternatives(slide)
    yield from _diagrams(slide)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        if frame is not None:
            yield Block(_plain(frame.text))


def _shape(shape: Any) -> Iterator[Block]:
    if hasattr(shape, "shapes"):  # a group
        for inner in shape.shapes:
            yield from _shape(inner)
    elif (
        shape.is_placeholder
        and shape.placeholder_format.type is not None
        and shape.placeholder_format.type.name in _FURNITURE
    ):
        return
    elif shape.has_text_frame:
        yield from _paragraphs(shape.text_frame)
    elif getattr(shape, "has_table", False):
        for number, line in enumerate(shape.table.rows):
            cells = ("" if cell.is_spanned else cell.text for cell in line.cells)
            yield Block(row(cells).strip(" |") and row(_plain(c.text) for c in line.cells), tight=number > 0)
    elif getattr(shape, "has_chart", False):
        with suppress(ValueError, KeyError, AttributeError):  # a kind that the library does not know
            yield from _chart(shape.chart)
    else:
        yield from _picture(shape)


def _paragraphs(frame: Any) -> Iterator[Block]:
    for number, paragraph in enumerate(frame.paragraphs):
        links: list[Anchor] = []
        at = 2 if paragraph.level else 0
        text = "- " if at else ""
        for run in paragraph.runs:
            said = run.text
            target = run.hyperlink.address if said else None
            if target:
                links.append(Anchor(at, at + len(said), target))
            at += len(said)
        whole = _plain(paragraph.text)
        exact = at - len(text) == len(whole)
        yield Block(
            text + whole if whole.strip() else "", tight=number > 0, links=tuple(links) if exact else ()
        )


def _chart(chart: Any) -> Iterator[Block]:
    """A chart's title and the names of what it shows."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Block(_plain(chart.chart_title.text_frame.text))
    for plot in chart.plots:
        yield Block(row(str(name) for name in plot.categories))
        for series in plot.series:
            values = ("" if v is None else f"{v:.15g}" for v in series.values)
            yield Block(row((str(series.name), *values)), tight=True)


def _picture(shape: Any) -> Iterator[Block]:
    about = shape.element.xpath(".//p:cNvPr/@descr")
    said = " ".join(about[0].split()) if about else ""
    if said and not is_nameless(said):
        yield Block(said)


def _alternatives(slide: Any) -> Iterator[Block]:
    """Shapes that also come in a form for older programs, as those with formulas do: the library passes them over."""
    for alternatives in slide.element.iter(_MC + "AlternateContent"):
        best = alternatives.find(_MC + "Choice")
        for p in best.iter(_P) if best is not None else ():
            yield Block("".join(t.text or "" for t in p.iter(_T, _FORMULA)))


def _diagrams(slide: Any) -> Iterator[Block]:
    """The words of SmartArt, which lie in a part of their own."""
    from pptx.oxml import parse_xml

    for relation in slide.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_DIAGRAM):
            for number, p in enumerate(parse_xml(relation.target_part.blob).iter(_P)):
                yield Block("".join(t.text or "" for t in p.iter(_T)), tight=number > 0)


def _plain(text: str) -> str:
    return text.replace("\x0b", "\n")
