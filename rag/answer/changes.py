"""Cited notes that tell different things at different times: their reader should know which is the newest."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.answer import facts
from rag.answer.cite import display, known_days
from rag.answer.support import Source, judge
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rag.protocols import Comparer
    from rag.types import Chunk, Citation

_SAME: Final = 0.45  # how much of each quote must have its like in the other for both to speak of the same
_IN_WORDS: Final = "text"  # source of a date that a sentence names, maybe another one


class Dated(NamedTuple):
    """A cited note of a time."""

    day: date
    marker: int


def disagreeing(
    citations: Sequence[Citation], passages: Sequence[Chunk], comparer: Comparer | None
) -> list[Dated]:
    """Citations of different notes and days that speak of the same and do not say the same, newest first."""
    if comparer is None:
        return []
    dated = [(day, c) for c in citations if (day := _day_of(c, passages))]
    found: set[Dated] = set()
    for (first, one), (second, other) in combinations(dated, 2):
        if one.doc_id != other.doc_id and first != second and _differ(one, other, comparer):
            found |= {Dated(first, one.marker), Dated(second, other.marker)}
    return sorted(found, reverse=True)


def are_told(found: Sequence[Dated], text: str) -> bool:
    """Whether a text tells the times itself, by their years or months."""
    told = facts.times(text)
    years = {n.value for n in facts.numbers(fold(text))}
    return all(
        one.day.year in years or any(first <= one.day <= last for first, last in told.days) for one in found
    )


def _day_of(citation: Citation, passages: Sequence[Chunk]) -> date | None:
    chunk = next(p for p in passages if p.doc_id == citation.doc_id and p.start <= citation.start < p.end)
    own = [day for day in known_days(chunk) if not day.source.startswith(_IN_WORDS)]
    best = max(own, key=lambda day: (day.confidence, day.first), default=None)
    return best.first if best else None


def _differ(one: Citation, other: Citation, comparer: Comparer) -> bool:
    quotes = display(one.quote), display(other.quote)
    for claim, source in (quotes, quotes[::-1]):
        if comparer.compare(claim, [source]).coverage[0] < _SAME:
            return False
    return any(judge(claim, Source(source), comparer).missing for claim, source in (quotes, quotes[::-1]))
