"""List questions: what all notes of a time, or of a kind, have to say, not the best few passages."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from rag.search import timely
from rag.store import tokens
from rag.types import Hit, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from rag.protocols import ChunkResolver, Retriever
    from rag.types import Chunk, Filters, Reading, Span

GATHERED: Final = "gathered"
_DEEP: Final = 200  # passages that are looked at for what is asked
_MOST: Final = 2_000  # passages of the time that are looked at where nothing more is asked
_RELEVANT: Final = 0.35  # share of the best score from which on a note is one of those asked for
_ASKS: Final = re.compile(
    r"我们?|作者|什[么麼]|哪[些几幾個个]|[总總][结結]|回[顾顧]|列出|列[举舉]|一下|[过過]|做|干|看|去|[读讀]|[写寫]|有|都|所有|全部|[经經][历歷]|"
    r"[发發]生|事情?|了|的|在|吗|呢"
)


class Notes(Protocol):
    """The catalogue, as gathering asks it."""

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """Passages by key."""

    def in_order(self, filters: Filters, limit: int, *, newest_first: bool = True) -> list[int]:
        """Keys of the passages that the filters let through, by time."""

    def count_notes(self, filters: Filters) -> int:
        """Notes with a passage that the filters let through."""


class Gathering:
    """Answers a list question.

    Args:
        retriever: finds what is asked, where more than the time is asked.
        notes: knows all that the filters let through.
    """

    def __init__(self, retriever: Retriever, notes: Notes) -> None:
        self._retriever = retriever
        self._notes = notes

    def search(self, reading: Reading, filters: Filters, today: date | None, k: int) -> Retrieval:
        """At most k passages of as many notes as there are, by time; the trace says how many notes there were."""
        asked = reading.rest if _content(reading.rest) else ""
        query = Query(asked or reading.text, filters, today)
        found = self._retriever.search(query, max(k, _DEEP)) if asked else Retrieval(query, ())
        of_kind = self._of_kind(reading.rest, filters)
        hits = _best_of_notes((*of_kind, *_relevant(found.hits))) if asked else self._all(filters)
        chosen = timely.in_order(_spread(hits, k), filters.spans)
        trace = replace(
            found.trace,
            in_range=self._notes.count_notes(filters),
            used=len({hit.chunk.doc_id for hit in chosen}),
        )
        return replace(found, hits=chosen, trace=trace, stages={**found.stages, GATHERED: chosen})

    def _of_kind(self, asked: str, filters: Filters) -> list[Hit]:
        """Passages of notes that are tagged with, or lie in a folder called by, a word of the question."""
        found: dict[int, None] = {}
        for word in _content(asked):
            for narrower in (replace(filters, tags=(*filters.tags, word)), _below(filters, word)):
                found |= dict.fromkeys(self._notes.in_order(narrower, _MOST, newest_first=False))
        return [Hit(chunk, 1.0) for chunk in _known(self._notes, list(found))]

    def _all(self, filters: Filters) -> list[Hit]:
        keys = self._notes.in_order(filters, _MOST, newest_first=False)
        return [Hit(chunk, _weight(chunk, filters.spans)) for chunk in _known(self._notes, keys)]


def _below(filters: Filters, folder: str) -> Filters:
    return replace(filters, paths=(*filters.paths, f"{folder}/"))


def _known(notes: ChunkResolver | Notes, keys: Sequence[int]) -> list[Chunk]:
    chunks = notes.chunks(keys)
    return [chunks[key] for key in keys if key in chunks]


def _content(text: str) -> list[str]:
    """The words of a question that name what is looked for."""
    words = tokens.words(_ASKS.sub(" ", text))
    return [word for word in dict.fromkeys(words) if word not in tokens.common()]


def _relevant(hits: Sequence[Hit]) -> Iterable[Hit]:
    floor = _RELEVANT * hits[0].score if hits else 0.0
    return (hit for hit in hits if hit.score >= floor)


def _best_of_notes(hits: Iterable[Hit]) -> list[Hit]:
    """The first passage of each note."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.chunk.doc_id, hit)
    return list(best.values())


def _weight(chunk: Chunk, spans: Sequence[Span]) -> float:
    """How surely a passage is of a time: the trust in its date, less where that spans more than the time does."""
    found = timely.day_in(chunk, spans)
    if found is None:
        return 0.0
    days = (found.last - found.first).days + 1
    inside = max(
        ((min(found.last, s.last) - max(found.first, s.first)).days + 1 for s in spans), default=days
    )
    return found.confidence * max(0, inside) / days


def _spread(hits: Sequence[Hit], k: int) -> list[Hit]:
    """At most k hits, in turn from each note, the surest notes first, and of each note its surest passages."""
    by_note: Mapping[str, list[Hit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda h: (-h.score, h.chunk.doc_id, h.chunk.start)):
        by_note[hit.chunk.doc_id].append(hit)
    rounds = max(map(len, by_note.values()), default=0)
    turns = (found[n] for n in range(rounds) for found in by_note.values() if n < len(found))
    return [hit for hit, _ in zip(turns, range(k), strict=False)]
