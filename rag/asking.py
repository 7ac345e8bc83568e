"""From a question as it is asked to what is found for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from rag import wiring
from rag.models.server import is_loopback, shown
from rag.search import reading
from rag.search.retrieve import HYBRID, LEXICAL, LINKED, RERANKED, HybridRetriever
from rag.search.understanding import UnderstandingRetriever
from rag.types import NO_FILTERS, Filters, Reading, Sent

if TYPE_CHECKING:
    from collections.abc import Collection

    from graph.matrix.index import Matrix
    from rag.engine import Engine
    from rag.indexes import DenseSide
    from rag.protocols import Reranker
    from rag.types import Retrieval, Turn

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and all that it is to be understood by; see ``Engine.search`` and ``Engine.ask_stream``."""

    question: str
    k: int = 10
    filters: Filters = NO_FILTERS
    today: date | None = None
    ignore: Collection[str] = ()
    history: tuple[Turn, ...] = ()

    @property
    def day(self) -> date:
        """What "last month" is counted from."""
        return self.today or datetime.now().astimezone().date()


def retriever(engine: Engine, side: DenseSide | None, matrix: Matrix | None) -> HybridRetriever:
    """What finds passages, of all sources that exist now."""
    search = engine.settings.search
    comparer = side.comparer if side else None
    return HybridRetriever(
        engine.lexical,
        side.index if side else None,
        engine.catalogue,
        candidates=search.candidates,
        share=search.dense_weight,
        comparer=comparer,
        graph=wiring.graph_source(engine.settings, matrix, lambda: engine.graph.store, engine.catalogue),
        reranker=reranker(engine, side),
        reranked=engine.settings.rerank.candidates,
        expand=wiring.expansion(engine.settings, engine.lexical, engine.catalogue, comparer),
    )


def reranker(engine: Engine, side: DenseSide | None) -> Reranker | None:
    """What orders the best passages anew: the model that is set, else the built-in one."""
    return engine.reranking_model or wiring.builtin_reranker(engine.settings, side.comparer if side else None)


def search(engine: Engine, asked: Asked, gathered: int) -> Retrieval:
    """As ``Engine.search``."""
    read = _read(engine, asked)
    found = _found(engine, asked, read, gathered, 0)
    if found.dropped:  # a note was changed and the indexes have not followed yet: follow, then look again
        found = _found(engine, asked, read, gathered, _PATIENCE_S)
    return replace(found, trace=replace(found.trace, sent=_read_elsewhere(engine, found)))


def _read_elsewhere(engine: Engine, found: Retrieval) -> tuple[Sent, ...]:
    """What a reranking server was shown."""
    s = engine.settings.rerank
    if s.chosen != "remote" or not s.url or RERANKED not in found.stages:
        return ()
    before = next(found.stages[name] for name in (LINKED, HYBRID, LEXICAL) if name in found.stages)
    notes = tuple(dict.fromkeys(hit.chunk.doc_id for hit in before[: s.candidates]))
    return (Sent(shown(s.url), s.model or "", far=not is_loopback(s.url), notes=notes),) if notes else ()


def _read(engine: Engine, asked: Asked) -> Reading:
    if not engine.settings.search.understand:
        return Reading(asked.question, asked.filters, rest=asked.question)
    return reading.read(
        asked.question,
        today=asked.day,
        filters=asked.filters,
        ignore=asked.ignore,
        properties=engine.catalogue.property_names,
        titles=engine.catalogue.names_holding,
        exact_in_sentences=False,  # "Who sang \"Yesterday\"?" is about the song, and notes may spell it otherwise
    )


def _found(engine: Engine, asked: Asked, read: Reading, gathered: int, wait_s: float) -> Retrieval:
    engine.refresh(wait_s)
    retriever = UnderstandingRetriever(
        engine.retriever, engine.catalogue, per_note=engine.settings.search.per_note
    )
    return retriever.search(read, asked.day, asked.k, gathered=gathered)
