"""A search that obeys what a question says beside its words: its filters, its time, the list that it asks for."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from rag.messages import say
from rag.search import diverse, gather, timely
from rag.search.passages import Stages
from rag.types import NO_FILTERS, Query, Span, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.protocols import Retriever
    from rag.types import Filters, Hit, Reading, Retrieval

TIMELY: Final = "timely"
DIVERSE: Final = "diverse"
DEPTH: Final = 50  # hits that a time may reorder, at least
# Chosen on development questions: docs/decisions/0007-questions.md.
_STRICT: Final = (
    0.3  # how much the sureness of a date counts among passages that are all of the time asked for
)
_LOOSE: Final = 0.1  # ... and where the time is only preferred


class Notes(gather.Notes, Protocol):
    """The catalogue, as a question with a time asks it."""

    def count_notes(self, filters: Filters) -> int:
        """Notes with a passage that the filters let through."""

    def has_notes(self, filters: Filters) -> bool:
        """Whether there is one."""


class UnderstandingRetriever:
    """Searches for what was understood of a question.

    Args:
        retriever: finds passages for words.
        notes: knows the passages of a time.
        per_note: how many passages of one note may stand first.
    """

    def __init__(self, retriever: Retriever, notes: Notes, *, per_note: int) -> None:
        self._retriever = retriever
        self._notes = notes
        self._per_note = per_note

    def search(self, reading: Reading, today: date | None, k: int, *, gathered: int) -> Retrieval:
        """At most k hits, best first; of a list question at most ``gathered``, by time.

        Where no note is of the time that is asked for, all are searched, and the trace says so.
        """
        filters, missed = self._scope(reading)
        parts = reading.parts
        if not reading.text.strip() or (not missed and self._is_list(reading, filters)):
            found = gather.Gathering(self._retriever, self._notes).search(reading, filters, today, gathered)
        else:
            found = self._best(reading, filters, today, k)
            parts = tuple(part for part in parts if part.kind != "list")  # a list of what? a search it is
        trace = replace(found.trace, filters=(*parts, *found.trace.filters))
        if not found.hits and filters != NO_FILTERS and not self._notes.has_notes(filters):
            trace = replace(trace, notes=(*trace.notes, say("No note fits the filters.")))
        if missed:
            in_range = 0 if self._is_dated(filters) else None
            trace = replace(trace, notes=(*trace.notes, missed), in_range=in_range)
        return replace(found, trace=trace)

    def _scope(self, reading: Reading) -> tuple[Filters, str]:
        """The filters with the question's time, and a remark where nothing is of that time."""
        if not reading.spans or not reading.strict:
            return reading.filters, ""
        spans = timely.narrowed(reading.filters.spans, reading.spans)
        scoped = replace(reading.filters, spans=spans)
        if spans and self._notes.has_notes(scoped):
            return scoped, ""
        return reading.filters, say(
            "No note is of {first} to {last}: all times were searched.",
            first=min(span.first for span in reading.spans),
            last=max(span.last for span in reading.spans),
        )

    def _is_dated(self, filters: Filters) -> bool:
        """Whether most notes have a date, so that it tells something that none is of a time."""
        ever = replace(filters, spans=(Span(date.min, date.max),))
        return 2 * self._notes.count_notes(ever) >= self._notes.count_notes(filters)

    def _is_list(self, reading: Reading, filters: Filters) -> bool:
        """Whether all of a range is asked for. A folder to look in is no range: a list of what is in it is searched for."""
        limited = replace(filters, folders=(), exclude=()) != NO_FILTERS
        return limited and (reading.gathers or not reading.rest.strip())

    def _best(self, reading: Reading, filters: Filters, today: date | None, k: int) -> Retrieval:
        query = Query(reading.text, filters, today, () if reading.strict else reading.spans)
        found = self._retriever.search(query, max(k, gather.DEEP if reading.page else DEPTH))
        hits, timed = found.hits, list(found.trace.stages)
        added: dict[str, tuple[Hit, ...]] = {}
        if reading.spans:
            started = time.perf_counter()
            hits = self._timely(reading, hits)
            added[TIMELY] = hits = timely.page_first(hits, reading.text) if reading.page else hits
            timed.append(_stage(TIMELY, hits, started))
        started = time.perf_counter()
        hits = added[DIVERSE] = diverse.diverse(hits, self._per_note, k)
        timed.append(_stage(DIVERSE, hits, started))
        trace = replace(found.trace, stages=tuple(timed))
        return replace(found, hits=hits[:k], trace=trace, stages=Stages(added, found.stages))

    def _timely(self, reading: Reading, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        keys, weights = self._notes.time_weights(reading.spans, [hit.chunk.key for hit in hits])
        sure = dict(zip(keys.tolist(), weights.tolist(), strict=True))
        return timely.preferred(hits, sure, _STRICT if reading.strict else _LOOSE)


def _stage(name: str, hits: Sequence[Hit], started: float) -> Stage:
    return Stage(name, len(hits), round((time.perf_counter() - started) * 1000, 3))
