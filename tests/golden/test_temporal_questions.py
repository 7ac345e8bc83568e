"""Questions that name a time, asked of the sample notes: no footnote may come from another time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import footnotes
from rag.types import Filters, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from footnotes import Answer, Citation, Engine

DATA = Path(__file__).resolve().parent.parent / "data"
QUESTIONS: list[dict[str, Any]] = yaml.safe_load((DATA / "questions" / "temporal.yaml").read_text("utf-8"))
TIMED = [one for one in QUESTIONS if one["first"] is not None]
RELIABLE = 0.25  # confidence from which on a date says when something was
# Below these the proof would be empty.
ANSWERED, CITED, EMPTY = 0.55, 400, 40


@dataclass(frozen=True)
class Outcome:
    """What a question came to.

    Attributes:
        notes: how many are of its time.
        places: each footnote with where it lies: ``in`` its time, ``out`` of it, or ``undated``.
    """

    asked: Mapping[str, Any]
    answer: Answer
    notes: int
    places: tuple[tuple[str, Citation], ...]


def place(engine: Engine, answer: Answer, citation: Citation, first: date, last: date) -> str:
    """Where a footnote lies by the reliable dates of its passage and of its note."""
    document = engine.document(citation.doc_id)
    assert document is not None
    passages = [
        hit.chunk
        for hit in answer.hits
        if hit.chunk.doc_id == citation.doc_id
        and hit.chunk.start <= citation.start <= citation.end <= hit.chunk.end
    ]
    assert passages, "a footnote is of a passage that was found"
    dates = [*document.dates, *(d for passage in passages for d in passage.dates)]
    dates = [d for d in dates if d.confidence >= RELIABLE]
    if not dates:
        return "undated"
    return "in" if any(d.first <= last and first <= d.last for d in dates) else "out"


def outcome(engine: Engine, asked: Mapping[str, Any]) -> Outcome:
    """Ask as on the question's day."""
    first, last = asked["first"], asked["last"]
    answer = engine.ask(asked["question"], today=asked["today"])
    places = tuple((place(engine, answer, c, first, last), c) for c in answer.citations)
    notes = engine.catalogue.count_notes(Filters(spans=(Span(first, last),)))
    return Outcome(asked, answer, notes, places)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    """All questions with a time, asked once of the sample notes; no language model."""
    with footnotes.open(tmp_path_factory.mktemp("temporal") / "home") as opened:
        opened.add_root(DATA / "vault")
        report = opened.sync()
        assert report.failed == []
        yield [outcome(opened, one) for one in TIMED]


def test_no_footnote_is_of_another_time(outcomes: list[Outcome]) -> None:
    """Of the passages with a reliable date, or of a note with one, all touch the time that was asked for."""
    counts = Counter(where for one in outcomes for where, _ in one.places)
    abstained = sum(one.answer.abstained for one in outcomes)
    asked, answered = len(outcomes), len(outcomes) - abstained
    told = {"asked": asked, "answered": answered, "abstained": abstained, "cited": counts.total(), **counts}
    print(told)  # noqa: T201 - shown on failure
    strays = [
        (one.asked["question"], c.doc_id, c.quote)
        for one in outcomes
        for where, c in one.places
        if where == "out"
    ]
    assert strays == []
    assert answered >= ANSWERED * asked
    assert counts["in"] >= CITED


def test_a_time_without_notes_is_not_answered(outcomes: list[Outcome]) -> None:
    """Nothing is told of a time that no note is of, not even from notes without a date."""
    empty = [one for one in outcomes if not one.notes]
    assert len(empty) >= EMPTY
    assert [one.asked["question"] for one in empty if not one.answer.abstained] == []


@pytest.fixture(scope="module")
def real_notes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The five raw notes of a real person, indexed once."""
    with footnotes.open(tmp_path_factory.mktemp("seeds") / "home") as opened:
        opened.add_root(shared / "notes" / "seeds")
        opened.sync()
        yield opened


def test_month_of_a_real_person_is_told_from_that_month(real_notes: Engine) -> None:
    """Every footnote of the answer is of that April: the last day at one firm, and the first work for another."""
    first, last = date(2022, 4, 1), date(2022, 4, 30)
    answer = real_notes.ask("2022年4月作者在做什么", today=date(2026, 11, 30))
    assert {place(real_notes, answer, c, first, last) for c in answer.citations} == {"in"}
    quotes = [c.quote for c in answer.citations]
    assert any("在腾讯的最后一天" in quote for quote in quotes)
    assert any("设计 `envd`" in quote for quote in quotes)
    assert not any("Jupyter" in quote for quote in quotes)  # of February, in one passage with April
