"""A passage's own dates: heading, dateline, words."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import loaders
from ingest.chunk import chunk
from ingest.dates import FROM, Facts, dated, document_dates, parse, passages
from ingest.loaders import load
from rag.types import Chunk, DateRange, Document

DATA = Path(__file__).parents[2] / "data" / "dates"
WRITTEN = "2023-01-10"


def told(
    text: str, written: str | None = WRITTEN, heading: tuple[str, ...] = (), **passage: str
) -> list[DateRange]:
    """The dates of a note's only passage."""
    meta = {"date": written} if written else {}
    document = Document("v/a.md", text, "", "a", "markdown", dates=document_dates("v/a.md", meta))
    one = Chunk("v/a.md", 0, len(text), text, text, "a", (1, 1), heading, **passage)  # type: ignore[arg-type] # only speakers
    return list(passages(document, [one])[0].dates)


def days(found: list[DateRange]) -> list[tuple[str, str]]:
    """First and last days as text."""
    return [(d.first.isoformat(), d.last.isoformat()) for d in found]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        # with their year
        ("那是 2022 年 1 月份的事。", "2022-01-01", "2022-01-31"),
        ("二〇二一年五月三日那天", "2021-05-03", "2021-05-03"),
        ("官方 21 年 1 月发布的公告", "2021-01-01", "2021-01-31"),
        ("2021年第三季度的目标", "2021-07-01", "2021-09-30"),
        ("2021年底搬的家", "2021-11-01", "2021-12-31"),
        ("2021 年上半年", "2021-01-01", "2021-06-30"),
        ("2021年夏天去了青岛", "2021-06-01", "2021-08-31"),
        ("2018-2019 没有，2017年有", "2017-01-01", "2017-12-31"),
        ("1929—1933 年的大萧条", "1929-01-01", "1933-12-31"),
        ("2020年3月开工，同年 9 月底停工", "2020-03-01", "2020-03-31"),
        ("20世纪90年代的老房子", "1990-01-01", "1999-12-31"),
        ("2009年3月-2009年5月 实习", "2009-03-01", "2009-05-31"),
        ("The shop opened on September 22nd, 2021.", "2021-09-22", "2021-09-22"),
        ("It opened on 22 September 2021.", "2021-09-22", "2021-09-22"),
        ("We met in March 2021.", "2021-03-01", "2021-03-31"),
        ("from May 5 to June 9, 2021 we travelled", "2021-05-05", "2021-06-09"),
        ("It began in early May 2021.", "2021-05-01", "2021-05-10"),
        ("the summer of 2021 was hot", "2021-06-01", "2021-08-31"),
        ("our goals for Q3 2021", "2021-07-01", "2021-09-30"),
        ("I moved there in 2019 and stayed.", "2019-01-01", "2019-12-31"),
        ("music of the 1980s", "1980-01-01", "1989-12-31"),
        ("on 2021-06-18 we left", "2021-06-18", "2021-06-18"),
        # without it: the past, seen from 2023-01-10
        ("4 月 1 日是最后一天", "2022-04-01", "2022-04-01"),
        ("9月22日上线中秋活动", "2022-09-22", "2022-09-22"),
        ("12 月开始下雪", "2022-12-01", "2022-12-31"),
        ("1 月很冷", "2023-01-01", "2023-01-31"),
        ("7 月底返校", "2022-07-21", "2022-07-31"),
        ("4 到 5 月，一边找房", "2022-04-01", "2022-05-31"),
        ("十一月读完了", "2022-11-01", "2022-11-30"),
        ("9月4日 - 9月21日 冲刺", "2022-09-04", "2022-09-21"),
        ("1月12日要去体检", "2023-01-12", "2023-01-12"),
        ("计划 3 月搬家", "2023-03-01", "2023-03-31"),
        ("done by March at the latest", "2023-03-01", "2023-03-31"),
        ("2月29日下了雪", "2020-02-29", "2020-02-29"),
        ("国庆期间在加班", "2022-10-01", "2022-10-07"),
        ("since March it rains", "2022-03-01", "2022-03-31"),
        ("on May 5 we met", "2022-05-05", "2022-05-05"),
        # relative
        ("去年夏天去了海边", "2022-06-01", "2022-08-31"),
        ("今年除夕在家", "2023-01-20", "2023-02-20"),
        ("前年换的工作", "2021-01-01", "2021-12-31"),
        ("去年9月份写过", "2022-09-01", "2022-09-30"),
        ("上周很忙", "2023-01-02", "2023-01-08"),
        ("上周三去了医院", "2023-01-04", "2023-01-04"),
        ("上个月搬了家", "2022-12-01", "2022-12-31"),
        ("昨天下雨", "2023-01-09", "2023-01-09"),
        ("昨晚没睡", "2023-01-09", "2023-01-09"),
        ("三天前寄出", "2023-01-07", "2023-01-07"),
        ("两年前写的", "2021-01-01", "2021-12-31"),
        ("last week was long", "2023-01-02", "2023-01-08"),
        ("We met two years ago.", "2021-01-01", "2021-12-31"),
        ("Yesterday it rained.", "2023-01-09", "2023-01-09"),
        ("Last summer we swam.", "2022-06-01", "2022-08-31"),
        ("This spring I will move.", "2023-03-01", "2023-05-31"),
        ("This winter is cold.", "2022-12-01", "2023-02-28"),
        ("I saw it 3 weeks ago.", "2022-12-19", "2022-12-25"),
    ],
)
def test_a_time_in_words_is_resolved(text: str, first: str, last: str) -> None:
    """Absolute, without a year, and relative to the day the note was written."""
    assert days(told(text))[:1] == [(first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "升级到 v2022.1.3，然后装 PyCharm 2022.1.3",
        "服务器 20.22.1.3 和 192.168.2022.1",
        "价格 2022 元，打了 1/2 折，共 3月卡 一张，包3月",
        "电话 13820220103，订单 20220103445566",
        "学了3个月，用了三年，第一季",
        "链接 https://example.org/2022-01-03/a?day=2022-01-04",
        "路径 posts/2022-01-03-a.md",
        "运行 `date -d 2022-01-03` 看看",
        "五月天的歌，十月怀胎，一月三次",
        "公元 1453 年 5 月，每年9月",
        "以前年轻，过去年年如此，以上周期",
        "He may go, she will march on. May I? 25 march steps",
        "in 2000px and 2021.5 and 2021-5555",
        "今天很好，今年也是。Today is fine.",
        "99 bottles, 12:30, 3.14, 1.5 - 2.5 小时",
    ],
)
def test_numbers_that_are_no_time_are_left_alone(text: str) -> None:
    """Versions, addresses, prices, numbers, durations, code, names; and words that only say "now"."""
    assert told(text) == []


def test_fenced_code_is_not_read() -> None:
    """Also where a passage begins in the middle of the block."""
    text = "walk\n\n```\n2021年5月3日\n2021年5月4日\n```\n"
    document = Document("v/a.md", text, "", "a", "markdown")
    cuts = [(0, 5), (10, 21), (21, len(text))]
    parts = [Chunk("v/a.md", a, b, text[a:b], text[a:b], "a", (1, 1)) for a, b in cuts]
    assert [c.dates for c in passages(document, parts)] == [(), (), ()]


def test_masked_text_is_not_read() -> None:
    """What is left out of the index says nothing of the time."""
    text = "walk %% 2021年5月3日 %%"
    document = Document("v/a.md", text, "", "a", "markdown")
    masked = Chunk("v/a.md", 0, len(text), text, "walk" + " " * (len(text) - 4), "a", (1, 1))
    assert passages(document, [masked])[0].dates == ()


def test_now_counts_beside_another_time() -> None:
    """Colder this year than last year: it is about both."""
    assert set(days(told("今年比去年冷"))) == {("2022-01-01", "2022-12-31"), ("2023-01-01", "2023-12-31")}


def test_without_a_base_only_absolute_times_are_known() -> None:
    """An undated note does not make them up."""
    assert told("去年、4 月 1 日、昨天、last week", written=None) == []
    assert days(told("2021 年 4 月 1 日", written=None)) == [("2021-04-01", "2021-04-01")]


def test_confidence_and_source_tell_what_a_date_was_counted_from() -> None:
    """A date counted from a doubtful one is no better than that."""
    document = Document(
        "v/a.md", "那是去年夏天", "", "a", "markdown", dates=document_dates("v/a.md", {"modified": WRITTEN})
    )
    one = Chunk("v/a.md", 0, 6, "那是去年夏天", "那是去年夏天", "a", (1, 1))
    (counted,) = passages(document, [one])[0].dates
    (sure,) = told("那是2022年夏天")
    assert counted.source == f"text{FROM}front matter:modified"
    assert counted.confidence == pytest.approx(sure.confidence * 0.5)
    assert sure.source == "text"


@pytest.mark.parametrize(
    ("heading", "first", "last"),
    [
        (("2023-05-03 周三",), "2023-05-03", "2023-05-03"),
        (("4 月 1 日",), "2022-04-01", "2022-04-01"),
        (("2022", "3月", "15日"), "2022-03-15", "2022-03-15"),
        (("2021 年", "三月"), "2021-03-01", "2021-03-31"),
        (("2021", "Week 12"), "2021-03-22", "2021-03-28"),
        (("2021", "第 12 周"), "2021-03-22", "2021-03-28"),
        (("2021-W12",), "2021-03-22", "2021-03-28"),
        (("Q3 2021",), "2021-07-01", "2021-09-30"),
        (("2021", "Q3"), "2021-07-01", "2021-09-30"),
        (("January",), "2023-01-01", "2023-01-31"),
        (("2021", "January"), "2021-01-01", "2021-01-31"),
        (("20210503",), "2021-05-03", "2021-05-03"),
        (("2021", "03-15"), "2021-03-15", "2021-03-15"),
        (("2021", "3/15 周一"), "2021-03-15", "2021-03-15"),
        (("2021-05-03", "午饭"), "2021-05-03", "2021-05-03"),
    ],
)
def test_headings_date_what_stands_under_them(heading: tuple[str, ...], first: str, last: str) -> None:
    """Days, weeks, months and quarters, each within the heading above it."""
    (found,) = told("吃了面。", heading=heading)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)
    assert found.source.startswith("heading")


@pytest.mark.parametrize("heading", ["3.2 安装", "Q1: 为什么？", "1-2", "Windows 2000", "第 3 章", "W3C"])
def test_headings_with_numbers_are_not_dates(heading: str) -> None:
    """Sections, questions, products."""
    assert told("吃了面。", heading=(heading,)) == []


def test_words_count_from_the_day_of_their_heading() -> None:
    """In a log, "yesterday" is the day before the entry, not before the file's date."""
    assert ("2021-05-02", "2021-05-02") in days(told("昨天下雨", heading=("2021-05-03",)))


def test_a_paragraphs_year_holds_to_its_end() -> None:
    """In 2019 年 3 月 ..., 5 月 ... both are of that year; the next paragraph's month is not."""
    found = days(told("2019 年 3 月开工，5 月完工。\n6 月住进去。"))
    assert sorted(found) == [
        ("2019-03-01", "2019-03-31"),
        ("2019-05-01", "2019-05-31"),
        ("2022-06-01", "2022-06-30"),
    ]


def test_a_models_words_do_not_count_from_the_note() -> None:
    """A model does not know when "last year" was."""
    assert days(told("去年发布了新版，2021年5月是旧版", speaker="model")) == [("2021-05-01", "2021-05-31")]


def test_a_passage_has_few_dates_and_the_best_come_first() -> None:
    """A chronicle does not drown the index."""
    found = told("\n".join(f"{year}年大事" for year in range(1990, 2020)))
    assert len(found) == 8
    trust = [d.confidence for d in told("1990年的事，2021年5月3日的事，2021年6月的事")]
    assert trust == sorted(trust, reverse=True)


def test_a_review_written_in_january_speaks_of_the_year_before() -> None:
    """The file's name says which year; a month without one is not taken for the coming one."""
    name = "2021-年终总结.md"
    document = loaders.load(f"v/{name}", (DATA / name).read_bytes())
    document = dated(document, Facts())
    parts = passages(document, chunk(document, 60))
    found = {days for part in parts for days in days_of(part)}
    months = {(first.month, last.month) for first, last in found if first.year == last.year == 2021}
    assert {1, 2, 3, 6, 7, 8, 9, 10, 11, 12} <= {first for first, _ in months}
    assert (4, 5) in months
    assert {first.year for first, _ in found} == {2020, 2021}
    exact = {first.isoformat() for first, last in found if first == last}
    assert exact == {"2021-03-15", "2021-08-09", "2021-10-02"}


def days_of(part: Chunk) -> list[tuple[date, date]]:
    """First and last days."""
    return [(d.first, d.last) for d in part.dates]


def test_a_diary_in_one_file_is_dated_by_its_datelines() -> None:
    """Each entry has its day, and its words count from it; an entry goes on in the next passage."""
    document = loaders.load("v/diary.txt", (DATA / "diary.txt").read_bytes())
    parts = passages(document, chunk(document, 20))
    found = [[(d.first.isoformat(), d.source) for d in part.dates] for part in parts]
    assert ("2023-05-03", "dateline") in found[0]
    assert ("2023-05-02", "text") in [pair for part in found for pair in part]
    assert ("2023-04-24", "text") in [pair for part in found for pair in part]
    assert found[-1] == [("2023-05-06", "dateline")]


_PIECES = st.sampled_from(
    [
        *"0123456789年月日号周前去今昨上下初底十一二〇零-/.~ \n:，。`#*()[]T第季Qq",
        *("2022", "1900", "2100", "9999", "May", "last ", "ago", "in ", "early ", "除夕", "到", "31", "13"),
        *("民国", "世纪", "年代", "个月", "星期", "week", "https://", "```\n", "---\n", "Created:", "W53"),
    ]
)


@given(
    st.lists(_PIECES | st.text(max_size=3), max_size=40).map("".join), st.sampled_from(["", WRITTEN, "2022"])
)
def test_nothing_that_is_written_breaks_it(text: str, written: str) -> None:
    """No exception; every range is valid, within the years that are read, with a confidence from 0 to 1."""
    document = Document(
        "v/a.md", text, "", text, "markdown", dates=document_dates(f"v/{text}.md", {"date": written})
    )
    document = dated(document, Facts(mtime_ns=0, git=(date(2020, 1, 1), date(2020, 1, 2))))
    half = len(text) // 2
    cut = [
        Chunk("v/a.md", a, b, text[a:b], text[a:b], "a", (1, 1), (text[:20], text[20:]))
        for a, b in ((0, half), (half, len(text)))
    ]
    ranges = [*document.dates, *(d for part in passages(document, cut) for d in part.dates)]
    for d in ranges:
        assert 1900 <= d.first.year <= d.last.year <= 2100
        assert d.first <= d.last
        assert 0 < d.confidence <= 1
    found = parse(text)
    assert found is None or found[0] <= found[1]


@pytest.mark.parametrize(
    "piece", ["1", "12-", "2022-", "2022年", "一", "`", "http://", "a/", "最近1月", "[[2022-01-01]]\n"]
)
def test_reading_takes_time_in_proportion(piece: str) -> None:
    """Ten times the text costs about ten times as much, whatever it repeats."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        parts = [
            Chunk("v", i, i + 2000, text[i : i + 2000], text[i : i + 2000], "", (1, 1))
            for i in range(0, size, 2000)
        ]
        best = 9.0
        for _ in range(3):
            begun = time.perf_counter()
            passages(Document("v/a.md", text, "", "", "markdown"), parts)
            best = min(best, time.perf_counter() - begun)
        return best

    assert seconds(100_000) < 40 * seconds(10_000) + 0.05


def test_a_question_is_no_heading_of_a_diary() -> None:
    """What an answer stands under says when nothing: "yesterday" is the asker's."""
    text = "User: 昨天为什么下雨？\n\nChatGPT: 因为有云。\n\nUser: 2022-03-04 呢？\n\nChatGPT: 也有云。\n"
    document = dated(load("v/2022-05-06.md", text.encode()), Facts())
    answers = [c for c in passages(document, chunk(document)) if c.speaker == "model"]
    assert [c.heading for c in answers] == [("昨天为什么下雨？",), ("2022-03-04 呢？",)]
    assert [c.dates for c in answers] == [(), ()]
