"""Reading facts in passages with the configured language model, for the graph.

What was read is kept at once, by model and text: a run that is stopped goes on where it was, and no passage is paid for
twice. A passage that could not be read is kept with the reason, and tried again, by itself, by the next run.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from graph import triples as joined
from rag import sending
from rag.answer.cite import readable
from rag.answer.packing import estimated_tokens
from rag.errors import ConfigError, LLMError
from rag.llama import triples as asking
from rag.llama.reply import heard
from rag.store.extractions import Cost, Extractions, Reading
from rag.store.rows import text_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rag.answer.generate import GeneratedWriter
    from rag.llama.triples import Language, Replied
    from rag.settings import Settings
    from rag.store.catalogue import Catalogue
    from rag.types import Chunk

NO_JSON, CUT, LEFT_OUT, SENSELESS = "no json", "cut", "left out", "senseless"
_TOGETHER = 8  # passages in a request
_RESERVED = 600  # tokens of a request's instructions and fences
_OUT = 160  # tokens that a passage's triples take, until it is measured
_LEAST_LETTERS = 20  # a passage with fewer says no facts
_PATIENCE = 3  # requests that fail in a row, before the server is given up
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_SHARE = 0.2


class Notes(Protocol):
    """What is needed of an engine."""

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue."""

    @property
    def home(self) -> Path:
        """The home folder."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def generator(self) -> GeneratedWriter | None:
        """Holds the language model."""

    def sync(self, names: Sequence[str] | None = None, *, paths: Sequence[Path] | None = None) -> object:
        """Look at these paths alone, and let everything follow the catalogue."""


@dataclass(frozen=True, slots=True)
class Request:
    """Passages to ask for together, by key; tokens are estimated."""

    language: Language
    keys: tuple[int, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do.

    Attributes:
        requests: in order; passages that could not be read before come last, one by one.
        read: passages that this model has read already.
        held_back: passages that the server must not see.
        left: passages beyond the limit.
    """

    requests: tuple[Request, ...]
    read: int = 0
    held_back: int = 0
    left: int = 0

    @property
    def passages(self) -> int:
        """How many are to be read."""
        return sum(len(request.keys) for request in self.requests)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What work will take; ``seconds`` is None before the model has read anything."""

    passages: int
    calls: int
    tokens_in: int
    tokens_out: int
    seconds: float | None
    read: int
    held_back: int
    left: int


@dataclass(slots=True)
class Report:
    """What a run did.

    Attributes:
        read: passages.
        triples: kept.
        unfounded: triples dropped because a name in them does not stand in the passage.
        senseless: triples without subject, predicate or object.
        failed: passages that could not be read, by reason: a code of this module, or the server's failure.
        held_back: passages that the server must not see.
        notes: whose part of the graph has changed.
    """

    calls: int = 0
    read: int = 0
    triples: int = 0
    unfounded: int = 0
    senseless: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    held_back: int = 0
    notes: int = 0
    seconds: float = 0.0


class _Item(NamedTuple):
    """A passage that waits to be read."""

    language: Language
    key: int
    tokens: int


@dataclass(slots=True)
class _Waiting:
    """Sorts passages by what became of them: ``reasons`` are those of the texts that were asked for already."""

    reasons: Mapping[bytes, str]
    fresh: list[_Item] = field(default_factory=list)
    again: list[_Item] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    read: int = 0
    held_back: int = 0

    def take(self, chunk: Chunk, *, is_held: bool) -> None:
        """One passage; a text that several have waits but once."""
        mark = text_hash(chunk.index_text)
        if self.reasons.get(mark) == "":
            self.read += 1
        elif is_held:
            self.held_back += 1
        elif mark not in self.seen:
            self.seen.add(mark)
            tokens = estimated_tokens(readable(chunk)) + estimated_tokens(chunk.context) + 10
            (self.again if mark in self.reasons else self.fresh).append(
                _Item(_language(chunk), chunk.key, tokens)
            )


def work(notes: Notes, limit: int | None = None) -> Work:
    """What is still to be read, at most ``limit`` passages.

    Raises:
        ConfigError: no language model is configured, or ``llm.never_send`` is wrong.
    """
    with Extractions(notes.home) as kept:
        waiting = _Waiting(kept.reasons(_model(notes)))
    batches, _ = notes.catalogue.all_chunks()
    for batch in batches:
        held = sending.held_back(notes.catalogue, notes.settings.llm, {chunk.doc_id for chunk in batch})
        for chunk in filter(_is_worth_it, batch):
            waiting.take(chunk, is_held=chunk.doc_id in held)
    fresh, again = waiting.fresh[:limit], waiting.again
    if limit is not None:
        again = again[: limit - len(fresh)]
    requests = (*_packed(fresh, _budget(notes.settings.llm.context_tokens)), *map(_alone, again))
    left = len(waiting.fresh) + len(waiting.again) - len(fresh) - len(again)
    return Work(requests, waiting.read, waiting.held_back, left)


def estimate(notes: Notes, todo: Work) -> Estimate:
    """What the work will take, by what the model has taken so far."""
    with Extractions(notes.home) as kept:
        cost = kept.cost(_model(notes))
    tokens = sum(request.tokens for request in todo.requests)
    share = cost.tokens_out / cost.tokens_in if cost.tokens_in else 0.0
    return Estimate(
        todo.passages,
        len(todo.requests),
        tokens,
        round(tokens * share) if share else _OUT * todo.passages,
        round(tokens * cost.seconds / cost.tokens_in, 3) if cost.tokens_in else None,
        todo.read,
        todo.held_back,
        todo.left,
    )


def extract(
    notes: Notes,
    requests: Sequence[Request],
    report: Report,
    step: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Ask, and keep what comes; adds to ``report``, and calls ``step`` with requests done, and of how many.

    Raises:
        LLMError: the server cannot be used; what was read before is kept.
    """
    began = time.perf_counter()
    failing: list[tuple[list[Chunk], LLMError]] = []
    answered = False
    with Extractions(notes.home) as kept:
        for number, request in enumerate(requests, 1):
            chunks = _to_send(notes, request, report)
            try:
                readings = _asked(notes, request, chunks, report) if chunks else []
            except LLMError as e:
                failing.append((chunks, e))
                if len(failing) >= _PATIENCE or (number == len(requests) and not answered):
                    raise
                continue
            finally:
                report.seconds += time.perf_counter() - began
                began = time.perf_counter()
            answered = answered or bool(chunks)
            kept.put(_model(notes), [*_blamed(failing, report), *readings])
            failing = []
            step(number, len(requests))
        kept.put(_model(notes), list(_blamed(failing, report)))


def join(notes: Notes) -> int:
    """Bring what was read into the graph; returns how many notes say something else now."""
    changed = joined.follow(notes.catalogue, notes.home)
    notes.sync(paths=[])
    return changed


def _model(notes: Notes) -> str:
    """What readings are kept by: the model, and the prompt that it was given."""
    if notes.generator is None:
        raise ConfigError("No language model is configured. Set llm.url and llm.model.")
    return f"{notes.generator.llm.name} {asking.VERSION}"


def _is_worth_it(chunk: Chunk) -> bool:
    letters = _LETTER.finditer(readable(chunk))
    return sum(1 for _ in zip(range(_LEAST_LETTERS), letters, strict=False)) == _LEAST_LETTERS


def _language(chunk: Chunk) -> Language:
    text = readable(chunk)
    return "zh" if len(_HAN.findall(text)) > _HAN_SHARE * len(text.strip()) else "en"


def _budget(context_tokens: int) -> int:
    """Tokens of passages in a request: the reply may take as many again."""
    return max(_OUT, (context_tokens - _RESERVED) // 2)


def _alone(item: _Item) -> Request:
    return Request(item.language, (item.key,), item.tokens + _RESERVED)


def _packed(items: Iterable[_Item], budget: int) -> Iterator[Request]:
    """Requests of one language each, as full as the budget allows, in the order of the passages."""
    open_: dict[Language, Request] = {}
    for language, key, tokens in items:
        now = open_.get(language)
        if now and (len(now.keys) == _TOGETHER or now.tokens - _RESERVED + tokens > budget):
            yield open_.pop(language)
            now = None
        if now:
            open_[language] = replace(now, keys=(*now.keys, key), tokens=now.tokens + tokens)
        else:
            open_[language] = _alone(_Item(language, key, tokens))
    yield from open_.values()


def _to_send(notes: Notes, request: Request, report: Report) -> list[Chunk]:
    """The request's passages as they are now; what must not be sent by now is left out."""
    found = notes.catalogue.chunks(request.keys)
    chunks = [found[key] for key in request.keys if key in found]
    held = sending.held_back(notes.catalogue, notes.settings.llm, {chunk.doc_id for chunk in chunks})
    kept = [chunk for chunk in chunks if chunk.doc_id not in held]
    report.held_back += len(chunks) - len(kept)
    return kept


def _asked(notes: Notes, request: Request, chunks: Sequence[Chunk], report: Report) -> list[Reading]:
    assert notes.generator is not None  # noqa: S101 - work is planned with one
    budget = _budget(notes.settings.llm.context_tokens)
    prompt = asking.prompt([_shown(chunk, budget) for chunk in chunks])
    instructions = asking.instructions(request.language)
    report.calls += 1
    began = time.perf_counter()
    reply = heard(notes.generator.llm.stream(instructions, prompt))
    cost = Cost(
        (estimated_tokens(instructions) + estimated_tokens(prompt)) / len(chunks),
        estimated_tokens(reply) / len(chunks),
        (time.perf_counter() - began) / len(chunks),
    )
    told = asking.replied(reply, len(chunks))
    return [_reading(n, chunk, told, cost, report) for n, chunk in enumerate(chunks, 1)]


def _shown(chunk: Chunk, budget: int) -> asking.Passage:
    """A passage as the model sees it; one that is too long for its context is cut short."""
    text = readable(chunk)
    tokens = estimated_tokens(text)
    if tokens > budget:
        text = text[: len(text) * budget // tokens]
    return asking.Passage(chunk.title, " › ".join(chunk.heading), text)


def _reading(n: int, chunk: Chunk, told: Replied, cost: Cost, report: Report) -> Reading:
    mark = text_hash(chunk.index_text)
    said, senseless = told.triples.get(n), told.senseless[n]
    report.senseless += senseless
    if said is None or (senseless and not said):
        reason = _reason(told, is_there=said is not None)
        report.failed[reason] += 1
        return Reading(mark, reason=reason, cost=cost)
    kept = tuple(triple for triple in said if joined.facts_of([triple], chunk).relations)
    report.read += 1
    report.triples += len(kept)
    report.unfounded += len(said) - len(kept)
    return Reading(mark, kept, cost=cost)


def _reason(told: Replied, *, is_there: bool) -> str:
    if is_there:
        return SENSELESS
    if told.is_cut:
        return CUT
    return LEFT_OUT if told.is_json else NO_JSON


def _blamed(failing: Iterable[tuple[Sequence[Chunk], LLMError]], report: Report) -> Iterator[Reading]:
    """Passages whose requests failed while the server answered others."""
    for chunks, error in failing:
        for chunk in chunks:
            report.failed[str(error)] += 1
            yield Reading(text_hash(chunk.index_text), reason=str(error))
