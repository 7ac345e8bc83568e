"""Answers measured: citations, spans, abstention and time, worked by hand."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from rag.errors import EvalError
from rag.evals import answers
from rag.evals.answers import Abstention
from rag.types import (
    NO_FILTERS,
    Answer,
    Chunk,
    Citation,
    DateRange,
    Document,
    Filters,
    Hit,
    Query,
    Retrieval,
    SentenceSupport,
    Span,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

SPRING, AUTUMN = date(2022, 4, 1), date(2022, 10, 1)


@dataclass
class FakeEngine:
    """Cites the whole of each document that shares a word with the question; none: it abstains."""

    documents: dict[str, Document] = field(default_factory=dict)
    asked: list[Query] = field(default_factory=list)

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Keep them."""
        self.documents.update({d.id: d for d in documents if d.id.startswith(root)})
        return len(self.documents)

    def search(
        self, question: str, k: int = 10, *, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Retrieval:
        """Answers need none."""
        return Retrieval(Query(question, filters, today), ()[:k])

    def document(self, doc_id: str) -> Document | None:
        """One of them."""
        return self.documents.get(doc_id)

    def ask(
        self, question: str, *, k: int = 10, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Answer:
        """A sentence a document."""
        self.asked.append(Query(question, filters, today))
        wanted = set(question.lower().split())
        found = [
            d
            for d in self.documents.values()
            if wanted & set(d.text.lower().split()) and d.id not in filters.exclude
        ]
        chunks = [
            Chunk(d.id, 0, len(d.text), d.text, d.text, d.title, (1, 1), dates=d.dates) for d in found[:k]
        ]
        return Answer(
            question,
            "\n".join(f"{d.text} [{n}]" for n, d in enumerate(found, 1)),
            tuple(
                Citation(n, c.doc_id, c.title, 0, len(c.text), c.text, (1, 1))
                for n, c in enumerate(chunks, 1)
            ),
            hits=tuple(Hit(chunk, 1.0) for chunk in chunks),
            abstained=not found,
            support=tuple(SentenceSupport(c.text, (n,), supported=True) for n, c in enumerate(chunks, 1)),
        )


@dataclass
class Opener:
    """Opens one engine again and again."""

    engine: FakeEngine = field(default_factory=FakeEngine)

    @contextmanager
    def __call__(
        self,
        home: Path | None = None,
        *,
        settings: Mapping[str, object] | None = None,  # noqa: ARG002 - the protocol's
    ) -> Iterator[FakeEngine]:
        """The same engine; the folder is made, as a real one would."""
        assert home is not None
        home.mkdir(exist_ok=True)
        yield self.engine


ROWS = [
    {"_id": "a", "title": "", "text": "fog delayed ferries", "date": "2022-04-03"},
    {"_id": "b", "title": "", "text": "ferries sail south", "date": "2022-10-05"},
    {"_id": "c", "title": "", "text": "梵語 是 答案"},
]
QUESTIONS: list[dict[str, object]] = [
    {"_id": "q1", "text": "what delayed ferries", "answers": ["fog"], "evidence": ["delayed  ferries"]},
    {"_id": "q2", "text": "梵語", "answers": ["梵语"]},
    {"_id": "q3", "text": "no answers here"},
]
QRELS = [("q1", "a"), ("q2", "c"), ("q3", "a")]


def write(folder: Path, *unanswerable: dict[str, object], asked: Sequence[object] = QUESTIONS) -> Path:
    """The set."""
    folder.mkdir(exist_ok=True)
    files: dict[str, Sequence[object]] = {"corpus": ROWS, "queries": asked}
    if unanswerable:
        files["queries_noanswer"] = unanswerable
    for name, rows in files.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    text = "".join(f"{query}\t{row}\t1\n" for query, row in QRELS)
    (folder / "qrels.tsv").write_text(text, "utf-8")
    return folder


def leaked(opener: Opener, folder: Path, texts: tuple[str, str], **fields: object) -> list[float | None]:
    """The figure of q1 and q2, asked in other words."""
    asked = [{**old, "text": text, **fields} for old, text in zip(QUESTIONS[:2], texts, strict=True)]
    found = answers.run(write(folder / "set", asked=[*asked, QUESTIONS[2]]), cache=folder, open_engine=opener)
    assert ("leaked" in found.means) == any("leaked" in values for values in found.per_question.values())
    return [values.get("leaked") for values in found.per_question.values()]


def test_worked_by_hand(tmp_path: Path) -> None:
    """q1 cites the right document and another; 15 of the 37 characters cited are the evidence."""
    found = answers.run(write(tmp_path / "set"), cache=tmp_path, open_engine=Opener())
    assert list(found.per_question) == ["q1", "q2"]
    first, second = found.per_question.values()
    assert first == {
        "exact": 0.0,
        "f1": pytest.approx(2 / 7),  # 1 shared of 6 and 1
        "in_cited": 1.0,
        "in_two": 1.0,
        "precision": 0.5,
        "recall": 1.0,
        "span_precision": pytest.approx(15 / 37),
        "span_recall": 1.0,
        "abstained": 0.0,
        "sentences": 2.0,
    }
    assert (second["precision"], second["in_cited"]) == (1.0, 1.0)
    assert second["f1"] == pytest.approx(4 / 7)
    assert "span_recall" not in second
    assert found.means["precision"] == 0.75
    json.dumps(found.to_json())


def test_pairs_leave_the_right_documents_out(tmp_path: Path) -> None:
    """Without them q2 finds nothing; q1 still cites the other document, which holds no right answer."""
    opener = Opener()
    told = answers.run(write(tmp_path / "set"), cache=tmp_path, open_engine=opener).abstention
    assert [asked.filters.exclude for asked in opener.engine.asked[-2:]] == [("set/_/a",), ("set/_/c",)]
    assert told == Abstention(answerable=2, refused=0, unanswerable=2, caught=1, pairs=True)
    assert (told.precision, told.recall) == (1.0, 0.5)
    assert told.f1 == pytest.approx(2 / 3)


def test_questions_without_an_answer_are_taken_from_their_file(tmp_path: Path) -> None:
    """Then no pairs are made."""
    folder = write(tmp_path / "set", {"_id": "n1", "text": "whale"}, {"_id": "n2", "text": "sail"})
    told = answers.run(folder, cache=tmp_path, open_engine=Opener()).abstention
    assert told == Abstention(answerable=2, refused=0, unanswerable=2, caught=1, pairs=False)


def test_citations_of_another_time_are_counted(tmp_path: Path) -> None:
    """Of q1's two one is of October; what has no date is not blamed, and without a time nothing is measured."""
    opener = Opener()
    assert leaked(opener, tmp_path, ("ferries delayed", "梵語"), time=["2022-04-01", "2022-04-30"]) == [
        0.5,
        0.0,
    ]
    assert leaked(opener, tmp_path, ("ferries delayed", "梵語")) == [None, None]


def test_a_time_is_understood_where_the_set_gives_none(tmp_path: Path) -> None:
    """From the day that the question is asked on; what the set says goes before, and any of two times will do."""
    opener = Opener()
    texts = ("ferries in April 2022", "last spring which ferries")
    assert leaked(opener, tmp_path, texts, date="2023-02-01") == [0.5, 0.5]
    assert leaked(opener, tmp_path, texts, date="2021-02-01") == [0.5, 1.0]
    assert leaked(opener, tmp_path, texts, date="2021-02-01", time=["2022-10-01", "2022-10-31"]) == [0.5, 0.5]
    both = ("ferries in April 2022 and October 2022", "梵語 after:soon")
    assert leaked(opener, tmp_path, both) == [0.0, None]


def test_an_unsure_date_leaks_nothing() -> None:
    """A file's time says little of what a passage is about."""
    sure = DateRange(AUTUMN, AUTUMN, "front matter:date", 1.0)
    may = answers._may_be_of
    assert not may([Span(SPRING, SPRING)], [sure])
    assert may([Span(SPRING, AUTUMN)], [sure])
    assert may([Span(SPRING, SPRING)], [])
    assert replace(sure, confidence=0.1).confidence < answers._SURE


def test_a_set_without_answers_is_told(tmp_path: Path) -> None:
    """In one line."""
    folder = write(tmp_path / "set")
    (folder / "qrels.tsv").write_text("q3\ta\t1\n", "utf-8")
    with pytest.raises(EvalError, match="no question with `answers`"):
        answers.run(folder, cache=tmp_path, open_engine=Opener())
