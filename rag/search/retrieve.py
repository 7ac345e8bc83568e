"""The hybrid retriever: asks each source, mixes their lists, and resolves keys to passages."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from rag.search import fuse
from rag.types import Hit, Query, Retrieval, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.protocols import ChunkResolver, ScoredIndex
    from rag.search.fuse import Scored
    from rag.types import Chunk

HYBRID = "hybrid"


class HybridRetriever:
    """Satisfies ``rag.protocols.Retriever``.

    Args:
        sources: by name (``lexical``, ``dense``, ...).
        weights: each source's share of the mix.
        resolver: reads passages by key; keys that it does not know are dropped, so no ghost is shown.
        candidates: how many passages to take from each source.
    """

    def __init__(
        self,
        sources: Mapping[str, ScoredIndex],
        weights: Mapping[str, float],
        resolver: ChunkResolver,
        candidates: int,
    ) -> None:
        self._sources = sources
        self._weights = weights
        self._resolver = resolver
        self._candidates = candidates

    def search(self, query: Query, k: int) -> Retrieval:
        """The k best passages, and every stage's own list."""
        depth = max(k, self._candidates)
        stages: list[Stage] = []
        lists: dict[str, list[Scored]] = {}
        for name, source in self._sources.items():
            started = time.perf_counter()
            lists[name] = source.search(query, depth)
            stages.append(_stage(name, len(lists[name]), started))
        started = time.perf_counter()
        positions = fuse.ranks(lists)
        if len(lists) > 1:
            lists[HYBRID] = fuse.mix(lists, self._weights)[:depth]
            stages.append(_stage(HYBRID, len(lists[HYBRID]), started))
        started = time.perf_counter()
        wanted = {key for name, found in lists.items() for key, _ in found}
        chunks = self._resolver.chunks(sorted(wanted))
        resolved = {name: _hits(found, chunks, positions) for name, found in lists.items()}
        final = next(reversed(resolved.values()), ())[:k]
        stages.append(_stage("resolve", len(final), started))
        dropped = len(wanted) - len(chunks)
        return Retrieval(query, final, Trace(tuple(stages)), MappingProxyType(resolved), dropped)


def _hits(
    found: Sequence[Scored], chunks: Mapping[int, Chunk], positions: Mapping[int, Mapping[str, int]]
) -> tuple[Hit, ...]:
    return tuple(Hit(chunks[key], score, positions[key]) for key, score in found if key in chunks)


def _stage(name: str, count: int, started: float) -> Stage:
    return Stage(name, count, round((time.perf_counter() - started) * 1000, 3))
