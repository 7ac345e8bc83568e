"""Typed filters, added to those that came beside a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import QuestionError
from rag.search.reading.typed import spans
from rag.types import Filters, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.search.reading.typed import Typed
    from rag.types import Language, PartKind


def merged(filters: Filters, found: Sequence[Typed]) -> Filters:
    """The filters with the typed ones.

    Raises:
        QuestionError: they leave no day.
    """
    if not found:
        return filters
    languages: list[Language] = ["zh" if v == "zh" else "en" for v in _values(found, "language")]
    return Filters(
        folders=filters.folders,
        exclude=filters.exclude,
        paths=(*filters.paths, *_folded(_values(found, "path"))),
        without_paths=(*filters.without_paths, *_folded(_values(found, "path", excluded=True))),
        tags=(*filters.tags, *_folded(_values(found, "tag"))),
        without_tags=(*filters.without_tags, *_folded(_values(found, "tag", excluded=True))),
        types=(*filters.types, *_values(found, "type")),
        without_types=(*filters.without_types, *_values(found, "type", excluded=True)),
        languages=(*filters.languages, *languages),
        conditions=(*filters.conditions, *(f.condition for f in found if f.condition)),
        phrases=(*filters.phrases, *_values(found, "phrase")),
        spans=_within(filters.spans, tuple(spans(found))),
    )


def _values(found: Sequence[Typed], kind: PartKind, *, excluded: bool = False) -> list[str]:
    return [f.value for f in found if f.part.kind == kind and f.excluded is excluded]


def _folded(values: list[str]) -> list[str]:
    if not values:
        return []
    from rag.store.tokens import fold

    return [fold(value) for value in values]


def _within(given: tuple[Span, ...], read: tuple[Span, ...]) -> tuple[Span, ...]:
    """Days of both, where both say any."""
    if not (given and read):
        return given or read
    both = [Span(max(a.first, b.first), min(a.last, b.last)) for a in given for b in read]
    kept = tuple(span for span in both if span.first <= span.last)
    if not kept:
        raise QuestionError("The dates in the question leave no day of those given beside it. Take one away.")
    return kept
