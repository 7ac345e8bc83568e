"""Where the notes say what the graph says: the line, as a citation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.types import IN_LINES, Citation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.store.catalogue import Catalogue

_QUOTE = 160


def cite(catalogue: Catalogue, doc_id: str, start: int, end: int) -> Citation | None:
    """The line that holds a span of a document, cut to what is near the span."""
    document = catalogue.document(doc_id)
    if document is None:
        return None
    text = document.text
    first = max(text.rfind("\n", 0, start) + 1, start - _QUOTE // 2)
    last = text.find("\n", start)
    last = max(end if end - start <= _QUOTE else start, min(len(text) if last < 0 else last, first + _QUOTE))
    line = text.count("\n", 0, start) + 1
    page = None if document.format in IN_LINES else _page(document.pages, start)
    return Citation(
        0, doc_id, document.title, first, last, text[first:last], (line, line), page, format=document.format
    )


def _page(pages: Sequence[int], start: int) -> int | None:
    return sum(1 for at in pages if at <= start) or None
