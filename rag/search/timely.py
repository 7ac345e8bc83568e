"""Passages of a time: which dates of a passage lie in it, and how much that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rag.search.reading.titles import letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Chunk, DateRange, Hit, Span

TIME: Final = "time"
_KNOWN: Final = 0.25  # confidence from which on a date says when something was; a file's time does not


def narrowed(spans: Sequence[Span], wanted: Sequence[Span]) -> tuple[Span, ...]:
    """The days that lie in one of the spans and in one of the wanted ones; no spans: the wanted ones alone."""
    if not spans:
        return tuple(wanted)
    both = (replace(s, first=max(s.first, w.first), last=min(s.last, w.last)) for s in spans for w in wanted)
    return tuple(span for span in both if span.first <= span.last)


def preferred(hits: Sequence[Hit], weights: Mapping[int, float], share: float) -> tuple[Hit, ...]:
    """Hits in the order of ``score * (1 - share + share * weight)``; ties by note and place in it.

    ``weights``: by chunk key, from 0 to 1: how surely a passage is of the time that the question speaks of. They
    stand in ``features["time"]``.
    """
    weighed = [_weighed(hit, weights.get(hit.chunk.key, 0.0), share) for hit in hits]
    return tuple(sorted(weighed, key=lambda hit: (-hit.score, hit.chunk.doc_id, hit.chunk.start)))


def page_first(hits: Sequence[Hit], name: str) -> tuple[Hit, ...]:
    """Hits of notes of a name before all others, with no lower score."""
    own = [hit for hit in hits if is_called(name, hit.chunk)]
    best = max((hit.score for hit in hits), default=0.0)
    others = (hit for hit in hits if hit not in own)
    return (*(replace(hit, score=best) for hit in own), *others)


def is_called(name: str, chunk: Chunk) -> bool:
    """Whether a passage's note has a title or a file of this name, spaces and punctuation aside."""
    file = chunk.doc_id.rpartition("/")[2].rpartition(".")[0]
    return letters(name).text in {letters(chunk.title).text, letters(file).text}


def _weighed(hit: Hit, weight: float, share: float) -> Hit:
    features = MappingProxyType({**hit.features, TIME: round(weight, 4)})
    return replace(hit, score=hit.score * (1 - share + share * weight), features=features)


def day_in(chunk: Chunk, spans: Sequence[Span]) -> DateRange | None:
    """The passage's best date that touches one of the spans: the surest, and of equals the narrowest."""
    touching = [
        d for d in chunk.dates if not spans or any(d.first <= s.last and s.first <= d.last for s in spans)
    ]
    return min(touching, key=lambda d: (-d.confidence, (d.last - d.first).days), default=None)


def may_be_of(chunk: Chunk, spans: Sequence[Span]) -> bool:
    """Whether a date of the passage touches a span, or none of its dates can be relied on."""
    return day_in(chunk, spans) is not None or all(d.confidence < _KNOWN for d in chunk.dates)


def is_of(chunk: Chunk, spans: Sequence[Span]) -> bool:
    """Whether a date of the passage that can be relied on touches a span."""
    found = day_in(chunk, spans)
    return found is not None and found.confidence >= _KNOWN


def in_order(hits: Sequence[Hit], spans: Sequence[Span]) -> tuple[Hit, ...]:
    """Hits by the time that they are of, the undated last; of one time, by note and place in it."""

    def place(hit: Hit) -> tuple[date, str, int]:
        found = day_in(hit.chunk, spans)
        return (found.first if found else date.max), hit.chunk.doc_id, hit.chunk.start

    return tuple(sorted(hits, key=place))
