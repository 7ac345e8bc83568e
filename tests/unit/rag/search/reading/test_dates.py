"""The days that questions speak of, in both languages."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rag.search.reading import read

if TYPE_CHECKING:
    from collections.abc import Mapping

QUESTIONS = Path(__file__).parents[4] / "data" / "questions" / "dates.yaml"
GROUPS = yaml.safe_load(QUESTIONS.read_text("utf-8"))
TODAY = date(2023, 11, 15)


def understood(question: str, today: date) -> str:
    """As the data says it."""
    reading = read(question, today=today)
    days = ", ".join(f"{span.first}..{span.last}" for span in reading.spans) or "none"
    return f"{days} strict" if reading.strict else days


@pytest.mark.parametrize("language", ["zh", "en"])
def test_days_are_those_that_are_meant(language: str) -> None:
    """Of over two hundred questions a language, each on its day, with whether it limits the search."""
    asked = [(group["today"], *item) for group in GROUPS for item in group[language].items()]
    wrong = {q: (understood(q, today), want) for today, q, want in asked if understood(q, today) != want}
    assert len(asked) > 200
    assert wrong == {}


def is_right(one: Mapping[str, Any]) -> bool:
    """Whether a question is read as its writer says, or as well may be: as one span without a gap, or as none."""
    days = sorted((span.first, span.last) for span in read(one["question"], today=one["today"]).spans)
    if any(b[0] - a[1] > timedelta(days=1) for a, b in pairwise(days)):
        return False
    first = max(days[0][0], date(1900, 1, 1)) if days else None
    last = max((last for _, last in days), default=None)
    firsts = {one["first"], *one.get("accept_first", [])}
    return first in firsts and last in {one["last"], *one.get("accept_last", [])}


@pytest.mark.parametrize(("name", "count"), [("temporal.yaml", 200), ("temporal2.yaml", 120)])
def test_questions_of_other_people_are_read_rightly(name: str, count: int) -> None:
    """Of those that were written without a look at the rules at least 95 in a hundred."""
    asked = yaml.safe_load(QUESTIONS.with_name(name).read_text("utf-8"))
    wrong = [one["id"] for one in asked if not is_right(one)]
    assert len(asked) == count
    assert len(wrong) <= 0.05 * count, wrong


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("2022年4月作者在做什么", ""),
        ("上个月", ""),
        ("what did I do last spring?", ""),
        ("What happened on 3 May 2021?", ""),
        ("Summarize April 2022", ""),
        ("去年夏天我看过哪些王家卫的电影", "我看过哪些王家卫的电影"),
        ("Which films did I watch in May 2022?", "Which films did I watch ?"),
        ("what did I write about tea last year", "what did I write about tea"),
        ("2022年世界杯冠军是谁", "世界杯冠军是谁"),
        ("iPhone 2022 model", "iPhone 2022 model"),  # it may be a name
        ("三体的作者是谁", "三体的作者是谁"),
    ],
)
def test_rest_is_without_the_time(question: str, rest: str) -> None:
    """And empty where no more than "what happened" is left of it."""
    assert read(question, today=TODAY).rest == rest


def test_a_day_is_shown_as_it_was_written_and_as_it_was_read() -> None:
    """In the question's order, ends that are open left out."""
    parts = read("Where did I live from 2019 to March 2021 and before 2015?", today=TODAY).parts
    times = [(p.written, p.meaning, p.hard) for p in parts if p.kind == "time"]
    assert times == [
        ("from 2019 to March 2021", "2019-01-01..2021-03-31", True),
        ("before 2015", "..2014-12-31", True),
    ]


@pytest.mark.parametrize(
    "question",
    ["今年我妈妈多大", "我的生日是5月3日吗", "When was my brother, born on 3 May 1990, married?"],
)
def test_a_birthday_is_no_limit(question: str) -> None:
    """A day on which somebody was born says what they are, not when something was written."""
    assert not read(question, today=TODAY).strict


def test_chatter_before_the_question_is_not_read() -> None:
    """Of more than two sentences the last one asks."""
    chatter = "昨天天气真好。上周我去了公园。今天想问："
    assert read(f"{chatter}我的护照号码是多少", today=TODAY).spans == read("今天想问", today=TODAY).spans
    assert (
        read("昨天下雨。我很累。上个月我买了什么？", today=TODAY).spans == read("上个月", today=TODAY).spans
    )


@pytest.mark.parametrize(
    ("question", "guessed"),
    [
        ("七月份失败的比赛是什么", True),
        ("五月到七月我的体重", True),
        ("What did I cook in July?", True),
        ("2022年7月失败的比赛", False),
        ("上个月我做了什么", False),
        ("What did I cook in July 2022?", False),
    ],
)
def test_year_that_was_left_open_is_guessed(question: str, guessed: bool) -> None:
    """So that another may be meant where no note is of that one."""
    assert [span.guessed for span in read(question, today=TODAY).spans] == [guessed]
