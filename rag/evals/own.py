"""Scores questions on the user's own notes, with the live home: what they find, and what is cited for them."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag import quoting
from rag.answer.extract import ExtractiveWriter
from rag.evals import ranked
from rag.store.tokens import fold
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from rag.engine import Engine
    from rag.evals.cases import Case, Gold
    from rag.types import Answer, Citation, Hit

    Span = tuple[int, int]
    Tally = dict[str, dict[str, dict[str, float]]]  # stage -> question id -> metric -> value

DEPTH = 100  # passages asked for; several may come from one note
_READ = 10  # passages that an answer is written from, as in `footnotes ask`
ALL = "all"
FINAL = "final"
_CITED = "cited"
METRICS = (*ranked.NAMES, _CITED, "answered", "avoided", "abstained")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        rank: of the first thing that should be found; None: it is not among what was asked for.
        found: ids of the first notes found.
        cited: whether the extractive answer cites what should be found; None: there is no such thing.
        answered: whether a cited sentence holds the known answer; None: none is known.
        avoided: whether nothing wrong is cited; None: nothing is known to be wrong.
        abstained: whether the answer is that the notes do not say.
    """

    case: Case
    rank: int | None
    found: tuple[str, ...]
    cited: bool | None
    answered: bool | None
    avoided: bool | None
    abstained: bool
    ms: float


@dataclass(frozen=True, slots=True)
class OwnReport:
    """All questions, measured.

    Attributes:
        per_question: stage -> question id -> metric -> value, as in an ``EvalReport``; questions with gold only.
        outcomes: of each question that was asked.
        stale: questions that were not, because a note is gone or a quote no longer stands in it.
        left_out: questions with ``keep: false``, or not reviewed where only reviewed ones are asked.
        set: what the questions are called together.
    """

    per_question: Mapping[str, Mapping[str, Mapping[str, float]]]
    outcomes: tuple[Outcome, ...]
    stale: tuple[Case, ...] = ()
    left_out: int = 0
    set: str = "own"
    headline = FINAL
    corpus = ""  # notes change from day to day, and their questions are still the same

    @property
    def stages(self) -> dict[str, dict[str, float]]:
        """The means of all questions."""
        return {FINAL: self._means(self.outcomes)}

    @property
    def marks(self) -> dict[str, int]:
        """Id -> checksum of what was asked and what should be found, of questions with gold."""
        return {outcome.case.id: _mark(outcome.case) for outcome in self._measured}

    @property
    def columns(self) -> dict[str, dict[str, list[float]]]:
        """The metrics of each of them, and whether what should be found is cited."""
        values = self.per_question.get(FINAL, {})
        found = {name: [values[o.case.id][name] for o in self._measured] for name in ranked.NAMES}
        return {FINAL: {**found, _CITED: [float(bool(o.cited)) for o in self._measured]}}

    @property
    def latency(self) -> dict[str, float]:
        """Wall time of each of their searches, in milliseconds."""
        return {outcome.case.id: outcome.ms for outcome in self._measured}

    @property
    def _measured(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.case.gold]

    def narrowed(self, ids: Collection[str]) -> OwnReport:
        """The same over some of the questions only."""
        return replace(self, outcomes=tuple(o for o in self.outcomes if o.case.id in ids))

    def kinds(self) -> dict[str, dict[str, float]]:
        """The means of each kind of question, and of all."""
        groups: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.outcomes:
            groups[outcome.case.kind].append(outcome)
        ordered = dict(sorted(groups.items()))
        return {name: self._means(group) for name, group in {**ordered, ALL: list(self.outcomes)}.items()}

    def worst(self, count: int) -> list[Outcome]:
        """The questions that found least, the worst first."""
        values = self.per_question.get(FINAL, {})
        asked = [outcome for outcome in self.outcomes if outcome.case.id in values]
        asked.sort(key=lambda o: (values[o.case.id]["ndcg@10"], o.case.id))
        return [o for o in asked if values[o.case.id]["ndcg@10"] < 1][:count]

    def _means(self, group: Sequence[Outcome]) -> dict[str, float]:
        values = self.per_question.get(FINAL, {})
        measured = {o.case.id: values[o.case.id] for o in group if o.case.id in values}
        shares = {name: _share(getattr(o, name) for o in group) for name in ("cited", "answered", "avoided")}
        unanswerable = _share(o.abstained for o in group if o.case.unanswerable)
        told = {**shares, "abstained": unanswerable}
        return {
            "questions": len(group),
            **(ranked.mean(measured) if measured else {}),
            **{name: value for name, value in told.items() if value is not None},
        }

    def to_json(self) -> dict[str, object]:
        """What ``footnotes eval own --json`` prints."""
        return {
            "questions": len(self.outcomes),
            "stale": [case.id for case in self.stale],
            "left_out": self.left_out,
            "kinds": {
                kind: {name: round(value, 6) for name, value in means.items()}
                for kind, means in self.kinds().items()
            },
            "per_question": self.per_question,
        }


def run(
    engine: Engine,
    cases: Iterable[Case],
    *,
    name: str = "own",
    reviewed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> OwnReport:
    """Ask every question that is not taken out; ``reviewed``: only those with ``keep: true``, ``name``: of them all."""
    given = list(cases)
    wanted = [case for case in given if (case.keep is True if reviewed else case.keep is not False)]
    stands = quoting.standing(engine.catalogue)
    sound = [case for case in wanted if all(stands(gold.note, gold.quote) for gold in case.quotes)]
    asked = set(map(id, sound))
    tally: Tally = defaultdict(dict)
    spans = _Spans(engine)
    outcomes = []
    for done, case in enumerate(sound, 1):
        outcomes.append(_ask(engine, case, spans, tally))
        if progress:
            progress(done, len(sound))
    return OwnReport(
        per_question={stage: dict(found) for stage, found in tally.items()},
        outcomes=tuple(outcomes),
        stale=tuple(case for case in wanted if id(case) not in asked),
        left_out=len(given) - len(wanted),
        set=name,
    )


class _Spans:
    """Where quotes stand in their notes: at every place, since which was meant is not told."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[Gold, tuple[Span, ...]] = {}

    def of(self, gold: Gold) -> tuple[Span, ...]:
        """Spans of the document's text; the whole where nothing is quoted."""
        if gold not in self._known:
            document = self._engine.document(gold.note)
            text = document.text if document else ""
            self._known[gold] = tuple(_places(text, gold.quote)) if gold.quote else ((0, len(text) + 1),)
        return self._known[gold]

    def touch(self, gold: Gold, doc_id: str, start: int, end: int) -> bool:
        """Whether a span of a note meets it."""
        return doc_id == gold.note and any(start < b and a < end for a, b in self.of(gold))


def _places(text: str, quote: str) -> Iterable[Span]:
    at = text.find(quote)
    while at >= 0:
        yield at, at + len(quote)
        at = text.find(quote, at + 1)


def _ask(engine: Engine, case: Case, spans: _Spans, tally: Tally) -> Outcome:
    began = time.perf_counter()
    found = engine.search(case.question, DEPTH, filters=Filters(exclude=case.exclude), today=case.day)
    ms = 1_000 * (time.perf_counter() - began)
    ranking = _ranking(found.hits, case.gold, spans)
    names = {_name(gold) for gold in case.gold}
    if case.gold:
        for stage, hits in {**found.stages, FINAL: found.hits}.items():
            tally[stage][case.id] = ranked.measure(_ranking(hits, case.gold, spans), names)
    answer = ExtractiveWriter().write(found.query, found.hits[:_READ], engine.lexical.idf)
    return Outcome(
        case=case,
        rank=next((rank for rank, name in enumerate(ranking, 1) if name in names), None),
        found=tuple(dict.fromkeys(hit.chunk.doc_id for hit in found.hits))[:_READ],
        cited=_cites(answer, case.gold, spans) if case.gold else None,
        answered=_answered(answer.citations, case.answer) if case.answer else None,
        avoided=not _cites(answer, case.wrong, spans) if case.wrong else None,
        abstained=answer.abstained,
        ms=ms,
    )


def _ranking(hits: Sequence[Hit], gold: Sequence[Gold], spans: _Spans) -> list[str]:
    """What was found, best first, each once: passages where a quote is sought, else notes."""
    by_passage = any(one.quote for one in gold)
    names: dict[str, None] = {}
    for chunk in (hit.chunk for hit in hits):
        met = [_name(one) for one in gold if spans.touch(one, chunk.doc_id, chunk.start, chunk.end)]
        other = f"{chunk.doc_id}\n{chunk.start}" if by_passage else chunk.doc_id
        names.update(dict.fromkeys(met or [other]))
    return list(names)


def _mark(case: Case) -> int:
    return zlib.crc32(repr((case.question, str(case.day), case.exclude, case.gold)).encode())


def _name(gold: Gold) -> str:
    """What tells a gold from another in a ranking."""
    return f"{gold.note}\n{gold.quote}"


def _cites(answer: Answer, golds: Sequence[Gold], spans: _Spans) -> bool:
    return any(spans.touch(gold, c.doc_id, c.start, c.end) for gold in golds for c in answer.citations)


def _answered(citations: Sequence[Citation], answer: str) -> bool:
    return any(fold(answer) in fold(citation.quote) for citation in citations)


def _share(values: Iterable[bool | None]) -> float | None:
    """The share of those that hold among those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
