"""A passage as units to answer from: its sentences, and what each of them stands under."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from rag.answer.cite import display, readable
from rag.answer.question import features
from rag.answer.sentences import heading_level, is_item, is_row, sentences
from rag.store.tokens import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.answer.sentences import Span
    from rag.types import Chunk

_EMPTY: frozenset[str] = frozenset()
_KEY = re.compile(r"([^\s:=#|>`][^:=\n]{0,40}?)[ \t]*[:=]")
_LABEL = re.compile(
    r"(?:title|alias(?:es)?|tags?|keywords?|categor(?:y|ies)|slug|permalink)[ \t]*[:=]", re.IGNORECASE
)
_COLONS = (":", "：")
_ITEMS = 4  # how much of a list belongs to the line that announces it
_LIST_LENGTH = 200  # ... in characters


class Kind(Enum):
    """What a unit is good for."""

    PLAIN = "says something"
    ROW = "says something, cell by cell"
    PROPERTY = "a key and a value in the front matter"
    HEADING = "names what follows"
    HEADER = "names a table's columns"
    LABEL = "names the note: title, aliases, tags in its front matter"


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of a passage and what it offers to match.

    Attributes:
        span: offsets into the passage's text.
        words: its own.
        above: words of the title, the headings, the columns or the announcement that it stands under.
        aside: those of its own words that match by chance: numbers in a table row that do not name it.
    """

    chunk: Chunk
    span: Span
    kind: Kind
    words: frozenset[str]
    above: frozenset[str]
    aside: frozenset[str] = _EMPTY

    @property
    def text(self) -> str:
        """The sentence, without masked ranges."""
        return readable(self.chunk)[slice(*self.span)]


def units(chunk: Chunk) -> list[Unit]:
    """The units of a passage in order, with the words that they stand under."""
    text = readable(chunk)
    spans = [(a, b) for a, b in sentences(text) if "![" not in text[a:b] or display(text[a:b])]
    kinds = _kinds(text, spans, front=not chunk.speaker)  # ``User: why?`` is no property
    labels = [features(text[a:b]) for (a, b), kind in zip(spans, kinds, strict=True) if kind is Kind.LABEL]
    note = features(chunk.context).union(*labels)
    return [_aside(unit) for unit in _stacked(chunk, text, spans, kinds, note)]


def _kinds(text: str, spans: Sequence[Span], *, front: bool) -> list[Kind]:
    """What each span is, judged by its form and by what stands before and after it.

    ``front``: the passage may begin with front matter, or in the middle of it.
    """
    kinds: list[Kind] = []
    for n, (start, end) in enumerate(spans):
        line = text[start:end]
        front = front and (bool(kinds) if is_item(line) else _KEY.match(line) is not None)
        if front:
            kind = _property(line, kinds[-1:])
        elif heading_level(line):
            kind = Kind.HEADING
        elif is_row(line):
            first = not n or not is_row(text[slice(*spans[n - 1])])
            kind = Kind.HEADER if first and _ruled(text, end) else Kind.ROW
        else:
            kind = Kind.PLAIN
        kinds.append(kind)
    return kinds


def _ruled(text: str, end: int) -> bool:
    """Whether a table's rule follows: then the row above it names the columns."""
    following = text[end:].lstrip().partition("\n")[0]
    return following.startswith("|") and not following.strip("|:- \t")


def _property(line: str, before: Sequence[Kind]) -> Kind:
    """A line of front matter; an item belongs to the key above it."""
    if is_item(line):
        return before[0]
    return Kind.LABEL if _LABEL.match(line) else Kind.PROPERTY


def _stacked(
    chunk: Chunk, text: str, spans: Sequence[Span], kinds: Sequence[Kind], note: frozenset[str]
) -> Iterator[Unit]:
    """Units with the headings, the column names or the announcing line that hold for them."""
    headings: dict[int, frozenset[str]] = {}
    lead = _EMPTY  # words of a table's header, or of the line that announces a list
    for span, kind in zip(spans, kinds, strict=True):
        line = text[slice(*span)]
        found = features(line) | (_keys(line) if kind is Kind.PROPERTY else _EMPTY)
        if kind is Kind.HEADING:
            level = heading_level(line)
            headings = {n: above for n, above in headings.items() if n < level}
        lead = lead if kind is Kind.ROW or is_item(line) else _EMPTY
        yield Unit(chunk, span, kind, found, note.union(lead, *headings.values()))
        if kind is Kind.HEADING:
            headings[level] = found
        if kind is Kind.HEADER or line.endswith(_COLONS):
            lead = found


def _keys(line: str) -> frozenset[str]:
    """The words of a property's key, marked as such."""
    key = _KEY.match(line)
    return frozenset(f"{word}:" for word in words(key[1])) if key else _EMPTY


def _aside(unit: Unit) -> Unit:
    """A row is named by its first cell: the same number in another cell says little."""
    if unit.kind is not Kind.ROW:
        return unit
    name = features(unit.text.strip().strip("|").partition("|")[0])
    return replace(unit, aside=frozenset(w for w in unit.words - name if w.isdigit()))


def complete(unit: Unit) -> Unit:
    """Give a heading what it names, and a line that announces a list the list, where that is short."""
    text, (start, end) = readable(unit.chunk), unit.span
    last, items = text[start:end], 0
    for a, b in sentences(text[end:]):
        first, until = unit.span[1] + a, unit.span[1] + b
        piece = text[first:until]
        announced = heading_level(last) or (last.endswith(_COLONS) and not heading_level(piece))
        goes_on = items and (is_item(piece) or "\n" not in text[end:first])
        if not announced and not (goes_on and until - start <= _LIST_LENGTH):
            break
        items += (announced or items > 0) and is_item(piece)
        if items > _ITEMS:
            break
        last, end = piece, until
    return unit if heading_level(last) else replace(unit, span=(start, end))
