"""What holds for every question."""

from __future__ import annotations

import string
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.search import reading as package
from rag.search.reading import read
from rag.types import NO_FILTERS, Reading

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[5]
QUESTIONS = ROOT / "tests" / "data" / "questions" / "dates.yaml"
TODAY = date(2023, 11, 15)
VOCABULARY = (
    "2023年 2022 4月 五月 5月3日 去年 前年 夏天 春节 中秋 国庆期间 上个月 上周 周末 三天前 最近两周 昨天 第三季度 到 和 之前 以来 "
    "我 作者 做了什么 看过哪些 总结 都 什么 last this spring week year May July 3rd 2021 Q3 Christmas ago two in from to since before and "
    "between I what did do list all summarize first of the yesterday Monday tag:x -tag:y #z after:2023-01 before:2023-07 lang:zh rating:>4 "
    '"a b" “三体” 《三体》 the weekend 最后一个月 2023-05-03 20230503 23.10.2024 3/14/21 \'21 Q4 2022.3 那一周 第一个周末 the week of last weekend 以来 九八年 1990s 每年 every ? 。 ， :'
)
WORDS = VOCABULARY.split()
QUESTION = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=9).map("".join),
    st.text(
        alphabet=st.one_of(
            st.sampled_from(string.printable + "年月日前上周的到。：“”「」#＃"), st.characters()
        )
    ),
)
DAY = st.one_of(st.dates(), st.dates(date(1995, 1, 1), date(2040, 12, 31)))


def read_or_none(question: str, today: date, ignore: list[str] | None = None) -> Reading | None:
    """None where the question's own error was raised."""
    try:
        return read(question, today=today, ignore=ignore or [])
    except QuestionError:
        return None


@given(QUESTION, DAY)
@example("2月30日 in 31 June", TODAY)
@example("tag:x" * 3, date(1, 1, 1))
@example("10年代 in 999 weeks ago 99年前", date(9999, 12, 31))
def test_whatever_is_asked_is_read(question: str, today: date) -> None:
    """Nothing but its own error is raised; parts stand in the question; spans are not empty."""
    reading = read_or_none(question, today)
    if reading is None:
        return
    assert all(part.written in question and part.meaning for part in reading.parts)
    assert all(span.first <= span.last for span in (*reading.spans, *reading.filters.spans))
    assert reading.spans or not reading.strict


@given(QUESTION, DAY)
def test_switched_off_parts_are_plain_words(question: str, today: date) -> None:
    """With all that is shown switched off, and what shows itself then, no part is left and the question is whole."""
    ignore: list[str] = []
    reading = read_or_none(question, today)
    for _ in range(len(question) + 1):
        if reading is None or not reading.parts:
            break
        ignore += [part.written for part in reading.parts]
        reading = read_or_none(question, today, ignore)
    if reading is not None:
        assert reading.parts == ()
        assert reading.filters == NO_FILTERS
        assert reading.text == reading.rest == question.strip()


def test_switching_one_off_leaves_the_others() -> None:
    """And what it said is looked for as words."""
    question = "tag:rust 去年我在读什么 type:pdf"
    reading = read(question, today=TODAY, ignore=["去年", "type:pdf"])
    assert [p.written for p in reading.parts] == ["tag:rust"]
    assert (reading.text, reading.spans, reading.filters.types) == ("去年我在读什么 type:pdf", (), ())


def test_a_plain_question_is_only_itself() -> None:
    """Nothing is made of it."""
    assert read("how do I restart nginx?", today=TODAY) == Reading(
        "how do I restart nginx?", rest="how do I restart nginx?"
    )


def test_a_reading_costs_little() -> None:
    """Far less than parsing a short YAML text, in time of the processor, so that a busy machine is no reason."""
    questions = [
        q for group in yaml.safe_load(QUESTIONS.read_text("utf-8")) for q in (*group["zh"], *group["en"])
    ]

    def seconds(work: object) -> float:
        begun = time.process_time()
        for question in questions:
            work(question)  # type: ignore[operator]
        return time.process_time() - begun

    reading = min(seconds(lambda q: read(q, today=TODAY)) for _ in range(4))
    yardstick = min(
        seconds(lambda q: yaml.safe_load("- {a: [1, 2, 3], b: c}\n" * (5 + len(q) % 2))) for _ in range(4)
    )
    assert reading < yardstick


def test_rules_of_dates_wait_for_a_question_that_may_name_one() -> None:
    """A plain search compiles none of them, and a question in one language only that language's."""
    code = """
import sys
from datetime import date
from rag.search.reading import read
read("which port does Miniflux use?", today=date(2023, 11, 15))
read("RCEP包括哪些国家", today=date(2023, 11, 15))
print("plain:", *sorted(name for name in sys.modules if name.startswith(("ingest", "rag.store", "yaml", "rag.search.reading."))))
read("上个月我做了什么", today=date(2023, 11, 15))
print("dated:", *sorted(name for name in sys.modules if name.startswith("rag.search.reading.") and "nglish" in name))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert run.stdout.splitlines() == ["plain: rag.search.reading.view", "dated:"]


def test_a_cheap_look_passes_over_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the rules would read, the look before them lets through."""
    groups = yaml.safe_load(QUESTIONS.read_text("utf-8"))
    lists = yaml.safe_load(QUESTIONS.with_name("lists.yaml").read_text("utf-8"))
    asked = [str(q) for group in groups for q in (*group["zh"], *group["en"])]
    asked += [str(q) for questions in lists.values() for q in questions]
    passed = [read(q, today=TODAY) for q in asked]
    monkeypatch.setattr(package, "may_mean_more", lambda _: True)
    assert [read(q, today=TODAY) for q in asked] == passed
