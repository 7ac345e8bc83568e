"""How retrieval asks the graph, and what it makes of the answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from rag.store import script, tokens
from rag.types import Hit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.search.fuse import Scored
    from rag.types import Chunk, Query

    Idf = Callable[[Sequence[str]], dict[str, float]]

GRAPH: Final = "graph"
_EXPLAINED: Final = 20  # hits; nobody looks at more


Adds = Callable[[int, "NDArray[np.intp]"], "NDArray[np.float64]"]
"""The share of the question's words that each of some candidates, by place, says and the first one does not."""


class Walk(Protocol):
    """One question's walk."""

    @property
    def found(self) -> Sequence[Scored]:
        """(key, score > 0) pairs of where the graph leads from what the sources have found, best first."""

    def settled(
        self, keys: Sequence[int], scores: Sequence[float], foreign: Sequence[bool], adds: Adds
    ) -> Sequence[float]:
        """Scores of candidates, with what the graph says; ``foreign`` ones are in another language than the question.

        The best score stays as high as it was.
        """

    def via(self, key: int) -> tuple[str, ...]:
        """What the way to a passage leads over: notes as ``[[title]]``, names as they are."""


class GraphSource(Protocol):
    """The graph as a search sees it."""

    def walk(self, query: Query, lists: Mapping[str, Sequence[Scored]], k: int) -> Walk:
        """Start at what the question names and at what each source found: (key, score) pairs, best first.

        At most ``k`` passages are found.

        Raises:
            FootnotesError: the graph cannot be asked; its message says why.
        """


class _Nowhere:
    """A walk that leads nowhere."""

    found: Sequence[Scored] = ()

    def settled(self, _: object, scores: Sequence[float], *__: object) -> Sequence[float]:
        """The same."""
        return scores

    def via(self, _: int) -> tuple[str, ...]:
        """No way."""
        return ()


NOWHERE: Final = _Nowhere()


def settled(
    walk: Walk, question: str, before: Sequence[Hit], graph: Sequence[Hit], idf: Idf
) -> tuple[Hit, ...]:
    """Hits, and those of the graph that no source has found, as the graph orders them; ties by note and place in it."""
    known = {hit.chunk.key for hit in before}
    floor = min((hit.score for hit in before), default=0.0)
    new = [Hit(h.chunk, floor * h.score, h.ranks) for h in graph if h.chunk.key not in known]
    hits = (*before, *new)
    chunks = [hit.chunk for hit in hits]
    is_chinese = script.is_chinese(question)
    foreign = [script.speaks_chinese(chunk) != is_chinese for chunk in chunks]
    adds = _Adding(question, chunks, idf).adds
    scores = walk.settled([chunk.key for chunk in chunks], [hit.score for hit in hits], foreign, adds)
    walked = {hit.chunk.key: hit.score for hit in graph}
    return tuple(
        sorted(
            (_settled(hit, score, walked) for hit, score in zip(hits, scores, strict=True)),
            key=lambda hit: (-hit.score, hit.chunk.doc_id, hit.chunk.start),
        )
    )


def _settled(hit: Hit, score: float, walked: Mapping[int, float]) -> Hit:
    features = hit.features
    if hit.chunk.key in walked:
        features = MappingProxyType({**features, GRAPH: walked[hit.chunk.key]})
    return Hit(hit.chunk, score, hit.ranks, features)


class _Adding:
    """Tells what passages say of a question that another does not. Their words are looked at only when asked for."""

    def __init__(self, question: str, chunks: Sequence[Chunk], idf: Idf) -> None:
        self._question = question
        self._chunks = chunks
        self._idf = idf

    def adds(self, first: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
        """See ``Adds``."""
        import numpy as np

        words = [w for w in dict.fromkeys(tokens.words(self._question)) if w not in tokens.common()]
        known = self._idf(words)
        total = math.fsum(known.values()) or 1.0
        there = self._words(first)
        missing = [word for word in words if word not in there]
        said = [self._words(place) for place in others.tolist()]
        return np.array([math.fsum(known[w] for w in missing if w in words) / total for words in said])

    def _words(self, place: int) -> frozenset[str]:
        chunk = self._chunks[place]
        return frozenset(tokens.words(f"{chunk.title}\n{chunk.body}"))


def explained(
    walk: Walk, hits: Sequence[Hit], before: Sequence[Hit], after: Sequence[Hit]
) -> tuple[Hit, ...]:
    """Those of the first hits that the graph brought or lifted, from ``before`` to ``after``, say by which way."""
    old, new = ({hit.chunk.key: rank for rank, hit in enumerate(stage)} for stage in (before, after))
    return tuple(
        replace(hit, via=walk.via(hit.chunk.key))
        if rank < _EXPLAINED
        and GRAPH in hit.ranks
        and new.get(hit.chunk.key, len(new)) < old.get(hit.chunk.key, len(new))
        else hit
        for rank, hit in enumerate(hits)
    )
