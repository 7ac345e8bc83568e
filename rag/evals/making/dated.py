"""Date questions: what was done on a day or in a month, of which the notes of that time are the answer."""

from __future__ import annotations

from calendar import month_name, monthrange
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rag.evals.cases import Case, Gold, identity
from rag.evals.making.notes import balanced
from rag.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.evals.making.notes import Note, Notes
    from rag.types import DateRange, Document

KIND = "date"
_SURE = 0.6  # confidence in a note's own date, or a passage's
_MOST = 8  # notes of one time: more could not be found among ten


class _Time(NamedTuple):
    """A day or a month, and the notes of it."""

    span: Span
    notes: tuple[Note, ...]

    @property
    def chinese(self) -> bool:
        return 2 * sum(note.chinese for note in self.notes) >= len(self.notes)

    @property
    def name(self) -> str:
        return f"{self.span.first}..{self.span.last}"


def draft(notes: Notes) -> Iterator[Case]:
    """Date questions, over all notes; months that are not over in the notes are left out."""
    times = _times(notes)
    for time in balanced(
        times, lambda t: (t.chinese, t.name[:4] + str(_is_day(t.span))), lambda t: t.name, notes.salt(KIND)
    ):
        question = _question(time.span, chinese=time.chinese)
        yield Case(identity(KIND, question), KIND, question, tuple(Gold(note.id) for note in time.notes))


def _times(notes: Notes) -> list[_Time]:
    """Days and months that have notes of their own, each with all notes that are, or speak, of nothing but it."""
    own: set[Span] = set()
    said: dict[Span, set[Note]] = defaultdict(set)
    for note in notes.all:
        document = notes.engine.document(note.id)
        if document is None:
            continue
        for day in _own_days(document):
            own |= {_day(day), _month(day)} if _is_day(day) else {_month(day)}
        for day in (*_own_days(document), *_told_days(notes, note)):
            for span in {_month(day), _day(day)} if _is_day(day) else {_month(day)}:
                said[span].add(note)
    newest = max((span.last for span in own), default=None)
    return [
        _Time(span, tuple(sorted(said[span], key=lambda note: note.id)))
        for span in sorted(own, key=lambda span: (span.first, span.last))
        if span.last != newest and len(said[span]) <= _MOST
    ]


def _own_days(document: Document) -> list[DateRange]:
    """A note's dates that can be trusted and lie within a month; an import's, shared by many, are not."""
    return [d for d in document.dates if d.confidence >= _SURE and _within_month(d)]


def _told_days(notes: Notes, note: Note) -> list[DateRange]:
    chunks = notes.engine.catalogue.chunks_of(note.id)
    return [d for chunk in chunks for d in chunk.dates if d.confidence >= _SURE and _within_month(d)]


def _within_month(found: DateRange) -> bool:
    return (found.first.year, found.first.month) == (found.last.year, found.last.month)


def _is_day(found: Span | DateRange) -> bool:
    return found.first == found.last


def _day(found: DateRange) -> Span:
    return Span(found.first, found.last)


def _month(found: DateRange) -> Span:
    first = found.first.replace(day=1)
    return Span(first, first.replace(day=monthrange(first.year, first.month)[1]))


def _question(span: Span, *, chinese: bool) -> str:
    first = span.first
    if chinese:
        day = f"{first.day}日" if _is_day(span) else ""
        return f"{first.year}年{first.month}月{day}我做了什么？"
    month = f"{month_name[first.month]} {first.year}"
    return f"What did I do on {first.day} {month}?" if _is_day(span) else f"What did I do in {month}?"
