"""Measures answers, extractive or by a language model, against a set's own: no other model judges them.

The questions go through ``Engine.ask`` on the index that ``footnotes eval run`` builds. Where a set names no questions
without an answer, each question is asked a second time with its right documents left out: then the notes do not say,
unless a passage that was found holds a right answer all the same; such pairs do not count.

Which time a question asks for is what the set says, else what is understood of its words, whether or not the search that
is measured understands them.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, cast

from rag import config as settings_of
from rag.errors import EvalError, QuestionError
from rag.evals import corpus, datasets, texts
from rag.evals.harness import _build, _engine, _questions, _silent
from rag.search import reading
from rag.store.database import private_folder
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from rag.evals.datasets import EvalSet, Question, Split
    from rag.evals.harness import OpenEngine, Progress, SearchEngine
    from rag.types import Answer, Citation, DateRange, Document, Span

    Piece = tuple[int, int]

_FEW = 2
_SURE = 0.25  # confidence from which on a date says that something lies outside of a time


class AnswerEngine(Protocol):
    """What an evaluation of answers needs of an engine."""

    def ask(self, question: str, *, k: int = ..., filters: Filters = ..., today: date | None = ...) -> Answer:
        """Answer a question."""

    def document(self, doc_id: str) -> Document | None:
        """A document as it was indexed."""


@dataclass(frozen=True, slots=True)
class Marks:
    """One answer, measured: fractions of 1; None where there is nothing to measure it by.

    Attributes:
        exact: the answer is a right one.
        f1: over tokens, against the nearest right one.
        in_cited: a right one stands in what is cited, word by word as ``f1`` counts words.
        in_two: the same of an answer of at most two citations; what a sign joins counts as words ("Six-time").
        precision: share of citations that are of a right document.
        recall: share of the right documents that are cited.
        span_precision: share of the cited characters that lie in the evidence.
        span_recall: share of the evidence's characters that are cited.
        leaked: share of citations of another time than the question's; undated ones are not counted against it.
        abstained: the answer is that the notes do not say.
        sentences: how many the answer has.
    """

    exact: float | None
    f1: float | None
    in_cited: float | None
    in_two: float | None
    precision: float | None
    recall: float | None
    span_precision: float | None
    span_recall: float | None
    leaked: float | None
    abstained: float
    sentences: float


_NAMES = tuple(f.name for f in fields(Marks))


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well it is told which questions the notes do not answer: abstaining is the positive class.

    Attributes:
        answerable: questions that have an answer; ``refused`` of them were not answered.
        unanswerable: questions that have none; ``caught`` of them were not answered.
        pairs: the latter are the former with their right documents left out.
    """

    answerable: int
    refused: int
    unanswerable: int
    caught: int
    pairs: bool

    @property
    def precision(self) -> float:
        """Share of the refusals that are right."""
        return self.caught / max(1, self.caught + self.refused)

    @property
    def recall(self) -> float:
        """Share of the questions without an answer that were refused."""
        return self.caught / max(1, self.unanswerable)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.caught / max(1, 2 * self.caught + self.refused + self.unanswerable - self.caught)


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """One set, measured.

    Attributes:
        per_question: question id -> measure -> value; measures that do not apply are left out.
        latency: question id -> wall time in milliseconds.
        writers: who wrote the answers -> how many.
    """

    set: str
    split: Split
    per_question: Mapping[str, Mapping[str, float]]
    latency: Mapping[str, float]
    abstention: Abstention
    writers: Mapping[str, int]

    @property
    def means(self) -> dict[str, float]:
        """Each measure's mean over the questions that it applies to."""
        found: dict[str, float] = {}
        for name in _NAMES:
            values = [each[name] for each in self.per_question.values() if name in each]
            if values:
                found[name] = math.fsum(values) / len(values)
        return found

    @property
    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile."""
        import numpy as np

        p50, p95 = np.percentile(list(self.latency.values()), (50, 95))
        return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}

    def to_json(self) -> dict[str, object]:
        """What ``footnotes eval answers --json`` prints."""
        told = self.abstention
        return {
            "set": self.set,
            "split": self.split,
            "queries": len(self.per_question),
            "writers": dict(self.writers),
            "answers": {name: round(value, 6) for name, value in self.means.items()},
            "abstention": {
                "f1": round(told.f1, 6),
                "precision": round(told.precision, 6),
                "recall": round(told.recall, 6),
                "answerable": told.answerable,
                "refused": told.refused,
                "unanswerable": told.unanswerable,
                "caught": told.caught,
                "pairs": told.pairs,
            },
            "latency_ms": self.latency_ms,
        }


def run(
    set_dir: Path,
    *,
    home: Path | None = None,
    cache: Path | None = None,
    limit: int | None = None,
    split: Split = "all",
    overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    open_engine: OpenEngine | None = None,
) -> AnswerReport:
    """Measure the answers to one set's questions; arguments as of ``rag.evals.harness.run``.

    Raises:
        EvalError: the set cannot be read, or none of its questions has an answer.
    """
    data = datasets.load(set_dir)
    questions = [q for q in _questions(data, split, None) if q.answers][:limit]
    if not questions:
        raise EvalError(
            "{set} has no question with `answers` in the split '{split}'. Use another split, or a set with answers.",
            set=data.name,
            split=split,
        )
    home = home or settings_of.default_home()
    loaded = settings_of.load(home, overrides=overrides)
    chosen = {name: value for name, value, origin in loaded.rows() if origin != "default"}
    cache = cache or private_folder(private_folder(home) / "evals")
    folder = cache / f"{data.root}-{corpus.key(data, loaded.settings)}"
    opened = open_engine or _engine()
    _build(data, folder, lambda: opened(folder, settings=chosen), progress or _silent)
    with opened(folder, settings=chosen) as engine:
        return _Run(data, engine, progress or _silent).report(questions, split, limit)


class _Run:
    """Asks the questions of one set."""

    def __init__(self, data: EvalSet, engine: SearchEngine, progress: Progress) -> None:
        self._data = data
        self._engine = cast("AnswerEngine", engine)
        self._progress = progress
        self._doc_ids = {row_id: doc_id for doc_id, row_id in data.row_ids.items()}

    def report(self, questions: Sequence[Question], split: Split, limit: int | None) -> AnswerReport:
        """All questions, and those without an answer."""
        per_question: dict[str, dict[str, float]] = {}
        latency: dict[str, float] = {}
        writers: dict[str, int] = {}
        self._ask(questions[0])  # so that loading is not timed
        for done, question in enumerate(questions, 1):
            began = time.perf_counter()
            answer = self._ask(question)
            latency[question.id] = 1_000 * (time.perf_counter() - began)
            writers[answer.writer] = writers.get(answer.writer, 0) + 1
            marks = self.marks(question, answer)
            per_question[question.id] = {
                name: value for name in _NAMES if (value := getattr(marks, name)) is not None
            }
            self._progress("asking", done, len(questions))
        refused = sum(values["abstained"] > 0 for values in per_question.values())
        unanswerable = list(self._unanswerable(questions, split, limit))
        return AnswerReport(
            set=self._data.name,
            split=split,
            per_question=per_question,
            latency=latency,
            abstention=Abstention(
                answerable=len(questions),
                refused=refused,
                unanswerable=len(unanswerable),
                caught=sum(answer.abstained for answer in unanswerable),
                pairs=not self._data.unanswerable,
            ),
            writers=writers,
        )

    def marks(self, question: Question, answer: Answer) -> Marks:
        """One answer against what is right."""
        told = _plain(answer)
        gold = self._gold(question)
        quotes = "\n".join(citation.quote for citation in answer.citations)
        cited = {citation.doc_id for citation in answer.citations}
        spans = _overlap(answer.citations, self._evidence(question, gold))
        return Marks(
            exact=texts.exact(told, question.answers),
            f1=texts.f1(told, question.answers),
            in_cited=float(texts.holds(quotes, question.answers)),
            in_two=float(len(answer.citations) <= _FEW and texts.stands(quotes, question.answers)),
            precision=_share(citation.doc_id in gold for citation in answer.citations),
            recall=_share(doc_id in cited for doc_id in sorted(gold)),
            span_precision=spans[0] if spans else None,
            span_recall=spans[1] if spans else None,
            leaked=self._leaked(question, answer),
            abstained=float(answer.abstained),
            sentences=float(len(answer.support)),
        )

    def _ask(self, question: Question) -> Answer:
        filters = Filters((question.folder,) if question.folder else (), question.exclude)
        return self._engine.ask(question.text, filters=filters, today=question.day)

    def _gold(self, question: Question) -> set[str]:
        grades = self._data.qrels[question.id]
        return {self._doc_ids[row] for row, grade in grades.items() if grade > 0 and row in self._doc_ids}

    def _unanswerable(
        self, questions: Sequence[Question], split: Split, limit: int | None
    ) -> Iterator[Answer]:
        """The answers to questions that have none."""
        named = [q for q in self._data.unanswerable if split in {"all", datasets.split(q.id)}][:limit]
        yield from map(self._ask, named)
        for question in () if self._data.unanswerable else questions:
            gold = tuple(sorted(self._gold(question)))
            answer = self._ask(replace(question, exclude=(*question.exclude, *gold)))
            if not any(texts.holds(hit.chunk.text, question.answers) for hit in answer.hits):
                yield answer

    def _evidence(self, question: Question, gold: set[str]) -> dict[str, list[Piece]]:
        """Where the evidence stands, by document."""
        found: dict[str, list[Piece]] = {}
        for doc_id in sorted(gold) if question.evidence else ():
            document = self._engine.document(doc_id)
            pieces = [_place(sentence, document.text) for sentence in question.evidence] if document else []
            found[doc_id] = [piece for piece in pieces if piece]
        return {doc_id: pieces for doc_id, pieces in found.items() if pieces}

    def _leaked(self, question: Question, answer: Answer) -> float | None:
        wanted = _times(question)
        if not wanted:
            return None
        return _share(not _may_be_of(wanted, self._dates(citation, answer)) for citation in answer.citations)

    def _dates(self, citation: Citation, answer: Answer) -> list[DateRange]:
        """The dates of the passage that a citation is of, and of its document."""
        chunks = [
            hit.chunk
            for hit in answer.hits
            if hit.chunk.doc_id == citation.doc_id and hit.chunk.start <= citation.start < hit.chunk.end
        ]
        document = self._engine.document(citation.doc_id)
        told = [*(day for chunk in chunks for day in chunk.dates), *(document.dates if document else ())]
        return [day for day in told if day.confidence >= _SURE]


def _plain(answer: Answer) -> str:
    """What an answer says, without its markers; nothing where it abstains."""
    if answer.abstained:
        return ""
    return " ".join(support.sentence for support in answer.support) or answer.text


def _times(question: Question) -> tuple[Span, ...]:
    """The times that a question asks for: the set's, else those that its words speak of."""
    if question.time:
        return (question.time,)
    today = question.day or datetime.now().astimezone().date()
    try:
        return reading.read(question.text, today=today).spans
    except QuestionError:
        return ()


def _may_be_of(wanted: Sequence[Span], dates: Sequence[DateRange]) -> bool:
    """Whether something may be of one of the times: of what has no date nothing is known."""
    return not dates or any(
        day.first <= span.last and span.first <= day.last for day in dates for span in wanted
    )


def _place(sentence: str, text: str) -> Piece | None:
    """Where a sentence stands in a text, white space aside."""
    words = sentence.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return found.span() if found else None


def _overlap(
    citations: Sequence[Citation], evidence: Mapping[str, Sequence[Piece]]
) -> tuple[float | None, float] | None:
    """Precision and recall of the cited characters; None where no evidence was found in the text."""
    wanted = {(doc, at) for doc, pieces in evidence.items() for a, b in pieces for at in range(a, b)}
    if not wanted:
        return None
    cited = {(c.doc_id, at) for c in citations for at in range(c.start, c.end)}
    shared = len(wanted & cited)
    return (shared / len(cited) if cited else None), shared / len(wanted)


def _share(values: Iterable[bool]) -> float | None:
    known = list(values)
    return sum(known) / len(known) if known else None
