"""Answers to list questions without a language model: one line a passage, by time, each cited."""

from __future__ import annotations

import math
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.answer.cite import citation_for, display
from rag.answer.extract import abstain
from rag.answer.passages import Kind, complete, units
from rag.answer.question import weigh
from rag.answer.when import ELSEWHERE, When
from rag.types import Answer, SentenceSupport, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rag.answer.passages import Unit
    from rag.answer.question import Idf
    from rag.types import Chunk, DateRange, Hit, Query, Span
_TELLING: Final = 12  # characters from which on a sentence says something
_FENCES: Final = ("```", "~~~")
_NAMES: Final = {Kind.HEADING, Kind.HEADER, Kind.LABEL}
_YEAR: Final = 365


class _Told(NamedTuple):
    """A line of the answer: its sentence, its date, and how well it fits the time that is asked for."""

    unit: Unit
    day: DateRange | None
    fits: int


class GatheredWriter:
    """Answers with the sentence of each passage that fits the question best, in the order of the passages."""

    def write(self, query: Query, hits: Sequence[Hit], idf: Idf, *, chinese: bool, asked: bool) -> Answer:
        """A line for each hit: its day, its note, its sentence; abstains where there is no hit.

        ``asked``: the query's words name what is looked for; else all of its time is, whatever their words.
        """
        began = time.perf_counter()
        weights = weigh(query.text, idf) if asked else {}
        lines = [one for hit in hits if (one := _sentence(hit.chunk, weights, query.filters.spans))]
        told = _telling(_of_their_time(lines), weights)
        if not told:
            return abstain(query.text, hits)
        said = [_line(one, chinese=chinese) for one in told]
        chosen = [one.unit for one in told]
        return Answer(
            question=query.text,
            text="\n".join(f"- {line} [{n}]" for n, line in enumerate(said, 1)),
            citations=tuple(citation_for(u.chunk, u.span, n) for n, u in enumerate(chosen, 1)),
            hits=tuple(hits),
            support=tuple(SentenceSupport(line, (n,), supported=True) for n, line in enumerate(said, 1)),
            trace=Trace(stages=(Stage("extract", len(chosen), 1000 * (time.perf_counter() - began)),)),
        )


def _sentence(chunk: Chunk, weights: Mapping[str, float], spans: Sequence[Span]) -> _Told | None:
    """The sentence of the time that says most of the question, with its date.

    Of equals it is the first that names the time, else the first that says something, a property last.
    """
    found = [u for u in units(chunk) if u.kind not in _NAMES and len(display(u.text)) >= _TELLING]
    found = [u for u in found if not u.text.lstrip().startswith(_FENCES)] or found
    when = When(chunk, spans)

    def worth(unit: Unit) -> tuple[bool, float, bool, int]:
        fits = when.fits(unit.span)
        return fits > ELSEWHERE, _says(unit, weights), unit.kind is not Kind.PROPERTY, fits

    best = max(found, key=worth, default=None)
    return _Told(complete(best), when.day(best.span), when.fits(best.span)) if best else None


def _of_their_time(told: Sequence[_Told]) -> list[_Told]:
    """Without those of another time, where the same note has others: only the note is of the time then."""
    better = {one.unit.chunk.doc_id for one in told if one.fits > ELSEWHERE}
    return [one for one in told if one.fits > ELSEWHERE or one.unit.chunk.doc_id not in better]


def _telling(told: Sequence[_Told], weights: Mapping[str, float]) -> list[_Told]:
    """Those that say something: no property that is not asked for, where another line is of the same note."""
    lines = Counter(one.unit.chunk.doc_id for one in told)
    return [
        one
        for one in told
        if one.unit.kind is not Kind.PROPERTY
        or lines[one.unit.chunk.doc_id] == 1
        or _says(one.unit, weights) > 0
    ]


def _says(unit: Unit, weights: Mapping[str, float]) -> float:
    return math.fsum(weights.get(word, 0.0) for word in unit.words)


def _line(told: _Told, *, chinese: bool) -> str:
    """The date no more precise than it is known, the note, the sentence."""
    name, day = told.unit.chunk.title, told.day
    title = f"《{name}》" if chinese else f"{name}:"
    of = _written(day.first, day.last) if day else ""
    return " ".join(part for part in (of, title, display(told.unit.text)) if part)


def _written(first: date, last: date) -> str:
    if first == last:
        return first.isoformat()
    if first.day == 1 and last + timedelta(days=1) == (first + timedelta(days=32)).replace(day=1):
        return f"{first:%Y-%m}"
    if (last - first).days >= _YEAR - 1 and (first.month, first.day) == (1, 1) and first.year == last.year:
        return f"{first:%Y}"
    return f"{first.isoformat()}..{last.isoformat()}"
