"""A note's own dates."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.dates import document_dates, parse


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023年5月3日", date(2023, 5, 3), date(2023, 5, 3)),
        ("2023 年 5 月 3 日", date(2023, 5, 3), date(2023, 5, 3)),
        ("2024-08-07T00:00:00.000Z", date(2024, 8, 7), date(2024, 8, 7)),
        ("2012-05-20T19:05:00+08:00", date(2012, 5, 20), date(2012, 5, 20)),
        ("2022/06/18", date(2022, 6, 18), date(2022, 6, 18)),
        ("2022.6.8", date(2022, 6, 8), date(2022, 6, 8)),
        ("20220618", date(2022, 6, 18), date(2022, 6, 18)),
        ("2023-01-24 01:04:53", date(2023, 1, 24), date(2023, 1, 24)),
        ("2022-06", date(2022, 6, 1), date(2022, 6, 30)),
        ("2024年2月", date(2024, 2, 1), date(2024, 2, 29)),
        ("2022-W25", date(2022, 6, 20), date(2022, 6, 26)),
        ("2022-年终总结", date(2022, 1, 1), date(2022, 12, 31)),
    ],
)
def test_dates_are_read_in_the_forms_people_write(text: str, first: date, last: date) -> None:
    """Days, weeks, months and years, Chinese and ISO; a time zone does not move the day."""
    assert parse(text) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "2022-13-45", "1234567890", "v2.2022.1", "null", "13800138000", "3022-01-01"]
)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    """Impossible days, long numbers and telephone numbers give nothing."""
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
    ("name", "first", "last"),
    [
        ("v/2022-06-18.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06-18-some-title.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/白板 20220618 草稿.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06-18-trip/index.md", date(2022, 6, 18), date(2022, 6, 18)),
        ("v/2022-06.md", date(2022, 6, 1), date(2022, 6, 30)),
        ("v/2022-年终总结.md", date(2022, 1, 1), date(2022, 12, 31)),
    ],
)
def test_a_file_name_tells_a_date(name: str, first: date, last: date) -> None:
    """Daily notes, Jekyll posts, page bundles, months and years."""
    (found,) = document_dates(name, {})
    assert (found.first, found.last, found.source) == (first, last, "file name")


def test_vague_file_names_are_trusted_less() -> None:
    """A day in the name says more than a month, a month more than a year."""
    trust = [
        document_dates(f"v/{name}.md", {})[0].confidence for name in ("2022-06-18", "2022-06", "2022 review")
    ]
    assert trust == sorted(trust, reverse=True)
    assert len(set(trust)) == 3


def test_a_name_without_date_gives_none() -> None:
    """No date is invented, and folders do not count for ordinary notes."""
    assert document_dates("2022/notes/求职规划.md", {"title": "2022"}) == ()
