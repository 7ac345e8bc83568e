"""From what was found to an answer whose citations point at files: written by a model, or taken from the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag import images, locate, sending
from rag.errors import LLMError
from rag.messages import say
from rag.search import gather, plan, sections, timely
from rag.search.expand import restated
from rag.types import Answer, Part, Query, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.answer.generate import GeneratedWriter
    from rag.answer.prompts import Prompt
    from rag.asking import Asked
    from rag.engine import Engine
    from rag.types import Citation, Hit, Retrieval


def stream(engine: Engine, asked: Asked) -> Iterator[str | Answer]:
    """Pieces of the answer as they are written, then the ``Answer`` itself, its citations located."""
    question = asked.question
    asked, rewritten = alone(engine, asked)
    found = _found(engine, asked)
    yield from _told(engine, question, found, rewritten, _written(engine, question, found))


def from_hits(
    engine: Engine, question: str, found: Retrieval, rewritten: tuple[Part, ...] = ()
) -> Iterator[str | Answer]:
    """As ``stream``, from what a language model has looked up itself; without one, from the notes' own sentences."""
    written = (
        _generated(engine, engine.generator, found) if engine.generator else _written(engine, question, found)
    )
    yield from _told(engine, question, found, rewritten, written)


def _told(
    engine: Engine,
    question: str,
    found: Retrieval,
    rewritten: tuple[Part, ...],
    written: Iterator[str | Answer],
) -> Iterator[str | Answer]:
    """What is written, the answer with the whole trace and with citations that point at files."""
    for item in written:
        if not isinstance(item, Answer):
            yield item
            continue
        trace = replace(
            found.trace,
            stages=found.trace.stages + item.trace.stages,
            notes=found.trace.notes + item.trace.notes,
            filters=(*rewritten, *found.trace.filters),
            sent=found.trace.sent + item.trace.sent,
        )
        citations = tuple(_located(engine, c) for c in item.citations)
        yield replace(item, question=question, trace=trace, citations=citations)


def preview(engine: Engine, asked: Asked) -> Prompt | None:
    """What the language model would be sent of the notes for a question; nothing is sent. None: no note may be, or is found.

    Raises:
        LLMError: no model is set, or the question does not fit its context.
    """
    if engine.generator is None:
        raise LLMError("No language model is set, so nothing would be sent. Set llm.url and llm.model.")
    found = engine.search(
        asked.question,
        asked.k,
        filters=asked.filters,
        today=asked.today,
        ignore=asked.ignore,
        gathered=max(asked.k, engine.settings.search.gathered),
    )
    held, read = _to_read(engine, found)
    return engine.generator.prompt(found.query, read, held)


def turn(engine: Engine, answer: Answer) -> Turn:
    """The question as it was searched for, and the notes cited that a language model may hear of."""
    asked = next((p.meaning for p in answer.trace.filters if p.kind == "question"), answer.question)
    return leant_on(engine, asked, {c.doc_id: c.title for c in answer.citations})


def leant_on(engine: Engine, asked: str, cited: Mapping[str, str]) -> Turn:
    """A turn of a question as it was searched for, and of the titles of notes that were cited, by id."""
    held = (
        sending.held_back(engine.catalogue, engine.settings.llm, cited) if engine.generator else frozenset()
    )
    return Turn(asked, tuple(title for doc_id, title in cited.items() if doc_id not in held))


def alone(engine: Engine, asked: Asked) -> tuple[Asked, tuple[Part, ...]]:
    """The question as it can be asked without what was said before, and that it was rewritten."""
    if not asked.history or asked.question in asked.ignore:
        return asked, ()
    from rag.search import followup

    ask_llm = engine.generator.llm.stream if engine.generator is not None else None
    alone = followup.rewritten(asked.question, asked.history, ask_llm)
    if alone is None:
        return asked, ()
    return replace(asked, question=alone), (Part("question", asked.question, alone),)


def _found(engine: Engine, asked: Asked) -> Retrieval:
    """The passages to answer from; a model plans the search first, where the settings say so."""

    def search(question: str) -> Retrieval:
        return engine.search(
            question,
            asked.k,
            filters=asked.filters,
            today=asked.today,
            ignore=asked.ignore,
            gathered=max(asked.k, engine.settings.search.gathered),
        )

    if engine.generator is None or not engine.settings.search.plan:
        return search(asked.question)
    query = Query(asked.question, asked.filters, asked.today)
    return plan.planned(search, engine.generator.llm.stream, query, asked.k)


def _written(engine: Engine, question: str, found: Retrieval) -> Iterator[str | Answer]:
    if engine.generator is not None and found.trace.in_range != 0:
        yield from _generated(engine, engine.generator, found)
        return
    answer = _extracted(engine, question, found)
    yield answer.text
    yield answer


def _extracted(engine: Engine, question: str, found: Retrieval) -> Answer:
    """The notes' own sentences; of a list question, one of each passage."""
    if found.trace.in_range == 0:  # no note is of the time that is asked for
        from rag.answer.extract import abstain

        return abstain(question, found.hits)
    if found.trace.in_range is not None:
        from rag.answer.gathered import GatheredWriter
        from rag.answer.question import asks_in_chinese

        idf, chinese = engine.lexical.idf, asks_in_chinese(question)
        asked = found.stages.keys() != {gather.GATHERED}  # else all of a time was taken, without a search
        return GatheredWriter().write(found.query, found.hits, idf, chinese=chinese, asked=asked)
    from rag.answer.extract import ExtractiveWriter  # thirty milliseconds that a search does not need

    query, hits, idf = found.query, _of_its_time(found), engine.lexical.idf
    text = restated(query.text, found.trace.filters)
    answer = ExtractiveWriter().write(replace(query, text=text), hits, idf)
    if answer.abstained and text != query.text:
        answer = ExtractiveWriter().write(query, hits, idf)  # in the question's own language
    return replace(answer, hits=found.hits)


def _of_its_time(found: Retrieval) -> Sequence[Hit]:
    """The hits that may speak of the time that the question does: those of it, and those of no known time.

    All of them, where the year was left open and none is of the last: "in July" is another year's then.
    """
    wanted = found.query.preferred
    if not wanted:
        return found.hits
    open_year = all(span.guessed for span in wanted)
    if open_year and not any(timely.is_of(hit.chunk, wanted) for hit in found.hits):
        return found.hits
    return [hit for hit in found.hits if timely.may_be_of(hit.chunk, wanted)]


def _generated(engine: Engine, writer: GeneratedWriter, found: Retrieval) -> Iterator[str | Answer]:
    """What a model writes; notes that its server must not read are held back from it, and the answer says so."""
    held, read = _to_read(engine, found)
    for item in writer.stream(found.query, read, engine.lexical.idf, held):
        if isinstance(item, Answer) and held:
            yield replace(item, trace=replace(item.trace, notes=(*item.trace.notes, _held_back(len(held)))))
        else:
            yield item


def _to_read(engine: Engine, found: Retrieval) -> tuple[frozenset[str], Sequence[Hit]]:
    """Notes that the model must not see, and the passages as it would read them, those of such notes among them."""
    notes = {hit.chunk.doc_id for hit in found.hits}
    held = sending.held_back(engine.catalogue, engine.settings.llm, notes)
    return held, sections.whole(found.hits, engine.catalogue)


def _held_back(count: int) -> str:
    return say(
        "{count} notes were held back from the language model (llm.never_send, or `private: true`).",
        count=count,
    )


def _located(engine: Engine, citation: Citation) -> Citation:
    shown_by = images.notes_of(engine.catalogue, citation.doc_id) if citation.format == "image" else ()
    return replace(locate.located(engine.catalogue, citation), notes=shown_by)
