"""Workbooks (``.xlsx``): a page for each sheet, a line for each row, values as they were last calculated."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from ingest.loaders.archive import Archive, guarded
from ingest.loaders.extract import Block, clean, compose, document, one_line, row
from ingest.loaders.office import core
from ingest.loaders.table import column_names
from ingest.loaders.text import title_from_name
from rag.types import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.loaders.office import Properties
    from ingest.loaders.source import Source
    from rag.types import Document

_MOST_ROWS = 100_000
_MOST_CHARACTERS = 20_000_000
_SAMPLE_ROWS = 30
_SHEETS = "xl/worksheets/"
_NO_VALUE = re.compile(rb"(?:</f>|<f[^<>]{0,200}/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")


def load(source: Source) -> Document:
    """Read a workbook.

    Raises:
        LoadError: the file is encrypted or damaged.
    """
    import openpyxl

    archive = Archive(source.id, source.data)
    own = core(archive, "xlsx")
    with guarded(source.id), catch_warnings():
        simplefilter("ignore")  # openpyxl warns of whatever it would not write back
        book = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True, data_only=True)
        sheets = [(sheet.title, _rows(sheet)) for sheet in book.worksheets]
        return workbook(source, sheets, own, _uncalculated(archive))


def workbook(
    source: Source,
    sheets: Sequence[tuple[str, Iterable[Sequence[str]]]],
    own: Properties,
    warnings: Iterable[str] = (),
) -> Document:
    """The Document of rows of texts, each sheet's behind its name."""
    budget = _MOST_CHARACTERS
    pages: list[list[Block]] = []
    headers: list[list[str]] = []
    warnings = list(warnings)
    for name, rows in sheets:
        lines, head, left_out = _lines(rows, budget)
        text = "\n".join(lines)
        budget -= len(text)
        pages.append([Block(text)])
        headers.append(column_names(head))
        if left_out:
            warnings.append(f"sheet {name!r} is too large: its rows after number {len(lines)} were left out")
    extract = compose(pages)
    return document(
        source,
        extract._replace(
            sections=tuple(_sections([name for name, _ in sheets], pages, headers, extract.pages))
        ),
        "sheets",
        own.title or title_from_name(source.id),
        dates=own.dates,
        tags=own.tags,
        meta=own.meta,
        warnings=warnings,
        paged=True,
    )


def _lines(rows: Iterable[Sequence[str]], budget: int) -> tuple[list[str], list[list[str]], bool]:
    """Rows as lines, the first ones as cells, and whether there were more than fit."""
    lines: list[str] = []
    head: list[list[str]] = []
    for cells in rows:
        line = row(clean(cell) for cell in cells)
        if not line:
            continue
        budget -= len(line) + 1
        if budget < 0 or len(lines) == _MOST_ROWS:
            return lines, head, True
        lines.append(line)
        if len(head) < _SAMPLE_ROWS:
            head.append(list(cells))
    return lines, head, False


def _sections(
    names: list[str], pages: list[list[Block]], headers: list[list[str]], offsets: Sequence[int]
) -> Iterator[Section]:
    """The sheet's name, with those of its columns where its first row tells them."""
    for name, (block,), header, at in zip(names, pages, headers, offsets, strict=True):
        if block.text:
            yield Section(at, one_line(": ".join(filter(None, (name, ", ".join(header))))), 1)


def _uncalculated(archive: Archive) -> Iterator[str]:
    """A warning where formulas have no value because no application has opened the file yet."""
    if any(p.startswith(_SHEETS) and _NO_VALUE.search(archive.read(p)) for p in archive.paths()):
        yield "some formulas have no value yet; open it in its application and save it again"


def _rows(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what a sheet says of its own size is often wrong
    for cells in sheet.iter_rows(values_only=True):
        yield [_said(value) for value in cells]


def _said(value: object) -> str:
    """A value as a person would write it; dates in ISO."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
