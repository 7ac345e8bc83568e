"""A document's running text: what names are read from. Same length as the text, so that offsets stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.loaders.blocks import blanked, formulas, front_matter, inline_code
from ingest.loaders.dialects import tagged_code
from ingest.sections import code_blocks

if TYPE_CHECKING:
    from ingest.loaders.blocks import Span
    from rag.types import Document

_MARKED_UP = frozenset({"markdown", "chat"})
# What follows these is no prose. Each begins with a character of its own, by which the search is quick; what is left
# of an address before it is in lower case.
_NO_PROSE = re.compile(
    r"""
      ://[^\s<>"'（），。；》」]+
    | www\.[\w-]+\.[^\s<>"'（），。；》」]+
    | @[^\s\#@,;:!?，。；：！？、)）\]】"'”’]+
    | \[\[[^\[\]\n]*\]\]
    | !\[[^\[\]\n]*\]
    | </?[A-Za-z][^<>\n]*>
    | &\#?\w{2,8};
    | /[\w.@-]+(?:/[\w.@-]+)+/?
    | :\\[^\s]+
    | \#(?<![\w&]\#)[^\s\#@,.;:!?，。；：！？、)）\]】"'”’]+
    | \$\{[^{}\n]*\}
    | \{\{[^{}\n]*\}\}
    | \{%[^%\n]*%\}
    """,
    re.VERBOSE,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
MARK = "\u241f"
"""Stands where something was left out."""


@dataclass(frozen=True, slots=True)
class View:
    """Running text.

    Attributes:
        text: the document's, with everything left out that is no prose.
        addressed: likewise, but with addresses and wikilinks.
        begin: where the body begins, after the front matter.
        code: spans of inline code, backticks included.
        han: whether there are Chinese characters in it.
    """

    text: str
    addressed: str
    begin: int
    code: tuple[Span, ...]
    han: bool


def view(document: Document) -> View:
    """The running text of a document."""
    body = blanked(document.text, ((m.start, m.end) for m in document.masks))
    begin = _body(document)
    if begin:
        body = blanked(body, [(0, begin)])
    code: tuple[Span, ...] = ()
    if "`" in body or "~~~" in body:
        body = blanked(body, code_blocks(document, body, begin))
    if document.format in _MARKED_UP:
        body = blanked(body, tagged_code(body))
        code = tuple(inline_code(body)) if "`" in body else ()
        body = _marked(body, code)
        body = blanked(body, formulas(body))
    prose = _NO_PROSE.sub(_left_out, body)
    return View(prose, body, begin, code, _HAN.search(prose) is not None)


def _body(document: Document) -> int:
    front = front_matter(document.text) if document.format == "markdown" and document.meta else None
    return front.body if front and document.masks and document.masks[0].start == 0 else 0


def _marked(text: str, spans: tuple[Span, ...]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += text[at:start], MARK, _spaces(text[start + 1 : end])
        at = end
    return "".join((*parts, text[at:])) if parts else text


def _left_out(found: re.Match[str]) -> str:
    return MARK + " " * (len(found[0]) - 1)


def _spaces(text: str) -> str:
    return "\n".join(" " * len(line) for line in text.split("\n"))
