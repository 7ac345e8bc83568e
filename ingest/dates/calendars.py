"""Numbers, months and parts of the year, as people write them, and the days that they span."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Days = tuple[date, date]
"""First and last day, both included."""
Window = tuple[int, int, int, int]
"""Month and day of the first and of the last day; it ends in the next year where the last comes before the first."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
_MONTHS = 12
_SHORT_YEARS_BEFORE_2000 = 50

_DIGITS: Mapping[str, int] = {
    **{c: i for i, c in enumerate("零一二三四五六七八九")},
    **dict.fromkeys("〇○", 0),
    "两": 2,
}
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS = "one two three four five six seven eight nine ten eleven twelve"
_WORDS: Mapping[str, int] = {
    **{word: i for i, word in enumerate(_COUNTS.split(), 1)},
    "a": 1,
    "an": 1,
    "a couple of": 2,
}

SEASONS: Mapping[str, Window] = {
    **dict.fromkeys(("春", "spring"), (3, 1, 5, 31)),
    **dict.fromkeys(("夏", "summer"), (6, 1, 8, 31)),
    **dict.fromkeys(("秋", "fall", "autumn"), (9, 1, 11, 30)),
    **dict.fromkeys(("冬", "winter"), (12, 1, 2, 28)),
}
# Those of the lunar calendar as wide as they move.
FEASTS: Mapping[str, Window] = {
    "元旦": (1, 1, 1, 3),
    "寒假": (1, 10, 2, 28),
    **dict.fromkeys(("除夕", "年三十", "大年三十"), (1, 20, 2, 20)),
    **dict.fromkeys(("春节", "过年", "新年", "大年初一"), (1, 20, 2, 28)),
    "元宵": (2, 4, 3, 6),
    "清明": (4, 3, 4, 7),
    **dict.fromkeys(("五一", "劳动节"), (5, 1, 5, 5)),
    "端午": (5, 25, 6, 26),
    "暑假": (7, 1, 8, 31),
    "七夕": (7, 31, 8, 31),
    "中秋": (9, 7, 10, 8),
    **dict.fromkeys(("国庆", "十一"), (10, 1, 10, 7)),
    **dict.fromkeys(("双十一", "双11"), (11, 1, 11, 12)),
    **dict.fromkeys(("圣诞", "christmas"), (12, 24, 12, 26)),
}
PARTS_OF_YEAR: Mapping[str, Window] = {
    "上半年": (1, 1, 6, 30),
    "下半年": (7, 1, 12, 31),
    **dict.fromkeys(("初", "early"), (1, 1, 3, 31)),
    **dict.fromkeys(("中", "mid"), (5, 1, 8, 31)),
    **dict.fromkeys(("底", "末", "终", "late", "end"), (11, 1, 12, 31)),
}
# First and last day of a month; 31 stands for its end.
PARTS_OF_MONTH: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("初", "上旬", "early"), (1, 10)),
    **dict.fromkeys(("中", "中旬", "mid"), (11, 20)),
    "中上旬": (1, 20),
    "中下旬": (11, 31),
    **dict.fromkeys(("底", "末", "下旬", "late", "end"), (21, 31)),
}


def number(text: str) -> int:
    """A number of at most four digits: 23, 二十三, 廿三, 十, 二〇二三, two.

    Raises:
        ValueError: it is none.
    """
    word = text.strip().lower()
    if word.isascii() and word.isdigit():
        return int(word)
    if word in _WORDS:
        return _WORDS[word]
    word = word.replace("廿", "二十").replace("卅", "三十")
    if "十" in word:
        tens, _, ones = word.partition("十")
        return (_digits(tens) if tens else 1) * 10 + (_digits(ones) if ones else 0)
    return _digits(word)


def _digits(text: str) -> int:
    try:
        return int("".join(str(_DIGITS[c]) for c in text))
    except KeyError as e:
        raise ValueError(text) from e


def month_number(text: str) -> int:
    """Of a month: 5, 五, May.

    Raises:
        ValueError: it is none.
    """
    start = text[:3].lower()
    return _ENGLISH.index(start) + 1 if start in _ENGLISH else number(text)


def full_year(text: str) -> int:
    """A year of two or four digits; 98 is 1998, 21 is 2021.

    Raises:
        ValueError: it is none.
    """
    year = number(text)
    if len(text) > 2:  # noqa: PLR2004 - digits of a short year
        return year
    return year + (1900 if year >= _SHORT_YEARS_BEFORE_2000 else 2000)


def day(year: int, month: int, of_month: int) -> Days:
    """One day.

    Raises:
        ValueError: there is no such day.
    """
    return _checked(date(year, month, of_month), date(year, month, of_month))


def days_of_month(year: int, month: int, first: int, last: int) -> Days:
    """Some days of a month; a last day after its end is its end.

    Raises:
        ValueError: there are no such days.
    """
    if not 1 <= month <= _MONTHS:
        raise ValueError(month)
    end = min(last, monthrange(year, month)[1])
    return _checked(date(year, month, first), date(year, month, end))


def months(year: int, first: int, last: int) -> Days:
    """Whole months; where the last comes before the first, it is the next year's.

    Raises:
        ValueError: there are no such months.
    """
    until = year + (last < first)
    return _checked(date(year, first, 1), days_of_month(until, last, 1, 31)[1])


def window(year: int, part: Window) -> Days:
    """A part of a year.

    Raises:
        ValueError: it lies outside the years that are read.
    """
    first_month, first_day, last_month, last_day = part
    until = year + ((last_month, last_day) < (first_month, first_day))
    return _checked(date(year, first_month, first_day), date(until, last_month, last_day))


def week(year: int, number_of_week: int) -> Days:
    """Monday to Sunday of an ISO week.

    Raises:
        ValueError: there is no such week.
    """
    monday = date.fromisocalendar(year, number_of_week, 1)
    return _checked(monday, monday + timedelta(days=6))


def years(first: int, last: int) -> Days:
    """Whole years.

    Raises:
        ValueError: they lie outside the years that are read.
    """
    return _checked(date(first, 1, 1), date(last, 12, 31))


def _checked(first: date, last: date) -> Days:
    if first.year < FIRST_YEAR or last.year > LAST_YEAR or first > last:
        raise ValueError((first, last))
    return first, last
