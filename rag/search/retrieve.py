"""The hybrid retriever: asks each source, resolves keys to passages, and mixes the lists.

Where the embedding model can read passages token by token, it reads the best of both lists, and what it saw is mixed
with the lexical scores. Other models' vectors are mixed as they are. The graph is walked from what was found, and what
it leads to is mixed in where it helps. A reranker, where there is one, has the last word.
"""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rag.errors import FootnotesError, ModelError
from rag.messages import explain
from rag.search import fuse, linked
from rag.store import script
from rag.types import Comparison, Hit, Query, Retrieval, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rag.protocols import ChunkResolver, Comparer, LexicalSource, Reranker, ScoredIndex
    from rag.search.fuse import Scored
    from rag.search.linked import GraphSource, Walk
    from rag.types import Chunk, Part

    Expand = Callable[[Query, Sequence[Scored], int], tuple[list[Scored], tuple[Part, ...]]]
    """What full text has found with other words than the question's, too, and which; see ``rag.search.expand``."""

LEXICAL: Final = "lexical"
EXPANDED: Final = "expanded"
DENSE: Final = "dense"
HYBRID: Final = "hybrid"
GRAPH: Final = linked.GRAPH
LINKED: Final = "linked"
RERANKED: Final = "reranked"
_READ: Final = 30  # passages of each list that the model reads against the question; 50 found no more
_WALKED: Final = 30  # passages that the graph may add to them
# Chosen on development questions: docs/decisions/0003-built-in-model.md.
_SHARE: Final = 0.2  # of vectors
_READING_SHARE: Final = 0.5  # of what the model saw reading
_ASKED: Final = 90  # characters of a turn, up to which its reply carries its words


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
        self._expand = expand

    def search(self, query: Query, k: int) -> Retrieval:
        """The k best passages, and every stage's own list.

        A model that fails leaves the question to the others; the trace says so.
        """
        depth = max(k, self._candidates)
        run = _Run(query)
        lists = {name: self._list(source, name, run, depth) for name, source in self._sources.items()}
        if self._expand is not None:
            lists[LEXICAL] = run.expanded(self._expand, lists[LEXICAL], depth)
        walk = self._walk(lists, run)
        if walk is not None:
            lists[GRAPH] = list(walk.found)
        started = time.perf_counter()
        wanted = {key for found in lists.values() for key, _ in found}
        chunks = _in_order(self._resolver.chunks(sorted(wanted)).values())
        run.stage("resolve", len(chunks), started)
        places = {chunk.key: place for place, chunk in enumerate(chunks)}
        lists = {name: _placed(found, places) for name, found in lists.items()}
        if DENSE in lists:
            lists[DENSE] = [(place, score) for place, score in lists[DENSE] if not _is_asked(chunks[place])]
        positions = fuse.ranks(lists)
        resolved = {name: _hits(found, chunks, positions) for name, found in lists.items()}
        if DENSE in lists:
            started = time.perf_counter()
            resolved[HYBRID] = self._mixed(run, lists, chunks, positions)[:depth]
            run.stage(HYBRID, len(resolved[HYBRID]), started)
        final = resolved.get(HYBRID, resolved[LEXICAL])
        if walk is not None:
            started = time.perf_counter()
            final = linked.settled(walk, query.text, final, resolved[GRAPH], self._lexical.idf)[:depth]
            resolved[LINKED] = final
            run.stage(LINKED, len(final), started)
        if self._reranker is not None:
            final = resolved[RERANKED] = self._reranked(self._reranker, final, run)
        final = final[:k]
        if walk is not None:
            final = linked.explained(walk, final, resolved.get(HYBRID, resolved[LEXICAL]), resolved[LINKED])
        stages = MappingProxyType(resolved)
        return Retrieval(query, final, run.trace(), stages, len(wanted) - len(chunks))

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

    def _mixed(
        self,
        run: _Run,
        lists: Mapping[str, Sequence[Scored]],
        chunks: Sequence[Chunk],
        positions: Mapping[int, Mapping[str, int]],
    ) -> tuple[Hit, ...]:
        mixed = fuse.mix(lists, {LEXICAL: 1 - self._share, DENSE: self._share})
        if self._comparer is None:
            return _hits(mixed, chunks, positions)
        read = list(dict.fromkeys(place for found in lists.values() for place, _ in found[:_READ]))
        question = run.query.text
        try:
            compared = self._comparer.compare(question, [chunks[place].index_text for place in read])
        except ModelError as e:
            run.note(e)
            return _hits(mixed, chunks, positions)
        is_chinese = script.is_chinese(question)
        foreign = {place for place in read if script.speaks_chinese(chunks[place]) != is_chinese}
        ceiling = self._lexical.ceiling(run.query)
        blended = fuse.blend(lists[LEXICAL], ceiling, read, compared, foreign, self._share)
        features = _features(read, compared)
        hits = [Hit(chunks[place], score, positions[place], features[place]) for place, score in blended]
        floor = blended[-1][1] if blended else 0.0
        rest = [(place, floor * score) for place, score in mixed if place not in features]
        return (*hits, *_hits(rest, chunks, positions))

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


def _in_order(chunks: Iterable[Chunk]) -> list[Chunk]:
    """By note and place in it: what ties are broken by, so that ranks depend on the notes alone, not on their past."""
    return sorted(chunks, key=lambda chunk: (chunk.doc_id, chunk.start))


def _placed(found: Sequence[Scored], places: Mapping[int, int]) -> list[Scored]:
    """Places instead of keys, best first, ties by place; keys that are gone are left out."""
    known = [(places[key], score) for key, score in found if key in places]
    return sorted(known, key=lambda pair: (-pair[1], pair[0]))


def _is_asked(chunk: Chunk) -> bool:
    """A short turn of a conversation's user: mostly a question, which is near to every question and answers none.

    The passages of the reply carry its words in their heading path, so nothing is lost to the dense side.
    """
    return chunk.speaker == "user" and len(chunk.text) <= _ASKED


def _hits(
    found: Sequence[Scored], chunks: Sequence[Chunk], positions: Mapping[int, Mapping[str, int]]
) -> tuple[Hit, ...]:
    return tuple(Hit(chunks[place], score, positions[place]) for place, score in found)


def _features(read: Sequence[int], compared: Comparison) -> dict[int, Mapping[str, float]]:
    return {
        place: MappingProxyType({"cosine": round(cosine, 4), "coverage": round(coverage, 4)})
        for place, cosine, coverage in zip(read, compared.cosine, compared.coverage, strict=True)
    }
