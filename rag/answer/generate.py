"""Answers written by a language model from numbered passages, and checked before they are believed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.changes import are_told, disagreeing
from rag.answer.cite import readable
from rag.answer.extract import ExtractiveWriter
from rag.answer.fence import Scrubber
from rag.answer.packing import at_the_ends, pack
from rag.answer.prompts import UNKNOWN, language_of, prompt_of, room_for_notes
from rag.answer.thoughts import without_thoughts
from rag.answer.verify import Verifier, whole_sentences
from rag.errors import LLMError
from rag.llama.llm import patiently
from rag.messages import explain
from rag.types import Answer, Sent, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rag.answer.prompts import Prompt
    from rag.answer.question import Idf
    from rag.answer.verify import Verified
    from rag.protocols import AnswerStream, Comparer, Inference
    from rag.types import Hit, Query

_FELL_BACK = {
    "zh": "语言模型没有完成回答，以下是笔记原文摘录。{error}",
    "en": "The language model did not finish; these are sentences from the notes. {error}",
}
_LEFT_OUT = {
    "zh": "模型的上下文（llm.context_tokens）放不下，少读了 {count} 段。",
    "en": "{count} passages were left out: the model's context (llm.context_tokens) has no room for them.",
}
_SCRUBBED = {
    "zh": "模型写的 {count} 处链接、图片或密码没有显示。",
    "en": "{count} links, images or secrets that the model wrote are not shown.",
}
_CHANGED = {
    "zh": "引用的笔记说法不同，从新到旧：{times}。",
    "en": "The notes cited do not say the same; newest first: {times}.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model answers: the server's address as it may be shown, and whether that is beyond this machine."""

    server: str = ""
    far: bool = False


class GeneratedWriter:
    """Lets a model answer from numbered passages; falls back to the notes' own sentences if it fails.

    Args:
        llm: the model.
        context_tokens: its context; passages fill what instructions, question and answer leave.
        comparer: helps to tell a paraphrase from an invention.
        inference: reads each sentence against its footnotes, where one is set.
        place: where it answers; secrets do not leave this machine.
    """

    def __init__(
        self,
        llm: AnswerStream,
        *,
        context_tokens: int = 8192,
        comparer: Comparer | None = None,
        inference: Inference | None = None,
        place: Place | None = None,
    ) -> None:
        self.llm = llm
        self.place = place or Place()
        self._comparer = comparer
        self._inference = inference
        self._context = context_tokens

    def write(self, query: Query, hits: Sequence[Hit], idf: Idf) -> Answer:
        """The verified answer, all at once."""
        *_, answer = self.stream(query, hits, idf)
        if not isinstance(answer, Answer):
            raise TypeError(answer)
        return answer

    def prompt(self, query: Query, hits: Sequence[Hit], held: Collection[str] = ()) -> Prompt | None:
        """What the model would be sent; None where nothing may be.

        Raises:
            LLMError: the question does not fit the model's context.
        """
        allowed = [hit for hit in hits if hit.chunk.doc_id not in held and readable(hit.chunk).strip()]
        if not allowed:
            return None
        passages = pack(allowed, room_for_notes(query, self._context))
        made = prompt_of(query, at_the_ends(passages), far=self.place.far)
        return replace(made, left_out=len(allowed) - len(passages))

    def stream(
        self, query: Query, hits: Sequence[Hit], idf: Idf, held: Collection[str] = ()
    ) -> Iterator[str | Answer]:
        """Verified text, sentence by sentence, and last the answer.

        The pieces joined are ``answer.text``, unless the model failed on the way: then ``answer.writer`` is
        ``extract``, ``answer.trace.notes`` says why, and the answer takes the place of what was shown so far.
        So it does where the model found nothing, and documents that it must not read (``held``, by id) say something; and
        where what was shown turns out to be what the model thought before it answered.
        """
        try:
            prompt = self.prompt(query, hits, held)
        except LLMError as error:
            yield from _extracted(query, hits, idf, note=_fell_back(query, error))
            return
        if prompt is None:
            yield from _extracted(query, hits, idf)
            return
        writing = _Writing(query, prompt, self._comparer, self._inference)
        began = time.perf_counter()
        trouble: LLMError | None = None
        try:
            for sentence in _sentences(patiently(self.llm, prompt.system, prompt.text)):
                if piece := writing.feed(sentence):
                    yield piece
        except LLMError as error:
            trouble = error
        sent = self._sent(prompt, held)
        if not writing.shown and trouble is None:
            trouble = LLMError("{model} wrote nothing. Ask again, or set llm.model.", model=self.llm.name)
        if trouble is not None:
            note = _fell_back(query, trouble)
            yield from _extracted(query, hits, idf, note, sent=sent, quiet=writing.has_shown)
            return
        milliseconds = 1000 * (time.perf_counter() - began)
        answer = self._finish(query, hits, writing, Trace(notes=writing.notes, sent=sent), milliseconds)
        yield _from_held(answer, query, idf, held) if answer.abstained and held else answer

    def _sent(self, prompt: Prompt, held: Collection[str]) -> tuple[Sent, ...]:
        notes = tuple(dict.fromkeys(passage.doc_id for passage in prompt.passages))
        where = self.place
        return (Sent(where.server, self.llm.name, where.far, notes, prompt.masked, len(held)),)

    def _finish(
        self, query: Query, hits: Sequence[Hit], writing: _Writing, trace: Trace, milliseconds: float
    ) -> Answer:
        checked = writing.checked
        unknown = any(phrase[:-1] in checked.text for phrase in UNKNOWN.values())
        return Answer(
            question=query.text,
            text=checked.text,
            citations=checked.citations,
            hits=tuple(hits),
            abstained=unknown and not checked.citations,
            support=checked.support,
            trace=replace(trace, stages=(Stage("generate", len(checked.citations), milliseconds),)),
            writer=self.llm.name,
            removed_markers=checked.removed,
        )


class _Writing:
    """One reply on its way: scrubbed, verified, and begun anew where what came was only a thought."""

    def __init__(
        self, query: Query, prompt: Prompt, comparer: Comparer | None, inference: Inference | None
    ) -> None:
        self._query, self._prompt = query, prompt
        self._comparer, self._inference = comparer, inference
        self.has_shown = False
        self._begin()

    def _begin(self) -> None:
        read = [readable(passage) for passage in self._prompt.passages]
        self._scrubber = Scrubber(self._query.text, read)
        self._verifier = Verifier(self._prompt.passages, self._comparer, self._inference)
        self.shown: list[str] = []

    def feed(self, sentence: str | None) -> str:
        """What to show of a sentence; None: all before was a thought."""
        if sentence is None:
            self._begin()
            return ""
        piece = self._verifier.feed(self._scrubber.clean(sentence))
        if piece and self.shown and self.shown[-1][-1] in "!]" and piece[0] in "[(":
            piece = f" {piece}"  # two pieces must not make a link
        if piece:
            self.shown.append(piece)
            self.has_shown = True
        return piece

    @property
    def checked(self) -> Verified:
        """The verified answer so far."""
        return self._verifier.result("".join(self.shown))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it."""
        language = language_of(self._query.text)
        counts = (
            (_LEFT_OUT, self._prompt.left_out),
            (_SCRUBBED, self._scrubber.removed + self._scrubber.masked),
        )
        told = [form[language].format(count=count) for form, count in counts if count]
        changed = disagreeing(self.checked.citations, self._prompt.passages, self._comparer)
        if changed and not are_told(changed, self.checked.text):
            told.append(_CHANGED[language].format(times=", ".join(f"{d.day} [{d.marker}]" for d in changed)))
        return tuple(told)


def _sentences(reply: Iterable[str]) -> Iterator[str | None]:
    """The sentences of a reply without its thoughts; None where all before was one."""
    pieces = without_thoughts(reply)
    thought = True
    while thought:
        thought = False

        def spoken() -> Iterator[str]:
            nonlocal thought
            for piece in pieces:
                if piece is None:
                    thought = True
                    return
                yield piece

        yield from whole_sentences(spoken())
        if thought:
            yield None


def _fell_back(query: Query, error: LLMError) -> str:
    language = language_of(query.text)
    return _FELL_BACK[language].format(error=explain(error, language))


def _extracted(
    query: Query,
    hits: Sequence[Hit],
    idf: Idf,
    note: str = "",
    *,
    sent: tuple[Sent, ...] = (),
    quiet: bool = False,
) -> Iterator[str | Answer]:
    answer = ExtractiveWriter().write(query, hits, idf)
    if not quiet:
        yield answer.text
    yield replace(answer, trace=replace(answer.trace, notes=(note,) if note else (), sent=sent))


def _from_held(answer: Answer, query: Query, idf: Idf, held: Collection[str]) -> Answer:
    """What the documents say that the model was not shown; its own answer where they say nothing either."""
    unread = [hit for hit in answer.hits if hit.chunk.doc_id in held]
    found = ExtractiveWriter().write(query, unread, idf)
    trace = replace(answer.trace, stages=answer.trace.stages + found.trace.stages)
    return answer if found.abstained else replace(found, hits=answer.hits, trace=trace)
