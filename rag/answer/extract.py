"""Answers without a language model: the notes' own sentences, cited."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer import sureness
from rag.answer.cite import citation_for, display, plain_markers
from rag.answer.expected import Sought, expects, sought
from rag.answer.passages import Kind, complete, units
from rag.answer.question import asked_keys, asks_in_chinese, features, sought_words, weigh
from rag.types import Answer, SentenceSupport, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.answer.passages import Unit
    from rag.answer.question import Idf
    from rag.types import Chunk, Hit, Query

# Chosen on development questions of reading-comprehension sets in both languages; what concerns headings, cells,
# properties and _FOUND, which those sets do not have, on the golden questions of the sample notes.
_ABOVE = 0.5  # what a question word counts when only the title, a heading or a column says it
_REPLIED = 0.9  # ... when the question that the sentence replies to says it
_ASIDE = 0.5  # ... when a table row says it, but not as its name
_NEIGHBOUR = 0.25  # ... when only the sentence before says it; half of it for the sentence after
_NAMES = 0.6  # what a heading scores as an answer
_FIRST = 0.05  # what the first sentence of a passage gains
_LOCAL = 0.5  # how far a word that most sentences share loses its weight
# What a sentence gains by holding what is asked for; a reason, a list or any name is told from nothing by its form.
_GAINS = {Sought.TIME: 0.6, Sought.NUMBER: 0.6, Sought.PERSON: 0.3, Sought.PLACE: 0.15, Sought.MEANING: 0.15}
_FACT = 2  # sentences of an answer: the one that says it, and one that it needs
_LONG = 4  # ... where more is asked for
_SEVERAL = {Sought.LIST, Sought.REASON, Sought.OTHER}
_ENOUGH = 0.2  # share of the question's weight that the best sentence must cover, with its surroundings
_BARELY = 0.3  # if it covers less than this, ...
_FOUND = 0.35  # this share of its words must stand somewhere: else the notes are about something else
_CLOSE = 0.5  # a further sentence scores at least this part of the best,
_OWN = 0.15  # and says at least this share of the question itself
_ADDS = 0.09  # ... or adds at least this share of the question to what the others say
_PULL = 2.0  # how far the next sentence is chosen for what it adds
_CELL_CLOSE = 0.95  # the same for a table row or a property: its neighbours are alike
_CELL_ADDS = 0.08
_ALIKE = 0.8  # two sentences with this share of words in common repeat each other
_NEAREST = 3
_SHORT = 90  # characters of a user's turn, up to which its reply carries its words
_CARRIED = 0.7  # ... and this share of them is enough: a mark as "User:" is none of the question
_QUESTION = re.compile(r"[?？][\s”’\"')）\]】*_~`]*$")
_STATES = re.compile(r"(?:(?<![帮幫给給教请請告诉訴])我|\b(?:I|[Mm]y)\b)[^\n?？]*(?:[。！]|[.!](?=\s|$))")
_NAMING = {Kind.LABEL, Kind.HEADER}
_CELLS = {Kind.ROW, Kind.PROPERTY}


@dataclass(frozen=True, slots=True)
class _Scored:
    """A sentence; ``says`` is what it and its surroundings cover of the question, each word's part of the whole.

    ``reach`` is the sum of it, 0 to 1, and ``own`` what the sentence covers without its surroundings.
    """

    unit: Unit
    says: Mapping[str, float]
    standing: float
    score: float

    @property
    def reach(self) -> float:
        return math.fsum(self.says.values())

    @property
    def own(self) -> float:
        return math.fsum(share for word, share in self.says.items() if word in self.unit.words)

    def adds(self, told: Mapping[str, float]) -> float:
        """The share of the question that this sentence says and the others do not."""
        return self.standing * math.fsum(
            max(0.0, share - told.get(word, 0.0)) for word, share in self.says.items()
        )


class ExtractiveWriter:
    """Answers with sentences of the passages, each followed by its ``[n]``.

    Args:
        most: how many at most; default: two where a fact is asked for, else four.
    """

    def __init__(self, *, most: int | None = None) -> None:
        self._most = most

    def write(self, query: Query, hits: Sequence[Hit], idf: Idf) -> Answer:
        """Answer from ``hits`` (best first), or abstain and name the nearest notes."""
        began = time.perf_counter()
        scored = _score(query.text, hits, idf)
        chosen = _choose(scored, self._most or _most(query.text, scored))
        seen = sureness.signs(query.text, hits, idf) if chosen else None
        sure = 1.0 if seen is None else sureness.sureness(seen)
        if chosen and sure >= sureness.REFUSED:
            answer = replace(_answer(query.text, hits, chosen), doubtful=sure < sureness.DOUBTED)
        else:
            answer = abstain(query.text, hits)
        stage = Stage("extract", len(chosen), 1000 * (time.perf_counter() - began))
        return replace(answer, trace=Trace(stages=(stage,)))


def abstain(question: str, hits: Sequence[Hit]) -> Answer:
    """Say that the notes do not answer, what was searched for, and up to three of the nearest, without citing them."""
    notes = {hit.chunk.doc_id: hit.chunk.title for hit in hits}
    zh = asks_in_chinese(question)
    if not notes:
        text = "笔记里没有与这个问题有关的内容。" if zh else "Nothing in the notes is about this."
        return Answer(question=question, text=text, abstained=True)
    form = "- 《{}》（{}）" if zh else "- {} ({})"
    lines = [plain_markers(form.format(title, doc_id)) for doc_id, title in list(notes.items())[:_NEAREST]]
    lead = "笔记里没有找到答案。最接近的笔记：" if zh else "The notes do not say. The nearest notes:"
    words = plain_markers(("、" if zh else ", ").join(sought_words(question)))
    searched = [("查找的词：{}。" if zh else "Searched for: {}.").format(words)] if words else []
    text = "\n".join((lead, *lines, *searched))
    return Answer(question=question, text=text, hits=tuple(hits), abstained=True)


def _answer(question: str, hits: Sequence[Hit], chosen: Sequence[Unit]) -> Answer:
    citations = tuple(citation_for(u.chunk, u.span, n) for n, u in enumerate(chosen, 1))
    chinese = asks_in_chinese(question)
    shown = [(_shown(unit, chinese=chinese), n) for n, unit in enumerate(chosen, 1)]
    return Answer(
        question=question,
        text="\n".join(
            f"{note}{sentence} [{n}]"
            for note, (sentence, n) in zip(_notes(chosen, chinese=chinese), shown, strict=True)
        ),
        citations=citations,
        hits=tuple(hits),
        support=tuple(SentenceSupport(sentence, (n,), supported=True) for sentence, n in shown),
    )


def _shown(unit: Unit, *, chinese: bool) -> str:
    """A sentence as it reads; a picture's caption must not read as what the user wrote."""
    described = "（机器描述）" if chinese else "(machine description) "
    return (described if unit.chunk.speaker == "machine" else "") + display(unit.text)


def _notes(chosen: Sequence[Unit], *, chinese: bool) -> list[str]:
    """What names the note of each sentence, where they are of several."""
    if len({unit.chunk.doc_id for unit in chosen}) == 1:
        return [""] * len(chosen)
    form = "《{}》：" if chinese else "{}: "
    return [form.format(plain_markers(unit.chunk.title)) if unit.chunk.title else "" for unit in chosen]


def _score(question: str, hits: Sequence[Hit], idf: Idf) -> list[_Scored]:
    """Every sentence of the passages that can answer, best first; none where all of them say too little."""
    passages = [units(hit.chunk) for hit in hits]
    weights = _localise(_with_keys(question, weigh(question, idf), passages), passages)
    total = sum(weights.values())
    if not total or not hits:
        return []
    weights = {word: weight / total for word, weight in weights.items()}
    best = max(hit.score for hit in hits)
    fits, gain = expects(question), _GAINS.get(sought(question), 0.0)
    replied = _replied(hits)
    scored = [
        _scored(unit, says, _standing(hit, rank, best), place, 1 + gain * fits(unit.text))
        for rank, (hit, passage) in enumerate(zip(hits, passages, strict=True))
        for place, (unit, says) in enumerate(zip(passage, _say(passage, weights), strict=True))
        if _answers(passage, place, weights) and not _is_asked(unit, replied)
    ]
    scored.sort(key=lambda s: -s.score)
    return scored if _is_answerable(scored, len(weights)) else []


def _answers(passage: Sequence[Unit], place: int, weights: Mapping[str, float]) -> bool:
    """Whether a unit may answer: a name only where nothing else matches, a property only where it matches."""
    unit = passage[place]
    if unit.kind is Kind.PROPERTY:
        return any(other.words & weights.keys() for other in passage[max(0, place - 1) : place + 2])
    if unit.kind in _NAMING:
        return not any(other.words & weights.keys() for other in passage if other.kind not in _NAMING)
    return True


def _replied(hits: Sequence[Hit]) -> dict[str, list[frozenset[str]]]:
    """For each note the words of the questions that a model's replies carry in their heading paths."""
    found: dict[str, list[frozenset[str]]] = {}
    for chunk in (hit.chunk for hit in hits if hit.chunk.speaker == "model"):
        found.setdefault(chunk.doc_id, []).extend(map(features, chunk.heading))
    return found


def _question_of(chunk: Chunk) -> frozenset[str]:
    """The words of what a model's reply was asked, as its heading path carries them."""
    return frozenset().union(*map(features, chunk.heading[-2:])) if chunk.speaker == "model" else frozenset()


def _is_asked(unit: Unit, replied: Mapping[str, Sequence[frozenset[str]]]) -> bool:
    """Whether a unit is what a conversation's user asked: that is no answer, the reply below it is.

    Not every request has a question mark; but what somebody states of himself is no request.
    """
    if unit.chunk.speaker != "user" or _STATES.search(unit.text):
        return False
    if _QUESTION.search(unit.text):
        return True
    if len(unit.chunk.text) > _SHORT:
        return False
    return any(
        len(unit.words & asked) >= _CARRIED * len(unit.words) for asked in replied.get(unit.chunk.doc_id, ())
    )


def _with_keys(
    question: str, weights: dict[str, float], passages: Sequence[Sequence[Unit]]
) -> dict[str, float]:
    """A property is asked for by its key, even by a small word as in ``with: Su He``."""
    keys = {word for passage in passages for unit in passage for word in unit.words if word.endswith(":")}
    asked = keys & {f"{word}:" for word in asked_keys(question)}
    mean = sum(weights.values()) / max(1, len(weights))
    return weights | dict.fromkeys(asked, mean)


def _scored(unit: Unit, says: Mapping[str, float], standing: float, place: int, fit: float) -> _Scored:
    """Weigh what a sentence says by its passage, its place and its form."""
    form = fit if fit > 1 or unit.kind is not Kind.HEADING else _NAMES
    return _Scored(
        unit, says, standing, math.fsum(says.values()) * standing * form * (1 + _FIRST / (1 + place))
    )


def _localise(weights: Mapping[str, float], passages: Sequence[Sequence[Unit]]) -> dict[str, float]:
    """Weigh words less that most of the sentences at hand share: they do not tell one from another."""
    count = sum(map(len, passages))
    found = Counter(word for passage in passages for unit in passage for word in unit.words & weights.keys())
    rarity = {w: math.log1p(count / max(1, found[w])) / math.log1p(max(1, count)) for w in weights}
    return {word: weight * (1 - _LOCAL + _LOCAL * rarity[word]) for word, weight in weights.items()}


def _standing(hit: Hit, rank: int, best: float) -> float:
    """A passage's score relative to the best one; by rank where scores are not positive."""
    return max(0.0, hit.score) / best if best > 0 else 1 / (1 + rank)


def _say(passage: Sequence[Unit], weights: Mapping[str, float]) -> list[dict[str, float]]:
    """What each sentence says of the question, counting less what only its surroundings say."""
    matched = [unit.words & weights.keys() for unit in passage]
    asked = _question_of(passage[0].chunk) if passage else frozenset()
    empty: frozenset[str] = frozenset()
    around = zip([empty, *matched], passage, matched, [*matched[1:], empty], strict=False)
    return [
        {word: weights[word] * _NEIGHBOUR / 2 for word in after}
        | {word: weights[word] * _NEIGHBOUR for word in before}
        | {word: weights[word] * _ABOVE for word in unit.above & weights.keys()}
        | {word: weights[word] * _REPLIED for word in asked & weights.keys()}
        | {word: weights[word] * (_ASIDE if word in unit.aside else 1) for word in own}
        for before, unit, own, after in around
    ]


def _choose(scored: Sequence[_Scored], most: int) -> list[Unit]:
    """The best sentence, then those that come close or add to it without repeating, in reading order."""
    if not scored:
        return []
    best, *rest = scored
    chosen, told = [complete(best.unit)], dict(best.says)
    while len(chosen) < most:
        gains = [(candidate, candidate.adds(told)) for candidate in rest]
        wanted = [(s, adds) for s, adds in gains if _is_wanted(s, best, adds)]
        if not wanted:
            break
        following, _ = max(wanted, key=lambda pair: pair[0].score + _PULL * pair[1])
        rest = [s for s, _ in wanted if s is not following]
        unit = complete(following.unit)
        if not any(_repeats(unit, other) for other in chosen):
            chosen.append(unit)
            told |= {w: share for w, share in following.says.items() if share > told.get(w, 0.0)}
    notes = {unit.chunk.doc_id: -n for n, unit in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda u: (-notes[u.chunk.doc_id], u.chunk.start + u.span[0]))


def _most(question: str, scored: Sequence[_Scored]) -> int:
    """How many sentences to say at most; rows and properties are short, and one names what another is asked for."""
    facts = sought(question) not in _SEVERAL and not (scored and scored[0].unit.kind in _CELLS)
    return _FACT if facts else _LONG


def _is_answerable(scored: Sequence[_Scored], asked: int) -> bool:
    """Whether the best sentence says enough; a weak one only if a fair part of what is asked stands somewhere."""
    if not scored or scored[0].reach < _ENOUGH:
        return False
    return scored[0].reach >= _BARELY or len(set().union(*(s.says for s in scored))) >= _FOUND * asked


def _is_wanted(candidate: _Scored, best: _Scored, adds: float) -> bool:
    """Whether a further sentence is worth its place."""
    if candidate.unit.kind in _CELLS:
        return adds >= _CELL_ADDS or candidate.score >= _CELL_CLOSE * best.score
    close = candidate.score >= _CLOSE * best.score
    return adds >= _ADDS or (close and candidate.own >= _OWN)


def _repeats(unit: Unit, other: Unit) -> bool:
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
