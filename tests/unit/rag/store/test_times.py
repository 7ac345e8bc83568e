"""The days of notes and passages: kept with them, and how passages are weighed and ordered by them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from rag.store import dating
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.types import Chunk, DateRange, Document, Filters, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

STATE = FileState(1, 2, 3, 4, 5)
APRIL = Span(date(2022, 4, 1), date(2022, 4, 30))
DECEMBER = Span(date(2022, 12, 1), date(2022, 12, 31))
IMPORTED = DateRange(date(2023, 1, 24), date(2023, 1, 24), "front matter:date", 0.9)

Dates = tuple[DateRange, ...]
Row = tuple[str, int | None, str, str, str, float]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """One root, no notes."""
    opened = Catalogue(tmp_path / "catalogue.db")
    opened.add_root(Root("r", tmp_path))
    yield opened
    opened.close()


def day(first: str, last: str = "", source: str = "words", confidence: float = 0.8) -> DateRange:
    """A date."""
    return DateRange(date.fromisoformat(first), date.fromisoformat(last or first), source, confidence)


def document(name: str, dates: Dates, passages: Sequence[Dates]) -> tuple[Document, list[Chunk]]:
    """A note, and its passages of one letter each."""
    text = "".join(chr(97 + i) for i in range(len(passages)))
    made = Document(f"r/{name}", text, "", name, "text", dates=dates)
    chunks = [
        Chunk(made.id, i, i + 1, text[i], text[i], name, (1, 1), dates=own) for i, own in enumerate(passages)
    ]
    return made, chunks


def put(catalogue: Catalogue, name: str, dates: Dates, *passages: Dates) -> None:
    """Store a note."""
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(*document(name, dates, passages), STATE, "1")
        batch.finish()


def stored(catalogue: Catalogue) -> list[Row]:
    """The table, with places for keys."""
    with catalogue.database.reading() as db:
        return db.execute(
            "SELECT t.doc_id, c.start, first, last, source, confidence FROM times t "
            "LEFT JOIN chunks c ON c.key = t.key ORDER BY 1, 2, 3, 4, 5, 6"
        ).fetchall()


def read(catalogue: Catalogue) -> list[Row]:
    """The same from the documents and passages as they are read, with what trust is left."""

    def rows(doc_id: str, start: int | None, dates: Dates) -> list[Row]:
        return [
            (doc_id, start, d.first.isoformat(), d.last.isoformat(), d.source, d.confidence) for d in dates
        ]

    found: list[Row] = []
    for file in catalogue.files():
        note = catalogue.document(file.id)
        if note is not None:
            found += rows(note.id, None, note.dates)
            for chunk in catalogue.chunks_of(note.id):
                found += rows(note.id, chunk.start, chunk.dates[: len(chunk.dates) - len(note.dates)])
    return sorted(found, key=lambda row: (row[0], -1 if row[1] is None else row[1], *row[2:]))


def test_rows_follow_notes_and_passages(catalogue: Catalogue) -> None:
    """Stored, edited, moved, renamed with their root, failed, removed: never a row too many or too few."""
    put(catalogue, "a", (day("2022-12-31"),), (day("2022-04-01", "2022-04-30"), day("2022-04-03")), ())
    put(catalogue, "b", (), (day("2020-01-01"),))
    assert len(stored(catalogue)) == 4
    assert stored(catalogue) == read(catalogue)
    put(catalogue, "a", (day("2022-12-30"), day("2022-12-29")), (), (day("2022-05-01"),))
    assert len(stored(catalogue)) == 4
    assert stored(catalogue) == read(catalogue)
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.move("r/a", "r/c")
        moved, chunks = document("c", (day("2022-12-30"),), [(), (day("2022-05-01"),)])
        batch.put(moved, chunks, STATE, "1")
        batch.finish()
    catalogue.rename_root("r", "s")
    assert [row[0] for row in stored(catalogue)] == ["s/b", "s/c", "s/c"]
    assert stored(catalogue) == read(catalogue)
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.fail("s/c", "failed", "torn", STATE, "", "1")
        batch.finish()
    assert [row[0] for row in stored(catalogue)] == ["s/b"]
    catalogue.remove_root("s")
    assert stored(catalogue) == []


def test_shared_dates_lose_their_trust_and_get_it_back(catalogue: Catalogue) -> None:
    """In the table as where notes are read: the note's own, and what passages counted from them."""
    counted = replace(IMPORTED, source="words from front matter:date", confidence=0.6)
    for i in range(dating.CROWD):
        put(catalogue, f"{i:02d}", (IMPORTED,), (counted, day("2021-05-05")))
    assert stored(catalogue) == read(catalogue)
    assert {row[5] for row in stored(catalogue)} == {0.18, 0.12, 0.8}
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.remove("r/00")
        batch.finish()
    for i in range(1, 30):  # what is left is half of a crowd no more
        put(catalogue, f"own {i}", (replace(IMPORTED, first=date(2020, 1, i), last=date(2020, 1, i)),))
    put(catalogue, "01", (), (day("2021-05-05"),))
    for i in range(2, 25):
        put(catalogue, f"{i:02d}", ())
    assert stored(catalogue) == read(catalogue)
    assert {row[5] for row in stored(catalogue)} == {0.9, 0.6, 0.8}


def test_damage_is_noticed_and_mended(catalogue: Catalogue) -> None:
    """Rows that are missing, strange or changed."""
    put(catalogue, "a", (day("2022-12-31"),), (day("2022-04-01"),))
    put(catalogue, "b", (day("2022-12-31"),), ())
    assert catalogue.time_problems() == []
    for damage in (
        "DELETE FROM times WHERE key IS NOT NULL",
        "INSERT INTO times VALUES ('r/a', NULL, '2000-01-01', '2000-01-01', 'words', 1.0)",
        "UPDATE times SET confidence = 0.1 WHERE doc_id = 'r/a'",
    ):
        with catalogue.database.writing() as db:
            db.execute(damage)
        assert catalogue.time_problems() == ["r/a"]
        catalogue.mend_times()
        assert catalogue.time_problems() == []
    assert stored(catalogue) == read(catalogue)


def weighed(catalogue: Catalogue, *spans: Span) -> dict[tuple[str, int], float]:
    """Weights by note and place."""
    keys, weights = catalogue.time_weights(spans)
    assert keys.tolist() == sorted(set(keys.tolist()))
    chunks = catalogue.chunks(keys.tolist())
    return {
        (chunks[key].doc_id, chunks[key].start): round(weight, 4)
        for key, weight in zip(keys.tolist(), weights.tolist(), strict=True)
    }


def test_a_date_weighs_its_confidence_and_the_share_of_its_days(catalogue: Catalogue) -> None:
    """A day inside counts whole, a year for the month's part of it; the best of several."""
    put(catalogue, "a", (), (day("2022-04-30"),), (day("2022-01-01", "2022-12-31", confidence=0.5),), ())
    put(catalogue, "b", (), (day("2022-04-21", "2022-05-10"), day("2022-04-02", confidence=0.3)))
    assert weighed(catalogue, APRIL) == {
        ("r/a", 0): 0.8,
        ("r/a", 1): round(0.5 * 30 / 365, 4),
        ("r/b", 0): 0.4,
    }
    assert weighed(catalogue, APRIL, DECEMBER)["r/a", 1] == round(0.5 * 31 / 365, 4)
    assert weighed(catalogue) == {}


def test_a_review_is_not_of_the_day_it_was_written(catalogue: Catalogue) -> None:
    """A passage whose narrowest sure date lies elsewhere takes half of its note's; an unsure one says nothing."""
    april, guess, year = day("2022-04-01"), day("2022-04-01", confidence=0.3), day("2022-01-01", "2022-12-31")
    passages = ((april,), (guess,), (), (april, year), (april, day("2022-12-05", confidence=0.2)), (year,))
    put(catalogue, "review", (day("2022-12-31"),), *passages)
    fits = weighed(catalogue, DECEMBER)
    assert [fits["r/review", place] for place in range(6)] == [0.4, 0.8, 0.8, 0.4, 0.4, 0.8]


def test_weights_equal_the_rule_taken_passage_by_passage(catalogue: Catalogue) -> None:
    """On random dates, against a plain reading of the rule."""
    rng = random.Random(5)

    def some() -> Dates:
        made = []
        for _ in range(rng.choice((0, 0, 1, 2))):
            first = date(2022, 3, 1) + timedelta(days=rng.randrange(80))
            last = first + timedelta(days=rng.choice((0, 0, 6, 40, 365)))
            made.append(DateRange(first, last, "words", rng.choice((0.2, 0.5, 0.9))))
        return tuple(made)

    for i in range(60):
        put(catalogue, f"{i:02d}", some(), *(some() for _ in range(3)))
    expected = {}
    for file in catalogue.files():
        note = catalogue.document(file.id)
        assert note is not None
        for chunk in catalogue.chunks_of(note.id):
            own = chunk.dates[: len(chunk.dates) - len(note.dates)]
            best = max((_fit(d) for d in own), default=0.0)
            sure = sorted((d.last - d.first, not _fit(d)) for d in own if d.confidence >= 0.4)
            is_elsewhere = bool(sure) and sure[0][1]
            inherited = max((_fit(d) for d in note.dates), default=0.0) * (0.5 if is_elsewhere else 1.0)
            if max(best, inherited):
                expected[note.id, chunk.start] = round(max(best, inherited), 4)
    assert len(expected) > 30
    assert weighed(catalogue, APRIL) == pytest.approx(expected, abs=1e-4)


def _fit(d: DateRange) -> float:
    inside = (min(d.last, APRIL.last) - max(d.first, APRIL.first)).days + 1
    return max(0.0, d.confidence * inside / ((d.last - d.first).days + 1))


def test_passages_in_the_order_of_their_time(catalogue: Catalogue) -> None:
    """Their own best date, else their note's: the surest, then the narrowest; undated last; then by place."""
    put(catalogue, "a", (day("2022-06-01"),), (day("2022-01-01"),), (), ())
    put(
        catalogue,
        "b",
        (),
        (),
        (day("2022-03-01", "2022-12-31"), day("2022-08-01"), day("2023-01-01", confidence=0.2)),
    )
    newest = [("r/b", 1), ("r/a", 1), ("r/a", 2), ("r/a", 0), ("r/b", 0)]
    oldest = [("r/a", 0), ("r/a", 1), ("r/a", 2), ("r/b", 1), ("r/b", 0)]

    def order(filters: Filters, limit: int, *, newest_first: bool = True) -> list[tuple[str, int]]:
        keys = catalogue.in_order(filters, limit, newest_first=newest_first)
        chunks = catalogue.chunks(keys)
        return [(chunks[key].doc_id, chunks[key].start) for key in keys]

    assert order(Filters(), 10) == newest
    assert order(Filters(), 10, newest_first=False) == oldest
    assert order(Filters(folders=("r/a",)), 2) == newest[1:3]
    assert order(Filters(folders=("r/none",)), 2) == []
    june = Filters(spans=(Span(date(2022, 6, 1), date(2022, 6, 30)),))
    assert order(june, 10) == newest[:4]
    assert catalogue.count_notes(june) == 2
    assert catalogue.count_notes(Filters()) == 2
    assert catalogue.count_notes(Filters(folders=("r/none",))) == 0
    assert [catalogue.has_notes(one) for one in (june, Filters(), Filters(folders=("r/none",)))] == [
        True,
        True,
        False,
    ]
