"""Answers to list questions: from each passage the sentence that is of the time."""

from __future__ import annotations

from datetime import date

import pytest

from rag.answer.gathered import GatheredWriter
from rag.types import Answer, Chunk, DateRange, Filters, Hit, Query, Span

JULY = Span(date(2021, 7, 1), date(2021, 7, 31))
IN_JUNE = DateRange(date(2021, 6, 1), date(2021, 6, 30), "text from file name", 0.7)
IN_JULY = DateRange(date(2021, 7, 1), date(2021, 7, 31), "text from file name", 0.7)
ON_JULY_9 = DateRange(date(2021, 7, 9), date(2021, 7, 9), "text from file name", 0.8)
THE_YEAR = DateRange(date(2021, 1, 1), date(2021, 12, 31), "file name", 0.3)


def passage(text: str, *dates: DateRange, note: str = "notes/2021.md", start: int = 0) -> Hit:
    """A hit."""
    return Hit(Chunk(note, start, start + len(text), text, text, "2021", (1, 1), dates=dates), 1.0)


def written(*hits: Hit, text: str = "我在七月做什么", asked: bool = False) -> Answer:
    """The answer for July 2021."""
    query = Query(text, Filters(spans=(JULY,)))
    return GatheredWriter().write(
        query, hits, lambda words: dict.fromkeys(words, 1.0), chinese=True, asked=asked
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("6 月在做温室的图纸，还做了地基。7 月开始种番茄和黄瓜了。", "7 月开始种番茄和黄瓜了。"),
        ("7 月种了番茄，浇水最花时间。6 月在做温室的图纸。", "7 月种了番茄，浇水最花时间。"),
        (
            "In June I drew the greenhouse plans. In July the tomatoes went in.",
            "In July the tomatoes went in.",
        ),
    ],
)
def test_sentence_is_of_the_time(text: str, says: str) -> None:
    """And not another of the same passage that has more of the question's words."""
    (cited,) = written(passage(text, IN_JUNE, IN_JULY)).citations
    assert cited.quote == says


def test_what_is_asked_counts_among_sentences_of_the_time() -> None:
    """What stands below a time is of it, until another is named."""
    hit = passage("7 月一直在下雨，出不了门。读完了《边城》这本小书。6 月读完了《呐喊》。", IN_JUNE, IN_JULY)
    (cited,) = written(hit, text="读完 书", asked=True).citations
    assert cited.quote == "读完了《边城》这本小书。"


def test_line_bears_the_date_of_its_sentence() -> None:
    """Not the surest date of its passage."""
    hit = passage("7 月基本在种番茄和黄瓜。7 月 9 日下了一场大冰雹。", IN_JULY, ON_JULY_9)
    assert written(hit).text.startswith("- 2021-07 《2021》 7 月基本在种番茄和黄瓜。")


def test_passage_of_another_time_is_left_out_beside_a_better_one() -> None:
    """Its note is of the year; alone it stays: the note may have been written then."""
    other = passage("6 月在做温室的图纸，还做了地基。", IN_JUNE, THE_YEAR)
    better = passage("7 月开始种番茄和黄瓜了。", IN_JULY, THE_YEAR, start=100)
    assert [c.quote for c in written(other, better).citations] == ["7 月开始种番茄和黄瓜了。"]
    assert len(written(other).citations) == 1


def test_passage_that_names_no_time_gives_its_first_sentence() -> None:
    """Its date is its note's."""
    diary = DateRange(date(2021, 7, 9), date(2021, 7, 9), "file name", 0.9)
    hit = passage("date: 2021-07-09\n\n下了一场大冰雹，番茄全砸烂了。我在做补救。", diary)
    assert written(hit).text == "- 2021-07-09 《2021》 下了一场大冰雹，番茄全砸烂了。 [1]"
