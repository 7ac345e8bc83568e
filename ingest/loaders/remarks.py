"""What people wrote onto the pages of a PDF: comments, typed notes and filled forms, which no text layer holds."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdf import PdfReader

_MOST, _LONGEST = 1_000, 10_000  # of a page; characters of each
_SHAPES = "Text FreeText Highlight Underline Squiggly StrikeOut Caret Stamp Square Circle Line Ink"
_COMMENTS = frozenset(f"/{name}" for name in _SHAPES.split())


def with_remarks(reader: PdfReader, number: int, text: str) -> str:
    """A page's text (of the page from 0), and below it what was written onto it, unless it says the same."""
    parts = [text] if text else []
    known = "".join(text.split())
    for remark in _remarks(reader, number):
        said = "".join(remark.split())
        if said and said not in known:
            parts.append(remark)
            known += said
    return "\n\n".join(parts)


def _remarks(reader: PdfReader, number: int) -> Iterator[str]:
    with contextlib.suppress(Exception):  # a damaged page has none
        for reference in list(reader.pages[number].get("/Annots") or ())[:_MOST]:
            with contextlib.suppress(Exception):
                yield _said(reference.get_object())[:_LONGEST].strip()


def _said(note: Any) -> str:
    """A comment's words, or a text field's value; its choices and signatures are no text."""
    if note.get("/Subtype") in _COMMENTS:
        return str(note.get("/Contents") or "")
    field = note if "/V" in note or "/Parent" not in note else note["/Parent"].get_object()
    is_text = note.get("/Subtype") == "/Widget" and field.get("/FT") in {"/Tx", "/Ch"}
    return str(field.get("/V") or "") if is_text else ""
