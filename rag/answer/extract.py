"""Answers without a language model: the notes' own sentences, cited."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.cite import citation_for, display, plain_markers, readable
from rag.answer.question import features, is_chinese, weigh
from rag.answer.sentences import is_heading, sentences
from rag.types import Answer, SentenceSupport, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.answer.question import Idf
    from rag.answer.sentences import Span
    from rag.types import Chunk, Hit, Query

# Chosen on development questions of reading-comprehension sets in both languages.
_HEADING = 0.5  # what a question word weighs when only the title or a heading says it
_NEIGHBOUR = 0.25  # ... when only the sentence before says it; half of it for the sentence after
_FIRST = 0.05  # what the first sentence of a passage gains
_LOCAL = 0.5  # how far a word that most sentences share loses its weight
_ENOUGH = 0.2  # share of the question's weight that the best sentence must cover, with its surroundings
_CLOSE = 0.5  # a further sentence scores at least this part of the best
_ALIKE = 0.8  # two sentences with this share of words in common repeat each other
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence of a passage and what it offers to match."""

    chunk: Chunk
    span: Span
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Scored:
    """A sentence; ``reach`` is the share of the question that it and its surroundings cover, 0 to 1."""

    unit: _Unit
    reach: float
    score: float


class ExtractiveWriter:
    """Answers with at most ``most`` sentences of the passages, each followed by its ``[n]``."""

    def __init__(self, *, most: int = 4) -> None:
        self._most = most

    def write(self, query: Query, hits: Sequence[Hit], idf: Idf) -> Answer:
        """Answer from ``hits`` (best first), or abstain and name the nearest notes."""
        began = time.perf_counter()
        chosen = _choose(_score(query.text, hits, idf), self._most)
        answer = _answer(query.text, hits, chosen) if chosen else abstain(query.text, hits)
        stage = Stage("extract", len(chosen), 1000 * (time.perf_counter() - began))
        return replace(answer, trace=Trace(stages=(stage,)))


def abstain(question: str, hits: Sequence[Hit]) -> Answer:
    """Say that the notes do not answer, and name up to three of the nearest, without citing them."""
    notes = {hit.chunk.doc_id: hit.chunk.title for hit in hits}
    zh = is_chinese(question)
    if not notes:
        text = "笔记里没有与这个问题有关的内容。" if zh else "Nothing in the notes is about this."
        return Answer(question=question, text=text, abstained=True)
    form = "- 《{}》（{}）" if zh else "- {} ({})"
    lines = [plain_markers(form.format(title, doc_id)) for doc_id, title in list(notes.items())[:_NEAREST]]
    lead = "笔记里没有找到答案。最接近的笔记：" if zh else "The notes do not say. The nearest notes:"
    return Answer(question=question, text="\n".join((lead, *lines)), hits=tuple(hits), abstained=True)


def _answer(question: str, hits: Sequence[Hit], chosen: Sequence[_Unit]) -> Answer:
    citations = tuple(citation_for(u.chunk, u.span, n) for n, u in enumerate(chosen, 1))
    shown = [(display(readable(u.chunk)[slice(*u.span)]), n) for n, u in enumerate(chosen, 1)]
    return Answer(
        question=question,
        text="\n".join(f"{sentence} [{n}]" for sentence, n in shown),
        citations=citations,
        hits=tuple(hits),
        support=tuple(SentenceSupport(sentence, (n,), supported=True) for sentence, n in shown),
    )


def _score(question: str, hits: Sequence[Hit], idf: Idf) -> list[_Scored]:
    """Every sentence of the passages, best first."""
    passages = [_units(hit.chunk) for hit in hits]
    weights = _localise(weigh(question, idf), passages)
    total = sum(weights.values())
    if not total or not hits:
        return []
    best = max(hit.score for hit in hits)
    scored = [
        _Scored(unit, reach / total, reach * _standing(hit, rank, best) * (1 + _FIRST / (1 + place)))
        for rank, (hit, units) in enumerate(zip(hits, passages, strict=True))
        for place, (unit, reach) in enumerate(zip(units, _reaches(hit.chunk, units, weights), strict=True))
    ]
    return sorted(scored, key=lambda s: -s.score)


def _units(chunk: Chunk) -> list[_Unit]:
    text = readable(chunk)
    spans = [(a, b) for a, b in sentences(text) if "![" not in text[a:b] or display(text[a:b])]
    return [_Unit(chunk, (a, b), features(text[a:b])) for a, b in spans]


def _localise(weights: Mapping[str, float], passages: Sequence[Sequence[_Unit]]) -> dict[str, float]:
    """Weigh words less that most of the sentences at hand share: they do not tell one from another."""
    count = sum(map(len, passages))
    found = Counter(word for units in passages for unit in units for word in unit.words & weights.keys())
    rarity = {w: math.log1p(count / max(1, found[w])) / math.log1p(max(1, count)) for w in weights}
    return {word: weight * (1 - _LOCAL + _LOCAL * rarity[word]) for word, weight in weights.items()}


def _standing(hit: Hit, rank: int, best: float) -> float:
    """A passage's score relative to the best one; by rank where scores are not positive."""
    return max(0.0, hit.score) / best if best > 0 else 1 / (1 + rank)


def _reaches(chunk: Chunk, units: Sequence[_Unit], weights: Mapping[str, float]) -> list[float]:
    """Weight of the question's words in each sentence, and less for those that only its surroundings say."""
    matched = [unit.words & weights.keys() for unit in units]
    above = features(chunk.context) & weights.keys()
    empty: frozenset[str] = frozenset()
    return [
        _mass(weights, own)
        + _HEADING * _mass(weights, above - own)
        + _NEIGHBOUR * _mass(weights, before - own - above)
        + _NEIGHBOUR / 2 * _mass(weights, after - before - own - above)
        for before, own, after in zip([empty, *matched], matched, [*matched[1:], empty], strict=False)
    ]


def _mass(weights: Mapping[str, float], words: frozenset[str]) -> float:
    return math.fsum(weights[word] for word in words)


def _choose(scored: Sequence[_Scored], most: int) -> list[_Unit]:
    """The best sentence, and those that come close without repeating it, in reading order."""
    if not scored or scored[0].reach < _ENOUGH:
        return []
    chosen: list[_Unit] = []
    for candidate in scored:
        if len(chosen) == most or candidate.score < _CLOSE * scored[0].score:
            break
        unit = _complete(candidate.unit)
        if not any(_repeats(unit, other) for other in chosen):
            chosen.append(unit)
    notes = {unit.chunk.doc_id: -n for n, unit in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda u: (-notes[u.chunk.doc_id], u.chunk.start + u.span[0]))


def _complete(unit: _Unit) -> _Unit:
    """Give a heading, or a line that ends with a colon, the sentence that follows it."""
    text, (start, end) = readable(unit.chunk), unit.span
    if not is_heading(text[start:end]) and not text[start:end].endswith((":", "：")):
        return unit
    following = next(iter(sentences(text[end:])), None)
    if following is None or is_heading(text[end:][slice(*following)]):
        return unit
    return replace(unit, span=(start, end + following[1]))


def _repeats(unit: _Unit, other: _Unit) -> bool:
    """Whether two sentences overlap in their note, or say the same with the same numbers."""
    if unit.chunk.doc_id == other.chunk.doc_id:
        start, end = (unit.chunk.start + offset for offset in unit.span)
        if start < other.chunk.start + other.span[1] and other.chunk.start + other.span[0] < end:
            return True
    if _numbers(unit.words) != _numbers(other.words):
        return False
    return len(unit.words & other.words) >= _ALIKE * len(unit.words | other.words)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word[0].isdigit())
