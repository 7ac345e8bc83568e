"""Of what time each sentence of a passage is, where the passage tells of several."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars
from ingest.dates.moments import days_of
from rag.answer.cite import known_days, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.dates.moments import Moment
    from rag.answer.sentences import Span as Place
    from rag.types import Chunk, DateRange, Span

_READ_IN_WORDS: Final = ("text", "dateline", "heading")  # sources of dates that stand in the passage itself

SAYS_IT, MAY_BE, ELSEWHERE = 2, 1, 0
"""A sentence names the time that is asked for; it stands below one that does, or nothing tells; it is of another."""


class When:
    """The times of a passage's sentences, against those that are asked for.

    Args:
        chunk: the passage.
        spans: what is asked for; empty: any time.
    """

    def __init__(self, chunk: Chunk, spans: Sequence[Span]) -> None:
        self._chunk = chunk
        self._spans = spans
        self._dates = known_days(chunk)

    def fits(self, place: Place) -> int:
        """How well a sentence is of the time: ``SAYS_IT``, ``MAY_BE`` or ``ELSEWHERE``."""
        named, above = self._of(place)
        if any(map(self._touches, named)):
            return SAYS_IT
        return ELSEWHERE if named or (above and not self._touches(above)) else MAY_BE

    def day(self, place: Place) -> DateRange | None:
        """The best date of a sentence, else of the passage, in the time that is asked for."""
        named, above = self._of(place)
        near = [d for d in (*named, above) if d and self._touches(d)]
        found = near[:1] or [d for d in self._dates if self._touches(d)]
        return min(found, key=lambda d: (-d.confidence, (d.last - d.first).days), default=None)

    def _touches(self, day: DateRange) -> bool:
        return not self._spans or any(day.first <= s.last and s.first <= day.last for s in self._spans)

    def _of(self, place: Place) -> tuple[list[DateRange], DateRange | None]:
        """The dates that a sentence names, and the one that was named last before it."""
        start, end = place
        named = [day for at, day in self._named if start <= at < end]
        return named, next((day for at, day in reversed(self._named) if at < start), None)

    @cached_property
    def _named(self) -> list[tuple[int, DateRange]]:
        """Where in its text the passage names which of its dates; nothing where it is of a single time."""
        told = [d for d in self._dates if d.source.startswith(_READ_IN_WORDS)]
        if not told or (len(told) == 1 and self._touches(told[0])):
            return []
        from ingest.dates.words import mentions  # its patterns take a while to load

        found = ((m.start, _meant(m.moment, told)) for m in mentions(readable(self._chunk)))
        return [(at, day) for at, day in found if day]


def _meant(moment: Moment, told: Sequence[DateRange]) -> DateRange | None:
    """Which of a passage's dates a mention is, or the start of; none, where it only counts from another."""
    if moment.shift is not None:
        return None
    for day in told:
        found = days_of(moment, calendars.years(day.first.year, day.first.year))
        if found and found[0][0] == day.first and found[0][1] <= day.last:
            return day
    return None
