"""Answers to list questions without a language model: one line a passage, by time, each cited."""

from __future__ import annotations

import math
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rag.answer.cite import citation_for, display, known_days
from rag.answer.extract import abstain
from rag.answer.passages import Kind, complete, units
from rag.answer.question import weigh
from rag.types import Answer, SentenceSupport, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rag.answer.passages import Unit
    from rag.answer.question import Idf
    from rag.types import Chunk, Hit, Query, Span

_TELLING: Final = 12  # characters from which on a sentence says something
_FENCES: Final = ("```", "~~~")
_NAMES: Final = {Kind.HEADING, Kind.HEADER, Kind.LABEL}
_YEAR: Final = 365


class GatheredWriter:
    """Answers with the sentence of each passage that fits the question best, in the order of the passages."""

    def write(self, query: Query, hits: Sequence[Hit], idf: Idf, *, chinese: bool) -> Answer:
        """A line for each hit: its day, its note, its sentence; abstains where there is no hit."""
        began = time.perf_counter()
        weights = weigh(query.text, idf)
        chosen = _telling([unit for hit in hits if (unit := _sentence(hit.chunk, weights))], weights)
        if not chosen:
            return abstain(query.text, hits)
        said = [_line(unit, query.filters.spans, chinese=chinese) for unit in chosen]
        return Answer(
            question=query.text,
            text="\n".join(f"- {line} [{n}]" for n, line in enumerate(said, 1)),
            citations=tuple(citation_for(u.chunk, u.span, n) for n, u in enumerate(chosen, 1)),
            hits=tuple(hits),
            support=tuple(SentenceSupport(line, (n,), supported=True) for n, line in enumerate(said, 1)),
            trace=Trace(stages=(Stage("extract", len(chosen), 1000 * (time.perf_counter() - began)),)),
        )


def _sentence(chunk: Chunk, weights: Mapping[str, float]) -> Unit | None:
    """The sentence that says most of the question; of equals the first that says something, a property last."""
    found = [u for u in units(chunk) if u.kind not in _NAMES and len(display(u.text)) >= _TELLING]
    found = [u for u in found if not u.text.lstrip().startswith(_FENCES)] or found
    best = max(found, key=lambda u: (_says(u, weights), u.kind is not Kind.PROPERTY), default=None)
    return complete(best) if best else None


def _telling(chosen: Sequence[Unit], weights: Mapping[str, float]) -> list[Unit]:
    """Those that say something: no property that is not asked for, where another line is of the same note."""
    lines = Counter(unit.chunk.doc_id for unit in chosen)
    return [
        u
        for u in chosen
        if u.kind is not Kind.PROPERTY or lines[u.chunk.doc_id] == 1 or _says(u, weights) > 0
    ]


def _says(unit: Unit, weights: Mapping[str, float]) -> float:
    return math.fsum(weights.get(word, 0.0) for word in unit.words)


def _line(unit: Unit, spans: Sequence[Span], *, chinese: bool) -> str:
    day = _day(unit.chunk, spans)
    title = f"《{unit.chunk.title}》" if chinese else f"{unit.chunk.title}:"
    return " ".join(part for part in (day, title, display(unit.text)) if part)


def _day(chunk: Chunk, spans: Sequence[Span]) -> str:
    """The passage's best date in the time that is asked for, no more precise than it is known."""
    dates = [
        d
        for d in known_days(chunk)
        if not spans or any(d.first <= s.last and s.first <= d.last for s in spans)
    ]
    if not dates:
        return ""
    best = min(dates, key=lambda d: (-d.confidence, (d.last - d.first).days))
    return _written(best.first, best.last)


def _written(first: date, last: date) -> str:
    if first == last:
        return first.isoformat()
    if first.day == 1 and last + timedelta(days=1) == (first + timedelta(days=32)).replace(day=1):
        return f"{first:%Y-%m}"
    if (last - first).days >= _YEAR - 1 and (first.month, first.day) == (1, 1) and first.year == last.year:
        return f"{first:%Y}"
    return f"{first.isoformat()}..{last.isoformat()}"
