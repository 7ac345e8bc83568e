"""A time in the name of a note limits nothing."""

from __future__ import annotations

from datetime import date

import pytest

from rag.search.reading import read
from rag.types import Reading

TODAY = date(2026, 12, 1)
NAMES = (
    "2022-年终总结",
    "7月，我失败，也失败。",
    "2018",
    "2022-03-05",
    "march-2022",
    "summer-reading",
    "2022-art",
    "二〇二一年的书",
)


def understood(question: str, ignore: tuple[str, ...] = ()) -> Reading:
    """Read where notes of these names are."""
    return read(
        question, today=TODAY, ignore=ignore, titles=lambda word: [name for name in NAMES if word in name]
    )


@pytest.mark.parametrize(
    "question",
    [
        "2022 年终总结",
        "2022年终总结",
        "《2022 年终总结》",
        "2022 年終總結是什么时候写的？",
        "What did I write in 2022 年终总结?",
        "7月，我失败，也失败。",
        "7月，我失败",  # the beginning of it
        "７月我失败也失败",
        "what did I put on my summer reading list?",
        "What did I say of 2022 art?",
        "二〇二一年的书我都看了吗",
    ],
)
def test_a_name_with_a_time_is_words(question: str) -> None:
    """No time, no list: what plain words would find."""
    reading = understood(question)
    assert reading == Reading(question, rest=question)


@pytest.mark.parametrize("question", ["2018", "2018？", "2022-03-05", "March 2022"])
def test_a_name_that_is_but_a_time_is_looked_for_and_the_time_preferred(question: str) -> None:
    """A page of a calendar is found by its name."""
    reading = understood(question)
    assert (reading.text, reading.rest, reading.page) == (question, question, True)
    assert not reading.strict
    assert not reading.gathers
    assert [(p.kind, p.hard) for p in reading.parts] == [("time", False)]
    assert understood(question, (reading.parts[0].written,)).spans == ()


@pytest.mark.parametrize(
    "question",
    [
        "2022年我做了什么",
        "2022 年我总结了什么",
        "What did I do in March 2022?",
        "what happened in 2018",
        "What did I say of 2022 artists?",
        "what did I read last summer?",
        "总结 2022 年",
    ],
)
def test_a_time_beside_a_name_stays_one(question: str) -> None:
    """Also where a note is called by the time alone."""
    assert understood(question) == read(question, today=TODAY)
    assert understood(question).strict


def test_a_year_that_is_no_name_is_its_time() -> None:
    """Though it begins one."""
    assert understood("2022") == read("2022", today=TODAY)
    assert understood("2021").spans


def test_other_times_of_the_question_stay() -> None:
    """Only what is in the name is words."""
    reading = understood("上个月我在2022年终总结里写了什么")
    assert [part.written for part in reading.parts if part.kind == "time"] == ["上个月"]
    assert "2022年终总结" in reading.rest


def test_notes_are_only_asked_where_a_time_is_named() -> None:
    """A plain question costs nothing."""

    def titles(word: str) -> list[str]:
        raise AssertionError(word)

    read("年终总结是什么", today=TODAY, titles=titles)
