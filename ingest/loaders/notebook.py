"""Jupyter notebooks: a page for each cell, with its code fenced and what it printed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ingest import links
from ingest.encoding import decode
from ingest.loaders.blocks import blanked, fences, heading_text, headings, inline_code
from ingest.loaders.extract import Block, clean, compose, document
from ingest.loaders.masks import disjoint, embedded
from ingest.loaders.text import title_from_name
from rag.errors import LoadError
from rag.types import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.loaders.source import Source
    from rag.types import Document

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_BACKTICKS = re.compile(r"`{3,}")
_HIDDEN_REPR = re.compile(
    r"<[\w. ]+(?: object)? at 0x[0-9a-f]+>|<Figure size [^<>]+>|\[?<matplotlib[^\n]+>\]?"
)


def load(source: Source) -> Document:
    """Read a notebook; pictures and HTML that it printed are left out.

    Raises:
        LoadError: the file is not a notebook.
    """
    from dataclasses import replace

    book = _parsed(source)
    cells = _cells(book)
    language = _language(book)
    pages = [_page(cell, language) for cell in cells]
    extract = compose([[Block(text)] for text in pages])
    found = document(source, extract, "notebook", title_from_name(source.id), paged=True)
    view = blanked(found.text, _code(found))
    view = blanked(view, inline_code(view))
    outline = tuple(_sections(found.text, view))
    told = links.find(found.text, view)
    metadata = book.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else None
    first = next((s.title for s in outline if s.level == 1), "")
    return replace(
        found,
        title=title if isinstance(title, str) and title.strip() else first or found.title,
        sections=outline,
        masks=disjoint((*embedded(found.text), *told.masks)),
        links=tuple(link for link in told.links if not link.target.startswith("data:")),
    )


def _parsed(source: Source) -> dict[str, Any]:
    raw = decode(source.id, source.data, source.encoding)
    try:
        book = json.loads(raw.text)
    except (ValueError, RecursionError) as e:
        raise LoadError(
            "{name}: is not a notebook: its JSON cannot be read: {reason}. Open it in Jupyter and save it again.",
            name=source.id,
            reason=" ".join(str(e).split()) or type(e).__name__,
        ) from e
    if not isinstance(book, dict) or not isinstance(book.get("cells", book.get("worksheets")), list):
        raise LoadError(
            "{name}: is not a notebook: it has no cells. Open it in Jupyter and save it again.",
            name=source.id,
        )
    return book


def _cells(book: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells of today's format, or of that before 2015."""
    sheets = [book, *(s for s in book.get("worksheets") or () if isinstance(s, dict))]
    return [c for s in sheets for c in s.get("cells") or () if isinstance(c, dict)]


def _language(book: dict[str, Any]) -> str:
    metadata = book.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) and name.isalnum() else ""


def _page(cell: dict[str, Any], language: str) -> str:
    written = clean(_joined(cell.get("source", cell.get("input"))))
    kind = cell.get("cell_type")
    if kind == "heading":
        level = cell.get("level")
        return f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {written.strip()}"  # noqa: PLR2004 - levels
    if kind != "code":
        return written.strip()
    outputs = cell.get("outputs")
    printed = [_printed(o) for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else []
    said = "\n".join(p for p in printed if p)
    return "\n\n".join(part for part in (_fenced(written, language), _fenced(said, "text")) if part)


def _printed(output: dict[str, Any]) -> str:
    """An output's text: what was printed, a result, or the last line of an error."""
    if output.get("output_type") in {"error", "pyerr"}:
        return _plain(f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}")
    data = output.get("data")
    shown = data if isinstance(data, dict) else output
    text = shown.get("text/markdown") or shown.get("text/plain") or shown.get("text")
    said = _plain(_joined(text))
    return "" if _HIDDEN_REPR.fullmatch(said) else said


def _plain(text: str) -> str:
    """What a terminal would show in the end."""
    # A progress bar writes its line again and again.
    shown = (line.rstrip("\r").rpartition("\r")[2] for line in _ANSI.sub("", text).split("\n"))
    return clean("\n".join(shown)).strip("\n").rstrip()


def _fenced(text: str, language: str) -> str:
    text = clean(text).strip("\n").rstrip()
    if not text:
        return ""
    fence = "`" * max((3, *(len(m[0]) + 1 for m in _BACKTICKS.finditer(text))))
    return f"{fence}{language}\n{text}\n{fence}"


def _joined(value: object) -> str:
    """A string, however the notebook keeps its lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _code(found: Document) -> list[tuple[int, int]]:
    """Fenced code, looked for in each cell by itself."""
    ends = (*found.pages[1:], len(found.text))
    return [
        (start + a, start + b)
        for start, end in zip(found.pages, ends, strict=True)
        for a, b in fences(found.text[start:end])
    ]


def _sections(text: str, view: str) -> Iterator[Section]:
    for heading in headings(view):
        title = heading_text(text[heading.start : heading.end])
        if title:
            yield Section(heading.start, title, heading.level)
