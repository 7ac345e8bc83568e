"""Comma- and tab-separated tables: the decoded file, with its header row as the heading of every passage."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING

from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders.extract import one_line
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.types import Document, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.loaders.source import Source

_DELIMITERS = ",\t;|"
_SAMPLE_ROWS, _SAMPLE = 30, 1 << 16
_LONGEST_NAME = 100  # of a column; a longer cell is somebody's words
_VALUE = re.compile(r"[-+]?[\d\s.,:/%€$¥£-]+|true|false|null|none|n/?a", re.IGNORECASE)
_A_YEAR = re.compile(r"(?:19|20)\d\d")


def load(source: Source) -> Document:
    """Read a table; its delimiter is found out.

    Raises:
        LoadError: the bytes are not text.
    """
    raw = decode(source.id, source.data, source.encoding)
    return Document(
        source.id,
        raw.text,
        source.sha256,
        title_from_name(source.id),
        "table",
        sections=_header(raw.text),
        dates=document_dates(source.id, {}, source.options.date_keys),
        encoding=raw.encoding,
        warnings=decoding_warnings(source.id, raw),
    )


def _header(text: str) -> tuple[Section, ...]:
    """The names of the columns. A table without any gets an empty section: its first row is like all others."""
    names = column_names(_rows(text[:_SAMPLE]))
    return (Section(0, one_line(", ".join(names)), 1),) if names else (Section(0, ""),) if text else ()


def column_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """What the first row calls the columns; [] where it holds values as the rows below do."""
    first = [" ".join(cell.split()) for cell in rows[0]] if rows else []
    named = [cell for cell in first if cell]
    if len(rows) < 2 or 2 * len(named) < len(first) or len(set(named)) < len(named):  # noqa: PLR2004 - a header and a row
        return []
    values = [
        c for c in named if len(c) > _LONGEST_NAME or (_VALUE.fullmatch(c) and not _A_YEAR.fullmatch(c))
    ]
    return [] if values else named


def _rows(sample: str) -> list[list[str]]:
    """The first rows, cut by the delimiter that cuts them most evenly. Quoted cells may hold line breaks."""
    return max((_parsed(sample, delimiter) for delimiter in _DELIMITERS), key=_evenness)


def _parsed(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    try:
        return [row for row in islice(reader, _SAMPLE_ROWS) if any(cell.strip() for cell in row)]
    except csv.Error:  # a cell beyond the module's limit
        return []


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How many rows are as wide as the first, and how wide that is; nothing for a single column."""
    if not rows or len(rows[0]) < 2:  # noqa: PLR2004 - a table has two columns
        return 0.0, 0
    width = len(rows[0])
    return sum(len(row) == width for row in rows) / len(rows), width
