"""From what was found to an answer whose citations point at files: written by a model, or taken from the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag import images, locate, sending
from rag.messages import say
from rag.search import plan
from rag.search.expand import restated
from rag.types import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.answer.generate import GeneratedWriter
    from rag.engine import Engine
    from rag.types import Citation, Query, Retrieval


def stream(engine: Engine, query: Query, k: int) -> Iterator[str | Answer]:
    """Pieces of the answer as they are written, then the ``Answer`` itself, its citations located."""
    found = _found(engine, query, k)
    for item in _written(engine, found):
        if not isinstance(item, Answer):
            yield item
            continue
        told = found.trace
        trace = replace(told, stages=told.stages + item.trace.stages, notes=told.notes + item.trace.notes)
        yield replace(item, trace=trace, citations=tuple(_located(engine, c) for c in item.citations))


def _found(engine: Engine, query: Query, k: int) -> Retrieval:
    """The passages to answer from; a model plans the search first, where the settings say so."""

    def search(question: str) -> Retrieval:
        return engine.search(question, k, filters=query.filters, today=query.today)

    if engine.generator is None or not engine.settings.search.plan:
        return search(query.text)
    return plan.planned(search, engine.generator.llm.stream, query, k)


def _written(engine: Engine, found: Retrieval) -> Iterator[str | Answer]:
    if engine.generator is not None:
        yield from _generated(engine, engine.generator, found)
        return
    from rag.answer.extract import ExtractiveWriter  # thirty milliseconds that a search does not need

    query, write = found.query, ExtractiveWriter().write
    text = restated(query.text, found.trace.filters)
    answer = replace(write(replace(query, text=text), found.hits, engine.lexical.idf), question=query.text)
    if answer.abstained and text != query.text:
        answer = write(query, found.hits, engine.lexical.idf)  # in the question's own language
    yield answer.text
    yield answer


def _generated(engine: Engine, writer: GeneratedWriter, found: Retrieval) -> Iterator[str | Answer]:
    """What a model writes; notes that its server must not read are held back from it, and the answer says so."""
    notes = {hit.chunk.doc_id for hit in found.hits}
    held = sending.held_back(engine.catalogue, engine.settings.llm, notes)
    for item in writer.stream(found.query, found.hits, engine.lexical.idf, held):
        if isinstance(item, Answer) and held:
            yield replace(item, trace=replace(item.trace, notes=(*item.trace.notes, _held_back(len(held)))))
        else:
            yield item


def _held_back(count: int) -> str:
    return say(
        "{count} notes were held back from the language model (llm.never_send, or `private: true`).",
        count=count,
    )


def _located(engine: Engine, citation: Citation) -> Citation:
    shown_by = images.notes_of(engine.catalogue, citation.doc_id) if citation.format == "image" else ()
    return replace(locate.located(engine.catalogue, citation), notes=shown_by)
