"""Date questions: what was done on a day or in a month, of which the notes of that time are the answer."""

from __future__ import annotations

from calendar import month_name, monthrange
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rag.evals.cases import Case, Gold, identity
from rag.evals.making.notes import balanced
from rag.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rag.evals.making.notes import Note, Notes
    from rag.types import DateRange

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
    known = {note.id: note for note in notes.all}
    for note in notes.all:
        document = notes.engine.document(note.id)
        for span in _spans(document.dates if document else ()):
            own.add(span)
            said[span].add(note)
    for batch in notes.engine.catalogue.all_chunks()[0]:
        for chunk in batch:
            for span in _spans(chunk.dates) if chunk.doc_id in known else ():
                said[span].add(known[chunk.doc_id])
    newest = max((span.last for span in own), default=None)
    return [
        _Time(span, tuple(sorted(said[span], key=lambda note: note.id)))
        for span in sorted(own, key=lambda span: (span.first, span.last))
        if span.last != newest and len(said[span]) <= _MOST
    ]


def _spans(dates: Iterable[DateRange]) -> Iterator[Span]:
    """The days and months that dates lie in, as far as they can be trusted; an import's, shared by many, cannot."""
    for found in dates:
        if found.confidence >= _SURE and _within_month(found):
            yield _month(found)
            if _is_day(found):
                yield Span(found.first, found.last)


def _within_month(found: DateRange) -> bool:
    return (found.first.year, found.first.month) == (found.last.year, found.last.month)


def _is_day(found: Span | DateRange) -> bool:
    return found.first == found.last


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
