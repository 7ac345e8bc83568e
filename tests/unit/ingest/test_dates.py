"""A note's own dates."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.dates import Facts, dated, document_dates, parse
from rag.types import Document


def note(text: str = "", doc_id: str = "v/a.md", title: str = "", **properties: str) -> Document:
    """A document whose loader has read its dates."""
    return Document(doc_id, text, "", title or "a", "markdown", dates=document_dates(doc_id, properties))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023年5月3日", date(2023, 5, 3), date(2023, 5, 3)),
        ("2023 年 5 月 3 日", date(2023, 5, 3), date(2023, 5, 3)),
        ("二〇二三年五月三日", date(2023, 5, 3), date(2023, 5, 3)),
        ("二零二三年十二月二十三号", date(2023, 12, 23), date(2023, 12, 23)),
        ("民国112年3月", date(2023, 3, 1), date(2023, 3, 31)),
        ("2024-08-07T00:00:00.000Z", date(2024, 8, 7), date(2024, 8, 7)),
        ("2012-05-20T19:05:00+08:00", date(2012, 5, 20), date(2012, 5, 20)),
        ("Wed, 05 Jan 2022 10:00:00 +0800", date(2022, 1, 5), date(2022, 1, 5)),
        ("January 5, 2022 3:45 PM", date(2022, 1, 5), date(2022, 1, 5)),
        ("May 5th, 2023", date(2023, 5, 5), date(2023, 5, 5)),
        ("5 May 2023", date(2023, 5, 5), date(2023, 5, 5)),
        ("2022/06/18", date(2022, 6, 18), date(2022, 6, 18)),
        ("2022.6.8", date(2022, 6, 8), date(2022, 6, 8)),
        ("25.12.2022", date(2022, 12, 25), date(2022, 12, 25)),
        ("12/25/2022", date(2022, 12, 25), date(2022, 12, 25)),
        ("20220618", date(2022, 6, 18), date(2022, 6, 18)),
        ("202206181930", date(2022, 6, 18), date(2022, 6, 18)),
        ("20220618193059", date(2022, 6, 18), date(2022, 6, 18)),
        ("2023-01-24 01:04:53", date(2023, 1, 24), date(2023, 1, 24)),
        ("2022-06", date(2022, 6, 1), date(2022, 6, 30)),
        ("2024年2月", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-january", date(2023, 1, 1), date(2023, 1, 31)),
        ("2022-W25", date(2022, 6, 20), date(2022, 6, 26)),
        ("2022年第25周", date(2022, 6, 20), date(2022, 6, 26)),
        ("2023 Q3", date(2023, 7, 1), date(2023, 9, 30)),
        ("2023年第三季度", date(2023, 7, 1), date(2023, 9, 30)),
        ("2022-年终总结", date(2022, 1, 1), date(2022, 12, 31)),
        ("5/6/2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("2023-05-01 to 2023-05-07", date(2023, 5, 1), date(2023, 5, 7)),
        ("2023年4月30日至2023年5月3日", date(2023, 4, 30), date(2023, 5, 3)),
        ("2023年4月30日-5日", date(2023, 4, 30), date(2023, 4, 30)),
        ("May 5, 2023 → May 9, 2023", date(2023, 5, 5), date(2023, 5, 9)),
        ("2022-2023 plan", date(2022, 1, 1), date(2023, 12, 31)),
        ("2024-2025", date(2024, 1, 1), date(2025, 12, 31)),
        ("2020s", date(2020, 1, 1), date(2029, 12, 31)),
        ("Jan 2023 - Feb 2023", date(2023, 1, 1), date(2023, 2, 28)),
        ("2023年1月-2月", date(2023, 1, 1), date(2023, 2, 28)),
        ("2023年5月3日至6月9日", date(2023, 5, 3), date(2023, 6, 9)),
        ("2023年5月3日 - 5月的天空", date(2023, 5, 3), date(2023, 5, 3)),
    ],
)
def test_dates_are_read_in_the_forms_people_write(text: str, first: date, last: date) -> None:
    """Days to years and spans, Chinese, English and ISO; where day and month may be swapped, the year is known."""
    assert parse(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-13-45",
        "1234567890",
        "v2.2022.1",
        "null",
        "13800138000",
        "3022-01-01",
        "1/2",
        "104分钟",
        "2023-02-30",
    ],
)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    """Impossible days, long numbers, and telephone numbers give nothing."""
    assert parse(text) is None


def test_front_matter_dates_come_with_their_key_and_trust() -> None:
    """The date proper outranks the creation date, which outranks the last change."""
    dates = document_dates(
        "v/a.md", {"modified": "2022-12-31", "date created": "2022-06-22", "date": "2022-06-20"}
    )
    assert [(d.source, d.first) for d in dates] == [
        ("front matter:date", date(2022, 6, 20)),
        ("front matter:date created", date(2022, 6, 22)),
        ("front matter:modified", date(2022, 12, 31)),
    ]
    assert dates[0].confidence > dates[1].confidence > dates[2].confidence


@pytest.mark.parametrize(
    "key",
    [
        *("date", "created", "modified", "updated", "createTime", "date created", "lastmod", "publishDate"),
        *("Created", "创建时间", "last_modified", "日期", "Last edited time"),
    ],
)
def test_the_keys_of_common_tools_are_known(key: str) -> None:
    """Hugo, Hexo, Jekyll, Obsidian, Joplin and Notion, however the key is written."""
    (found,) = document_dates("v/a.md", {key: "2022-06-20"})
    assert (found.source, found.first) == (f"front matter:{key}", date(2022, 6, 20))


def test_own_keys_can_be_named() -> None:
    """A key is compared without case, spaces and hyphens; without being named it means nothing."""
    assert document_dates("v/a.md", {"Collection Date": "2022-06-20"}) == ()
    (found,) = document_dates("v/a.md", {"Collection Date": "2022-06-20"}, ("collection-date",))
    assert found.source == "front matter:Collection Date"


def test_spans_in_front_matter_keep_both_ends() -> None:
    """Written in one value, as a list, or under two keys."""
    for meta in (
        {"date": "2023-05-01 to 2023-05-07"},
        {"date": ("2023-05-01", "2023-05-07")},
        {"start": "2023-05-01", "end": "2023-05-07"},
        {"开始日期": "2023年5月1日", "结束日期": "2023年5月7日"},
    ):
        (found,) = document_dates("v/a.md", meta)
        assert (found.first, found.last) == (date(2023, 5, 1), date(2023, 5, 7)), meta


def test_an_end_before_its_start_is_not_believed() -> None:
    """The range stays valid."""
    (found,) = document_dates("v/a.md", {"start": "2023-05-07", "end": "2022-05-01"})
    assert (found.first, found.last) == (date(2023, 5, 7), date(2023, 5, 7))


@pytest.mark.parametrize(
    ("value", "zone"),
    [
        ("2012-05-20T23:05:00+08:00", "+08:00"),
        ("2012-05-20 23:05:00 -0530", "-05:30"),
        ("2012-05-20T23:05:00.000Z", "+00:00"),
        ("2012-05-20 23:05", ""),
    ],
)
def test_a_time_zone_is_kept(value: str, zone: str) -> None:
    """The day is the one that was written; the offset stands beside it."""
    (found,) = document_dates("v/a.md", {"date": value})
    assert (found.first, found.zone) == (date(2012, 5, 20), zone)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("v/2022-06-18.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06-18-some-title.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022_06_18 walk.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/白板 20220618 草稿.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/202206181930 idea.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022年6月18日.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/220618 walk.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06-18-trip/index.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06-18~2022-06-20 trip.md", date(2022, 6, 18), date(2022, 6, 20)),
        ("v/2022-W25.md", date(2022, 6, 20), date(2022, 6, 26)),
        ("v/2022-06.md", date(2022, 6, 1), date(2022, 6, 30)),
        ("v/2022-Q2.md", date(2022, 4, 1), date(2022, 6, 30)),
        ("v/2022-年终总结.md", date(2022, 1, 1), date(2022, 12, 31)),
    ],
)
def test_a_file_name_tells_a_date(name: str, first: date, last: date) -> None:
    """Daily, weekly, monthly, quarterly and yearly notes, Jekyll posts and page bundles."""
    (found,) = document_dates(name, {})
    assert (found.first, found.last, found.source) == (first, last, "file name")


def test_vague_file_names_are_trusted_less() -> None:
    """A day in the name says more than a month, a month more than a year."""
    trust = [
        document_dates(f"v/{name}.md", {})[0].confidence for name in ("2022-06-18", "2022-06", "2022 review")
    ]
    assert trust == sorted(trust, reverse=True)
    assert len(set(trust)) == 3


@pytest.mark.parametrize("name", ["2022/notes/求职规划.md", "v/100万个为什么.md", "v/123456789.md"])
def test_a_name_without_date_gives_none(name: str) -> None:
    """No date is invented, and folders do not count for ordinary notes."""
    assert document_dates(name, {"title": "2022"}) == ()


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("2023年5月3日 晴", "dateline"),
        ("# 2023-05-03 周三", "dateline"),
        ("**May 3rd, 2023**", "dateline"),
        ("3 May 2023", "dateline"),
        ("二〇二三年五月三日", "dateline"),
        ("日期：2023年5月3日", "dateline:日期"),
        ("Created: May 3, 2023 3:45 PM", "dateline:Created"),
        ("date:: [[2023-05-03]]", "dateline:date"),
    ],
)
def test_a_line_with_little_but_a_date_dates_the_note(line: str, source: str) -> None:
    """Diary headings and the property lines of exports, with weekday, weather and time."""
    found = dated(note(f"{line}\n\nWent for a walk.\n"), Facts()).dates
    assert [(d.first, d.source) for d in found] == [(date(2023, 5, 3), source)]


@pytest.mark.parametrize(
    "text",
    [
        "On May 3, 2023 the shop opened.",
        "2023年5月3日上线的版本有问题。",
        "价格：2023-05-03",
        "walk\n" * 300 + "2023-05-03",
    ],
)
def test_dates_within_sentences_do_not_date_the_note(text: str) -> None:
    """Nor does a line far below, or one under another name."""
    assert dated(note(text), Facts()).dates == ()


def test_front_matter_is_not_read_as_datelines() -> None:
    """Its properties have been read by their keys."""
    text = "---\nbirthday: 1990-05-03\ndue:\n  - 2023-05-03\n---\nbody\n"
    assert dated(note(text), Facts()).dates == ()


def test_a_title_that_the_file_name_does_not_hold_tells_a_date() -> None:
    """The year of a review; not twice where both say it."""
    (found,) = dated(note(doc_id="v/review.md", title="2022 年终总结"), Facts()).dates
    assert (found.source, found.first, found.last) == ("title", date(2022, 1, 1), date(2022, 12, 31))
    assert len(dated(note(doc_id="v/2022-review.md", title="2022 年终总结"), Facts()).dates) == 1


def test_sources_are_ranked_by_trust() -> None:
    """Front matter, file name, dateline, git, and the file's time at last."""
    facts = Facts(mtime_ns=1_700_000_000 * 10**9, git=(date(2020, 1, 2), date(2021, 1, 2)))
    document = note("2022年5月3日 晴\n", doc_id="v/2022-05-04.md", date="2022-05-05")
    assert [d.source for d in dated(document, facts).dates] == [
        "front matter:date",
        "file name",
        "dateline",
        "git:first commit",
        "git:last commit",
        "file time",
    ]


def test_a_file_time_that_is_no_time_is_left_out() -> None:
    """Some file systems hold nonsense."""
    assert dated(note(), Facts(mtime_ns=10**30)).dates == ()
