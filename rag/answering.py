"""From what was found to an answer whose citations point at files: written by a model, or taken from the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag import images, locate
from rag.types import Answer, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.engine import Engine
    from rag.types import Citation, Retrieval


def stream(engine: Engine, found: Retrieval) -> Iterator[str | Answer]:
    """Pieces of the answer as they are written, then the ``Answer`` itself, its citations located."""
    for item in _written(engine, found):
        if not isinstance(item, Answer):
            yield item
            continue
        trace = Trace(found.trace.stages + item.trace.stages, found.trace.notes + item.trace.notes)
        yield replace(item, trace=trace, citations=tuple(_located(engine, c) for c in item.citations))


def _written(engine: Engine, found: Retrieval) -> Iterator[str | Answer]:
    if engine.generator is not None:
        yield from engine.generator.stream(found.query, found.hits, engine.lexical.idf)
        return
    from rag.answer.extract import ExtractiveWriter  # thirty milliseconds that a search does not need

    answer = ExtractiveWriter().write(found.query, found.hits, engine.lexical.idf)
    yield answer.text
    yield answer


def _located(engine: Engine, citation: Citation) -> Citation:
    shown_by = images.notes_of(engine.catalogue, citation.doc_id) if citation.format == "image" else ()
    return replace(locate.located(engine.catalogue, citation), notes=shown_by)
