"""Sentence spans of a passage, in Chinese and English, aware of Markdown.

A span is a half-open pair of offsets into the text that was given, trimmed of white space. Headings,
list items, table rows, ``key: value`` lines and short code blocks are units of their own; a link, an
emphasis, inline code or an address is never cut. Lines that a narrow editor wrapped are joined again.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Span = tuple[int, int]

_LONGEST_CODE = 500  # a longer code block is cited line by line
_LONGEST_PROPERTY = 160  # a longer ``key: value`` line is prose
_WRAP = range(50, 131)  # display columns at which editors and PDF pages wrap prose

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+\S")
_ITEM = re.compile(r"[ \t>]*(?:[-*+•·]|\d{1,3}[.)、]|\[[ xX]\])[ \t]+|[ \t]*(?:>|\|)|[ \t]*\d{1,3}、")
_LISTED = re.compile(
    r"[ \t>]*(?:[-*+•·]|\d{1,3}[.)、）]|[(（]\d{1,2}[)）])[ \t]+\S|[ \t]*(?:\d{1,3}|[一二三四五六七八九十]{1,3})、"
)
_PROPERTY = re.compile(
    r"[ \t]*[^\s:：|,，。.!?！？]{1,24}(?: [^\s:：|,，。.!?！？]{1,24}){0,3}(?:::?[ \t]|：(?![“「『]))"
)
_WORD = re.compile(r"[^\W_]")
_WHOLE = re.compile(  # what a boundary must not fall into
    r"`[^`\n]+`|!?\[[^\]\n]{0,300}\]\([^)\n]*\)|!?\[\[[^\]\n]+\]\]|<?https?://[^\s<>，。；、）】》]+>?"
    r"|\*\*[^*\n]{1,300}\*\*|__[^_\n]{1,300}__|==[^=\n]{1,300}=="
)
_CLOSERS = r"[”’」』）)】》〕\]\"'*_~=`]*"
_END = re.compile(rf"(?:[。！？!?]+|…+|；|\.(?=[\s”’\"')\]*_~`]|[\[［【]\^?\d|$)){_CLOSERS}")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“])(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|cf|al|Fig|No|Vol|pp?|ed|eds"
    r"|approx|ca|Inc|Ltd|Co|Corp|Gen|Col|Lt|Sgt|Rev|Hon|Mt|Ft|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$"
    r"|(?:^|\n)[ \t>]*\d{1,3}$"  # a list's number
)


def sentences(text: str) -> list[Span]:
    """The sentences and other units of a passage, in order, without those that hold no word."""
    spans = (_trim(text, *span) for block in _blocks(text) for span in _split(text, *block))
    return [(start, end) for start, end in spans if _WORD.search(text, start, end)]


def heading_level(unit: str) -> int:
    """1 to 6 for a Markdown heading, 0 for another unit."""
    return len(unit.lstrip()) - len(unit.lstrip().lstrip("#")) if _HEADING.match(unit) else 0


def is_item(unit: str) -> bool:
    """Whether a unit begins a list item."""
    return _LISTED.match(unit) is not None


def is_row(unit: str) -> bool:
    """Whether a unit is a table row."""
    return unit.lstrip().startswith("|")


def _lines(text: str) -> Iterator[Span]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Runs of text that no sentence crosses; the flag says that the run may be split into sentences."""
    paragraph: list[Span] = []
    fence: tuple[str, int] | None = None
    for start, end in _lines(text):
        mark = _FENCE.match(text, start, end)
        if fence is not None:
            if mark and mark[1].startswith(fence[0]):
                yield from _code(text, fence[1], end)
                fence = None
            continue
        if mark or start == end or text[start:end].isspace():
            yield from _paragraph(text, paragraph)
            paragraph = []
            fence = (mark[1], start) if mark else None
        else:
            paragraph.append((start, end))
    yield from _paragraph(text, paragraph)
    if fence is not None:  # never closed: up to the end of the passage
        yield from _code(text, fence[1], len(text))


def _code(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    if end - start <= _LONGEST_CODE:
        yield start, end, False
    else:
        yield from ((start + a, start + b, False) for a, b in _lines(text[start:end]))


def _paragraph(text: str, lines: list[Span]) -> Iterator[tuple[int, int, bool]]:
    """Lines of a paragraph, joined where an editor wrapped them."""
    if not lines:
        return
    longest = max(_width(text[start:end]) for start, end in lines)
    first = lines[0][0]
    for this, after in pairwise(lines):
        if not _wrapped(text, this, after, longest):
            yield first, this[1], True
            first = after[0]
    yield first, lines[-1][1], True


def _wrapped(text: str, this: Span, after: Span, longest: int) -> bool:
    """Whether the next line's first word did not fit on this one: then the break carries no meaning."""
    line, following = text[slice(*this)], text[slice(*after)]
    if longest not in _WRAP or _HEADING.match(line) or _HEADING.match(following):
        return False
    if _ITEM.match(following) or _PROPERTY.match(following) or line.lstrip().startswith("|"):
        return False
    word = following.split(maxsplit=1)[0]
    word = word[:1] if _wide(word[0]) else word
    return _width(line) + 1 + _width(word) > longest


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _width(line: str) -> int:
    return len(line) if line.isascii() else sum(2 if _wide(c) else 1 for c in line)


def _split(text: str, start: int, end: int, prose: bool) -> Iterator[Span]:
    """Sentences of one block."""
    if not prose or _HEADING.match(text, start, end) or _row(text, start, end):
        yield start, end
        return
    marker = _ITEM.match(text, start, end)
    first = start
    for cut in ends(text, marker.end() if marker else start, end):
        yield first, cut
        first = cut
    yield first, end


def ends(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets right after each mark in ``text[start:end]`` that ends a sentence, closing quotes included."""
    whole = [m.span() for m in _WHOLE.finditer(text, start, end)]
    first = start
    for m in _END.finditer(text, start, end):
        cut = m.end()
        if not any(a < cut < b for a, b in whole) and _ends_sentence(text, first, m.start(), cut, end):
            yield cut
            first = cut


def _row(text: str, start: int, end: int) -> bool:
    """A table row, or a short ``key: value`` line."""
    if text[start:end].lstrip().startswith("|"):
        return True
    return end - start <= _LONGEST_PROPERTY and _PROPERTY.match(text, start, end) is not None


def _ends_sentence(text: str, first: int, at: int, cut: int, end: int) -> bool:
    """Whether the mark at ``at`` ends a sentence: a full stop may belong to a name, a number or an abbreviation."""
    following = text[cut:end].lstrip()[:1]
    if text[at] in "。！？；" or not following:
        return True
    if text[at] in "!?…":
        return not following.islower()
    return not following.islower() and not _ABBREVIATION.search(text[max(first, at - 12) : at])


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
