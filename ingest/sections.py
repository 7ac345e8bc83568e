"""Where the parts of a document begin and end: headings, turns of a conversation, pages, and who speaks in each."""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders import turns
from ingest.loaders.blocks import blanked, fences, heading_text, headings, line_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.loaders.blocks import Span
    from rag.types import Document, Section, Speaker

_MARKED_UP = frozenset({"markdown", "chat"})  # formats whose text says headings in Markdown
_FENCED = _MARKED_UP | {"notebook"}  # and code


class Part(NamedTuple):
    """A heading, which ends at ``body``, and what stands under it; ``level`` is 0 where there is none.

    ``page`` counts from 1, and is None where the format has no pages; ``turn`` tells apart the turns of a
    conversation, and is 0 where nobody is known to speak.
    """

    start: int
    body: int
    end: int
    level: int = 0
    path: tuple[str, ...] = ()
    speaker: Speaker = ""
    turn: int = 0
    page: int | None = None


class _Border(NamedTuple):
    """What opens a part: a heading (``speaker`` is None: whoever spoke goes on), or a Section of the loader's."""

    start: int
    body: int
    level: int
    title: str
    speaker: Speaker | None = None


def parts(document: Document, view: str, begin: int, code: Sequence[Span]) -> Iterator[Part]:
    """Every part of a document from ``begin`` on, in order; each ends where the next begins.

    ``view`` is the text with its masks blanked. A heading with nothing of its own opens the first part below it.
    """
    found = _nested(document, view, begin, code)
    if document.format != "pdf" and not document.pages:
        return found
    return _paged(found, document.pages or (0,))


def code_blocks(document: Document, view: str, begin: int) -> list[Span]:
    """Fenced code of a format that has such; a fence that a turn leaves open reaches into no other turn."""
    if document.format not in _FENCED:
        return []
    starts = (begin, *(s.start for s in document.sections if s.start > begin))
    if len(starts) == 1:
        return fences(view, begin)
    ends = (*starts[1:], len(view))
    spoken = ((start, view[start:end]) for start, end in zip(starts, ends, strict=True))
    return [(at + a, at + b) for at, turn in spoken for a, b in fences(turn)]


def _nested(document: Document, view: str, begin: int, code: Sequence[Span]) -> Iterator[Part]:
    """Parts by their headings and turns, each with the path of what it stands under."""
    borders = _borders(document, view, begin, code)
    starts = [*(border.start for border in borders), len(view)]
    yield Part(begin, begin, starts[0])
    path = _Path()
    first: tuple[int, int] | None = None  # the start and level of a heading with nothing of its own
    for i, border in enumerate(borders):
        level = path.enter(border)
        first = first or (border.start, level)
        end = starts[i + 1]
        following = borders[i + 1] if i + 1 < len(borders) else None
        if following and not view[border.body : end].strip() and path.holds(following):
            continue
        start, level = first
        yield Part(start, border.body, end, level, path.titles(), path.speaker, path.turn)
        first = None


def _borders(document: Document, view: str, begin: int, code: Sequence[Span]) -> list[_Border]:
    """Headings of the text and Sections of the loader, merged; a heading that marks a turn is only its first line."""
    told = {section.start: _told(section, view) for section in document.sections if section.start >= begin}
    if document.format not in _MARKED_UP:
        return list(told.values())
    said: list[_Border] = []
    for heading in headings(blanked(view, code), begin):
        title = heading_text(view[heading.start : heading.end])
        if heading.start in told and turns.is_mark(title):
            told[heading.start] = told[heading.start]._replace(body=heading.end)
        else:
            said.append(_Border(heading.start, heading.end, heading.level, title))
    return list(merge(told.values(), said, key=lambda border: border.start))


def _told(section: Section, view: str) -> _Border:
    end = line_end(view, section.start)
    named = section.level and section.title and section.title in " ".join(view[section.start : end].split())
    body = end if named else section.start
    return _Border(section.start, body, section.level, section.title, section.speaker)


class _Path:
    """The headings that are open. Those within a turn stand below it, whatever their level."""

    def __init__(self) -> None:
        self.speaker: Speaker = ""
        self.turn = 0
        self._turns = 0
        self._open: list[tuple[int, str]] = []
        self._outside: int | None = None  # how many were open when the turn began; None outside of turns
        self._below = 0  # the turn's own level
        self._last = 0  # the level of what was entered last

    def enter(self, border: _Border) -> int:
        """Open what begins here and close what it ends; returns its level."""
        level = self._level(border)
        if border.speaker is not None and self._outside is not None:
            del self._open[self._outside :]
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        if border.speaker is not None:
            turn = bool(border.speaker) or (border.level == 0 and bool(border.title))
            self._turns += 1
            self.speaker, self.turn = border.speaker, self._turns if border.speaker else 0
            self._outside, self._below = (len(self._open), level) if turn else (None, 0)
        if border.title or border.level:
            self._open.append((level, border.title))
        self._last = level
        return level

    def holds(self, border: _Border) -> bool:
        """Whether what begins here stands under what was entered last, in the same words."""
        return border.speaker in {None, self.speaker} and self._level(border) > self._last

    def titles(self) -> tuple[str, ...]:
        """What the open headings say, outermost first."""
        return tuple(title for _, title in self._open if title)

    def _level(self, border: _Border) -> int:
        if border.speaker is None:
            return self._below + border.level
        around = self._open[: self._outside]
        return border.level or (around[-1][0] if around else 0) + 1


def _paged(found: Iterable[Part], pages: Sequence[int]) -> Iterator[Part]:
    """Parts, cut where pages begin: none spans two."""
    for part in found:
        at, page = part.start, max(1, bisect_right(pages, part.start))
        while at < part.end:
            end = min(part.end, pages[page]) if page < len(pages) else part.end
            body = min(max(part.body, at), end)
            yield part._replace(start=at, body=body, end=end, page=page)
            at, page = end, page + 1
