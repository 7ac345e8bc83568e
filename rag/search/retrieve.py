"""The hybrid retriever: asks each source, resolves keys to passages, and mixes the lists.

Where the embedding model can read passages token by token, it reads the best of both lists, and what it saw is mixed
with the lexical scores. Other models' vectors are mixed as they are. The graph is walked from what was found, and what
it leads to is mixed in where it helps. A reranker, where there is one, has the last word.
"""

from __future__ import annotations

import time
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rag.errors import FootnotesError, ModelError
from rag.messages import explain
from rag.search import fuse, linked
from rag.search.passages import Passages, Stages
from rag.store import script
from rag.types import Comparison, Hit, Query, Retrieval, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rag.protocols import ChunkResolver, Comparer, LexicalSource, Reranker, ScoredIndex
    from rag.search.fuse import Scored
    from rag.search.linked import GraphSource, Walk
    from rag.search.passages import Later
    from rag.types import Part

    Expand = Callable[[Query, Sequence[Scored], int], tuple[list[Scored], tuple[Part, ...]]]
    """What full text has found with other words than the question's, too, and which; see ``rag.search.expand``."""

LEXICAL: Final = "lexical"
EXPANDED: Final = "expanded"
DENSE: Final = "dense"
HYBRID: Final = "hybrid"
GRAPH: Final = linked.GRAPH
LINKED: Final = "linked"
RERANKED: Final = "reranked"
_READ: Final = 20  # passages of each list that the model reads against the question; 30 and 50 found no more
_WALKED: Final = 30  # passages that the graph may add to them
# Chosen on development questions: docs/decisions/0003-built-in-model.md.
_SHARE: Final = 0.2  # of vectors
_READING_SHARE: Final = 0.5  # of what the model saw reading


class HybridRetriever:
    """Satisfies ``rag.protocols.Retriever``.

    Args:
        lexical: the full-text index.
        dense: the vectors of a model, if one answers.
        resolver: reads passages by key; keys that it does not know are dropped, so no ghost is shown.
        candidates: how many passages to take from each source.
        share: of the dense side in the mix, from 0 to 1; None: as measured.
        comparer: the model, if it can read passages against a question.
        graph: what the notes say of each other, if it is to be walked.
        reranker: orders the best passages anew.
        reranked: how many it reads; None: all candidates.
        expand: looks for a weak question's words as the notes say them.
    """

    def __init__(
        self,
        lexical: LexicalSource,
        dense: ScoredIndex | None,
        resolver: ChunkResolver,
        *,
        candidates: int,
        share: float | None,
        comparer: Comparer | None = None,
        graph: GraphSource | None = None,
        reranker: Reranker | None = None,
        reranked: int | None = None,
        expand: Expand | None = None,
    ) -> None:
        self._lexical = lexical
        self._sources: dict[str, ScoredIndex] = {LEXICAL: lexical} | ({DENSE: dense} if dense else {})
        self._resolver = resolver
        self._candidates = candidates
        self._share = share if share is not None else _SHARE if comparer is None else _READING_SHARE
        self._comparer = comparer
        self._graph = graph
        self._reranker = reranker
        self._reads = candidates if reranked is None else reranked
        self._expand = expand

    def search(self, query: Query, k: int) -> Retrieval:
        """The k best passages, and every stage's own list.

        A model that fails leaves the question to the others; the trace says so.
        """
        depth = max(k, self._candidates)
        enough = k if self._reranker is None else max(k, min(self._reads, depth))
        if self._graph is not None:  # it may lift any candidate
            enough = depth
        run = _Run(query)
        lists = {name: self._list(source, name, run, depth) for name, source in self._sources.items()}
        if self._expand is not None:
            lists[LEXICAL] = run.expanded(self._expand, lists[LEXICAL], depth)
        walk = self._walk(lists, run)
        if walk is not None:
            lists[GRAPH] = list(walk.found)
        started = time.perf_counter()
        passages = Passages(self._resolver, {key for found in lists.values() for key, _ in found})
        run.stage("resolve", len(passages), started)
        lists = {name: passages.placed(found) for name, found in lists.items()}
        if DENSE in lists:
            lists[DENSE] = [pair for pair in lists[DENSE] if not passages.is_asked(pair[0])]
        passages.ranks = fuse.ranks(lists)
        stages: dict[str, tuple[Hit, ...] | Later] = {
            name: partial(passages.hits, found) for name, found in lists.items()
        }
        if DENSE in lists:
            mixed, stages[HYBRID] = self._hybrid(run, lists, passages, enough, depth)
        else:
            mixed = passages.hits(lists[LEXICAL][:enough])
        final = mixed
        if walk is not None:
            started = time.perf_counter()
            led_to = passages.hits(lists[GRAPH])
            final = linked.settled(walk, query.text, mixed, led_to, self._lexical.idf)[:depth]
            run.stage(LINKED, len(final), started)
            stages[LINKED] = final
        after = final
        if self._reranker is not None:
            final = stages[RERANKED] = self._reranked(self._reranker, final, run)
        final = final[:k]
        if walk is not None:
            final = linked.explained(walk, final, mixed, after)
        return Retrieval(query, final, run.trace(), Stages(stages), passages.dropped)

    def _walk(self, lists: Mapping[str, Sequence[Scored]], run: _Run) -> Walk | None:
        """Where the graph leads from what was found; None: it is not to be asked."""
        if self._graph is None:
            return None
        started = time.perf_counter()
        try:
            walk: Walk = self._graph.walk(run.query, lists, _WALKED)
        except FootnotesError as e:
            run.note(e)
            walk = linked.NOWHERE
        run.stage(GRAPH, len(walk.found), started)
        return walk

    def _list(self, source: ScoredIndex, name: str, run: _Run, depth: int) -> list[Scored]:
        started = time.perf_counter()
        try:
            found = source.search(run.query, depth)
        except ModelError as e:
            found = []
            run.note(e)
        run.stage(name, len(found), started)
        return found

    def _hybrid(
        self, run: _Run, lists: Mapping[str, Sequence[Scored]], passages: Passages, enough: int, depth: int
    ) -> tuple[tuple[Hit, ...], Later]:
        """The best of the mixed lists, enough of them and all that were read; and what makes ``depth`` of them."""
        started = time.perf_counter()
        read, others = self._mixed(run, lists, passages)
        read, others = read[:depth], others[: max(0, depth - len(read))]
        best = (*read, *passages.hits(others[: max(0, enough - len(read))]))
        run.stage(HYBRID, len(read) + len(others), started)
        return best, lambda: (*read, *passages.hits(others))

    def _mixed(
        self, run: _Run, lists: Mapping[str, Sequence[Scored]], passages: Passages
    ) -> tuple[tuple[Hit, ...], list[Scored]]:
        """The passages that the model has read against the question, best first, and below them the others."""
        mixed = fuse.mix(lists, {LEXICAL: 1 - self._share, DENSE: self._share})
        if self._comparer is None:
            return (), mixed
        chunks = passages.read(
            list(dict.fromkeys(place for found in lists.values() for place, _ in found[:_READ]))
        )
        read, question = list(chunks), run.query.text
        try:
            compared = self._comparer.compare(question, [chunk.index_text for chunk in chunks.values()])
        except ModelError as e:
            run.note(e)
            return (), mixed
        is_chinese = script.is_chinese(question)
        foreign = {place for place in read if script.speaks_chinese(chunks[place]) != is_chinese}
        ceiling = self._lexical.ceiling(run.query)
        blended = fuse.blend(lists[LEXICAL], ceiling, read, compared, foreign, self._share)
        features = _features(read, compared)
        hits = (Hit(chunks[p], score, passages.ranks[p], features[p]) for p, score in blended)
        floor = blended[-1][1] if blended else 0.0
        return tuple(hits), [(place, floor * score) for place, score in mixed if place not in features]

    def _reranked(self, reranker: Reranker, hits: tuple[Hit, ...], run: _Run) -> tuple[Hit, ...]:
        started = time.perf_counter()
        try:
            hits = tuple(reranker.rerank(run.query, hits))
        except ModelError as e:
            run.note(e)
        run.stage(RERANKED, len(hits), started)
        return hits


class _Run:
    """What one question's way is told by."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self._notes: dict[str, None] = {}
        self._stages: list[Stage] = []
        self._parts: tuple[Part, ...] = ()

    def expanded(self, expand: Expand, found: list[Scored], depth: int) -> list[Scored]:
        """Full text's list with what other words find; a stage only where there are any."""
        started = time.perf_counter()
        found, self._parts = expand(self.query, found, depth)
        if self._parts:
            self.stage(EXPANDED, len(found), started)
        return found

    def stage(self, name: str, count: int, started: float) -> None:
        self._stages.append(Stage(name, count, round((time.perf_counter() - started) * 1000, 3)))

    def note(self, error: FootnotesError) -> None:
        """Remember a failure, once."""
        self._notes.setdefault(explain(error))

    def trace(self) -> Trace:
        return Trace(tuple(self._stages), tuple(self._notes), self._parts)


def _features(read: Sequence[int], compared: Comparison) -> dict[int, Mapping[str, float]]:
    return {
        place: MappingProxyType({"cosine": round(cosine, 4), "coverage": round(coverage, 4)})
        for place, cosine, coverage in zip(read, compared.cosine, compared.coverage, strict=True)
    }
