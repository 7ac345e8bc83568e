"""Passages of a time: the surest and narrowest first, in the order of days where they are listed."""

from __future__ import annotations

from datetime import date

from rag.search import timely
from rag.types import Chunk, DateRange, Hit, Span

APRIL = Span(date(2022, 4, 1), date(2022, 4, 30))
YEAR = DateRange(date(2022, 1, 1), date(2022, 12, 31), "title", 0.8)
DAY = DateRange(date(2022, 4, 3), date(2022, 4, 3), "text", 0.8)
OTHER = DateRange(date(2021, 5, 1), date(2021, 5, 1), "front matter:date", 1.0)


def hit(key: int, *dates: DateRange, score: float = 1.0) -> Hit:
    """A hit with these dates."""
    return Hit(Chunk(f"n/{key}.md", 0, 1, "x", "x", "T", (1, 1), dates=dates, key=key), score)


def test_two_spans_leave_what_lies_in_both() -> None:
    """Typed days and natural ones both hold."""
    typed = (Span(date(2022, 4, 15), date(2022, 6, 1)), Span(date(2023, 1, 1), date(2023, 2, 1)))
    assert timely.narrowed(typed, [APRIL]) == (Span(date(2022, 4, 15), date(2022, 4, 30)),)
    assert timely.narrowed((), [APRIL]) == (APRIL,)
    assert timely.narrowed(typed[1:], [APRIL]) == ()


def test_sure_passages_gain() -> None:
    """A share of the score is the weight's; equals stand in the order of notes."""
    hits = [hit(2), hit(1), hit(3, score=0.9)]
    found = timely.preferred(hits, {3: 1.0}, 0.5)
    assert [one.chunk.key for one in found] == [3, 1, 2]
    assert [one.score for one in found] == [0.9, 0.5, 0.5]


def test_the_best_date_in_a_span() -> None:
    """Among equally sure ones the narrowest; none that lies outside."""
    chunk = hit(1, YEAR, OTHER, DAY).chunk
    assert timely.day_in(chunk, [APRIL]) == DAY
    assert timely.day_in(chunk, ()) == OTHER
    assert timely.day_in(hit(1, OTHER).chunk, [APRIL]) is None


def test_lists_follow_time() -> None:
    """The undated come last."""
    hits = [hit(1), hit(2, DAY), hit(3, YEAR)]
    assert [one.chunk.key for one in timely.in_order(hits, [APRIL])] == [3, 2, 1]
