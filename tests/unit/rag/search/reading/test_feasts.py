"""Feasts of the Chinese calendar and those that move otherwise, against known dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rag.search.reading.feasts import NAMES, lunar_day, lunar_month

# New Year's days of the Chinese calendar, not taken from the table.
NEW_YEARS = """
1950-02-17 1960-01-28 1970-02-06 1980-02-16 1984-02-02 1985-02-20 1990-01-27 1995-01-31 2000-02-05 2001-01-24
2004-01-22 2008-02-07 2010-02-14 2012-01-23 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25
2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03
2033-01-31 2034-02-19 2040-02-12 2050-01-23 2060-02-02
"""


@pytest.mark.parametrize("day", [date.fromisoformat(text) for text in NEW_YEARS.split()])
def test_new_year(day: date) -> None:
    """From 1950 to 2060; the Spring Festival has eight days, from the eve on."""
    assert lunar_day(day.year, 1, 1) == day
    assert NAMES["春节"](day.year) == (day - timedelta(days=1), day + timedelta(days=6))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("中秋", date(2020, 10, 1)),
        ("中秋", date(2023, 9, 29)),
        ("中秋", date(2025, 10, 6)),
        ("端午", date(2020, 6, 25)),
        ("端午", date(2023, 6, 22)),
        ("七夕", date(2020, 8, 25)),
        ("七夕", date(2023, 8, 22)),
        ("元宵", date(2024, 2, 24)),
        ("清明", date(1999, 4, 5)),
        ("清明", date(2020, 4, 4)),
        ("清明", date(2023, 4, 5)),
        ("重阳", date(2023, 10, 23)),
        ("腊八", date(2022, 12, 30)),
        ("冬至", date(1999, 12, 22)),
        ("冬至", date(2021, 12, 21)),
        ("冬至", date(2023, 12, 22)),
        ("双十一", date(2023, 11, 11)),
        ("singles' day", date(2023, 11, 11)),
        ("元旦", date(2023, 1, 1)),
        ("thanksgiving", date(2023, 11, 23)),
        ("black friday", date(2024, 11, 29)),
        ("cyber monday", date(2024, 12, 2)),
        ("good friday", date(2024, 3, 29)),
        ("easter sunday", date(2024, 3, 31)),
        ("mother's day", date(2023, 5, 14)),
        ("父亲节", date(2023, 6, 18)),
    ],
)
def test_feasts(name: str, day: date) -> None:
    """Years with a leap month among them. The feast of the eighth is of the lunar year, which ends in the next."""
    first, last = NAMES[name](day.year)
    assert first <= day <= last
    assert (last - first).days == 0


@pytest.mark.parametrize(
    "sunday", [date(2019, 4, 21), date(2022, 4, 17), date(2023, 4, 9), date(2024, 3, 31)]
)
def test_easter(sunday: date) -> None:
    """From Friday to Monday."""
    assert NAMES["easter"](sunday.year) == (sunday - timedelta(days=2), sunday + timedelta(days=1))


def test_months_follow_each_other_without_a_gap() -> None:
    """Over all years of the table; a leap month lengthens the one before it."""
    day = lunar_day(1950, 1, 1)
    for year in range(1950, 2061):
        for month in range(1, 13):
            first, last = lunar_month(year, month)
            assert first == day
            assert (last - first).days + 1 in {29, 30, 58, 59, 60}
            day = last + timedelta(days=1)


def test_years_outside_the_table_are_not_known() -> None:
    """Rather than guessed."""
    with pytest.raises(ValueError, match="2061"):
        lunar_day(2061, 1, 1)
    with pytest.raises(ValueError, match="1949"):
        lunar_day(1949, 8, 15)
