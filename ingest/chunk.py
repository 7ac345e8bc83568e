"""From a Document to Chunks: passages that read whole, each an exact span of the document's text.

Sections (a heading and what stands under it) come first; a section that fits is one passage and is not looked
into. Only one that is too long is cut, along the coarsest borders that are fine enough: blocks (paragraphs,
code, tables, list items), then sentences, lines, clauses, words. Tiny sections join their neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders.blocks import Span, blanked, front_matter
from ingest.sections import code_blocks, parts
from rag.types import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.sections import Part
    from rag.types import Document, Mask, Speaker

_IN_ROWS = frozenset({"table", "sheets"})
TINY = 40
"""Sections of fewer tokens than this may join a neighbour."""

_EIGHTHS = 8  # weights count eighths of a token, so that they add up exactly
_HEAVIEST = 11  # the weight of a character of four bytes
_GRAIN = 8  # clauses and words are measured in strides of at most this part of a passage, not one by one
_ASCII = 2  # and of one byte

_ITEM = r"(?:[-*+]|\d{1,9}[.)、])[ \t]"
_BLOCK = re.compile(rf"\n[^\S\n]*+\n\s*+|\n(?= {{0,3}}{_ITEM})")
_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n\s*+")
_LINE = re.compile(r"\n")
_ANY_ITEM = re.compile(rf"\n(?=[ \t]*+{_ITEM})")
_SENTENCE = re.compile(
    r"""[。！？；…]+[”’」』）)】》"']*\s*
      | (?<![.!?])[.!?]++["'”’)\]]*+\s++(?=["'“‘(\[]?[^\Wa-z_])
        (?<!\b[A-Z][.]\s)(?<!\b(?:Mr|Ms|Dr|vs|St|No|cf|al)[.]\s)(?<!\b(?:Mrs|e[.]g|i[.]e|etc|Fig|Inc|Ltd)[.]\s)""",
    re.VERBOSE,
)
_CLAUSE = re.compile(r"[，、：]\s*|[,;:]\s+")
_SPACE = re.compile(r"\s+")
_FINE = frozenset({_CLAUSE, _SPACE})
_TABLE_RULE = re.compile(r"\n[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+\|[ \t|:-]*+(?=\n|\Z)")
# A row ends at a line break that no quoted field holds.
_ROW = re.compile(
    r"""(?:(?<![^,;\t|\n])[ ]*+"(?:[^"]++|"")*+"(?=[ ]*+(?:[,;\t|\n]|\Z))|[^",;\t|\n]++|[",;\t|])*+(?:\n|\Z)"""
)

_Ladder = tuple[re.Pattern[str], ...]
_PROSE: _Ladder = (_ANY_ITEM, _SENTENCE, _LINE, _CLAUSE, _SPACE)
_TABLE: _Ladder = (_LINE, _SPACE)
_CODE: _Ladder = (_BLANK_LINE, _LINE, _SPACE)
_ROWS: _Ladder = (_ROW, _LINE, _CLAUSE, _SPACE)
_PROPERTIES: _Ladder = (_LINE, _SENTENCE, _CLAUSE, _SPACE)


class _Piece(NamedTuple):
    """A span of the text with its weight."""

    start: int
    end: int
    weight: int


class _Passage(NamedTuple):
    """A chunk in the making."""

    piece: _Piece
    level: int = 0
    path: tuple[str, ...] = ()
    page: int | None = None
    speaker: Speaker = ""
    turn: int = 0


def tokens(text: str) -> int:
    """Estimated tokens: a CJK character counts 1, other text 1 per 4 characters, a run of spaces as one.

    ``(3 * bytes - characters) / 8`` over UTF-8 gives just that (ASCII 1/4, three-byte characters 1), at the
    speed of an encode.
    """
    return -(-_weight(text) // _EIGHTHS)


def _weight(text: str) -> int:
    """``tokens`` in eighths, not rounded."""
    if "  " in text:
        text = " ".join(text.split())
    if text.isascii():
        return _ASCII * len(text)
    return 3 * len(text.encode("utf-8", "surrogatepass")) - len(text)


def chunk(document: Document, size: int = 400) -> list[Chunk]:
    """Cut a document into passages of about ``size`` estimated tokens.

    Chunks are sorted and disjoint; outside them lies only white space or masked text. ``body`` is ``text`` with
    every masked character but line breaks turned into a space, so both have the same offsets. A heading line
    may come on top of ``size``. A document with nothing to index gives one empty chunk at 0, by which its title
    is found.
    """
    view = blanked(document.text, ((m.start, m.end) for m in document.masks))
    passages = list(_passages(document, view, size * _EIGHTHS))
    if not passages:
        return [Chunk(document.id, 0, 0, "", "", document.title, (1, 1), format=document.format)]
    return list(_chunks(document, view, passages))


def _passages(document: Document, view: str, limit: int) -> Iterator[_Passage]:
    """All passages of a document, in order."""
    begin = _front_matter_end(document.text, document.masks) if document.format == "markdown" else 0
    properties = list(map(_Passage, _split(view, 0, begin, _PROPERTIES, limit)))
    yield from _with_properties(properties, _body(document, view, begin, limit), limit)


def _with_properties(
    properties: Sequence[_Passage], body: Iterator[_Passage], limit: int
) -> Iterator[_Passage]:
    """A few properties, often only a title, open the note's first passage; more are a passage of their own."""
    first = next(body, None)
    joined = None
    few = len(properties) == 1 and properties[0].piece.weight < TINY * _EIGHTHS
    if few and first is not None and not first.speaker:
        both = _merged(properties[0].piece, first.piece)
        joined = first._replace(piece=both) if both.weight <= limit else None
    if joined is None:
        yield from properties
    if first is not None:
        yield joined or first
    yield from body


def _front_matter_end(text: str, masks: Sequence[Mask]) -> int:
    """Where the body begins. Properties are what the loader took for such: their fence, unlike a ruler, is layout."""
    if not masks or masks[0].start > 0 or masks[0].reason != "layout":
        return 0
    block = front_matter(text)
    return block.body if block else 0


def _body(document: Document, view: str, begin: int, limit: int) -> Iterator[_Passage]:
    """Parts, cut where they are too long, joined where they are tiny."""
    code = code_blocks(document, view, begin)
    rows = document.format in _IN_ROWS
    last: _Passage | None = None
    for part in parts(document, view, begin, code):
        pieces = _split(view, part.start, part.end, _ROWS, limit) if rows else _cut(view, part, code, limit)
        for piece in pieces:
            passage = _Passage(piece, part.level, part.path, part.page, part.speaker, part.turn)
            joined = last and _joined(last, passage, limit)
            if last and not joined:
                yield last
            last = joined or passage
    if last:
        yield last


def _joined(first: _Passage, second: _Passage, limit: int) -> _Passage | None:
    """Both as one, if one of them is tiny, both fit, and the second stands beside or below the first.

    Never across pages or turns: no passage holds the words of two speakers.
    """
    if (first.page, first.speaker, first.turn) != (second.page, second.speaker, second.turn):
        return None
    tiny = min(first.piece.weight, second.piece.weight) < TINY * _EIGHTHS
    both = _merged(first.piece, second.piece)
    if not tiny or both.weight > limit or second.level < first.level:
        return None
    common = 0
    for a, b in zip(first.path, second.path, strict=False):
        if a != b:
            break
        common += 1
    return first._replace(piece=both, path=first.path[:common])


def _cut(view: str, part: Part, code: Sequence[Span], limit: int) -> list[_Piece]:
    """A part as pieces of at most ``limit`` (a heading line may come on top)."""
    whole = _piece(view, part.start, part.end)
    if whole is None:
        return []
    if whole.weight <= limit:
        return [whole]
    units: list[_Piece] = []
    for start, end, ladder in _blocks(view, whole.start, whole.end, code):
        pieces = _split(view, start, end, ladder, limit)
        if units and pieces:
            if units[-1].end <= part.body:
                pieces[0] = _merged(units.pop(), pieces[0])
            else:
                pieces[:1] = _attached(view, units.pop(), pieces[0], limit)
        units += pieces
    return _balanced(units, limit)


def _attached(view: str, unit: _Piece, block: _Piece, limit: int) -> list[_Piece]:
    """A block stays with the line that announces it ("as follows:") or, indented, with the item it goes on."""
    if view[block.start - 1] in " \t":
        line = unit.start
    elif view[unit.end - 1] in ":：":
        line = max(unit.start, view.rfind("\n", unit.start, unit.end) + 1)
    else:
        return [unit, block]
    head, tail = _piece(view, unit.start, line), _piece(view, line, unit.end)
    both = tail and _merged(tail, block)
    if not both or both.weight > limit:
        return [unit, block]
    return [head, both] if head else [both]


def _blocks(view: str, start: int, end: int, code: Sequence[Span]) -> Iterator[tuple[int, int, _Ladder]]:
    """Code blocks, paragraphs, tables and outer list items, each with the ladder of borders to cut it along."""
    at = start
    for begin, stop in code[bisect_left(code, (start, start)) :]:
        if begin >= end:
            break
        yield from _paragraphs(view, at, begin)
        yield begin, min(stop, end), _CODE
        at = stop
    yield from _paragraphs(view, at, end)


def _paragraphs(view: str, start: int, end: int) -> Iterator[tuple[int, int, _Ladder]]:
    at = start
    for stop in (*(m.end() for m in _BLOCK.finditer(view, start, end)), end):
        yield at, stop, _TABLE if _TABLE_RULE.search(view, at, stop) else _PROSE
        at = stop


def _split(view: str, start: int, end: int, ladder: _Ladder, limit: int) -> list[_Piece]:
    """A span as pieces of at most ``limit``, along the first borders of the ladder that suffice."""
    whole = _piece(view, start, end)
    if whole is None:
        return []
    if whole.weight <= limit:
        return [whole]
    if not ladder:
        return list(_hard_cut(view, whole, limit))
    parts: list[_Piece] = []
    at = whole.start
    for stop in (*_borders(view, whole, ladder[0], limit), whole.end):
        parts += _split(view, at, stop, ladder[1:], limit)
        at = stop
    return _balanced(parts, limit)


def _borders(view: str, whole: _Piece, border: re.Pattern[str], limit: int) -> Iterator[int]:
    """Where a span may be cut; clauses and words, of which one line may hold a million, are taken in strides."""
    if border not in _FINE:
        yield from (m.end() for m in border.finditer(view, whole.start, whole.end))
        return
    stride = limit // (_GRAIN * _HEAVIEST)
    at = whole.start
    while m := border.search(view, at, whole.end):
        yield m.end()
        at = m.end() + stride


def _hard_cut(view: str, whole: _Piece, limit: int) -> Iterator[_Piece]:
    """A run without any border, by count; a combining mark stays with its letter."""
    step = max(1, limit // (_ASCII if view[whole.start : whole.end].isascii() else _HEAVIEST))
    at = whole.start
    while at < whole.end:
        stop = min(at + step, whole.end)
        while stop < whole.end and unicodedata.combining(view[stop]):
            stop += 1
        piece = _piece(view, at, stop)
        if piece:
            yield piece
        at = stop


def _balanced(units: Sequence[_Piece], limit: int) -> list[_Piece]:
    """Neighbours merged into as few pieces as ``limit`` allows, of similar weight."""
    rest = sum(unit.weight for unit in units)
    pieces: list[_Piece] = []
    current: _Piece | None = None
    for unit in units:
        if current is None:
            current = unit
            continue
        target = rest / -(-rest // limit)
        both = _merged(current, unit)
        if both.weight > limit or both.weight - unit.weight / 2 > target:
            pieces.append(current)
            rest -= current.weight
            current = unit
        else:
            rest += both.weight - current.weight - unit.weight
            current = both
    return [*pieces, current] if current else pieces


def _piece(view: str, start: int, end: int) -> _Piece | None:
    """The span without white space at its ends, or None where nothing is left."""
    text = view[start:end]
    body = text.strip()
    if not body:
        return None
    start += len(text) - len(text.lstrip())
    return _Piece(start, start + len(body), _weight(body))


def _merged(first: _Piece, second: _Piece) -> _Piece:
    """Both, with what stands between them: white space, of which two characters may count."""
    between = _ASCII * min(second.start - first.end, 2)
    return _Piece(first.start, second.end, first.weight + between + second.weight)


def _chunks(document: Document, view: str, passages: Iterable[_Passage]) -> Iterator[Chunk]:
    text = document.text
    destinations = {m.start: m.end for m in document.masks if text[m.start] == "("}
    line, at = 1, 0
    for (start, end, _), _, path, page, speaker, _ in passages:
        # A link's masked destination at the very end belongs to the quote.
        stop = destinations.get(end, end)
        line += text.count("\n", at, start)
        last = line + text.count("\n", start, stop)
        quote, body = text[start:stop], view[start:stop]
        yield Chunk(
            document.id,
            start,
            stop,
            quote,
            quote if body == quote else body,  # one string where both are the same: half the memory
            document.title,
            (line, last),
            path,
            page,
            speaker=speaker,
            format=document.format,
        )
        line, at = last, stop
