"""Feasts and holidays of a given year, to the day; those of the lunar calendar from a table of its months."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.dates.calendars import Days

FIRST_YEAR: Final = 1950
_FIRST_NEW_YEAR: Final = date(1950, 2, 17)
# A year each, from 1950 to 2060: in hexadecimal, from the left, whether the leap month has 30 days (else 29), whether
# the months 1 to 12 have, and after which month the leap month comes (0: none).
_MONTHS: Final = """
06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 0aea6 0ab50 04b60 0aae4 0a570 05260 0f263 0d950
05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558 0b540 0b6a0 195a6 095b0 049b0 0a974 0a4b0 0b27a 06a50
06d40 0af46 0ab60 09570 04af5 04970 064b0 074a3 0ea50 06b58 05ac0 0ab60 096d5 092e0 0c960 0d954 0d4a0 0da50
07552 056a0 0abb7 025d0 092d0 0cab5 0a950 0b4a0 0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 07954 06aa0
0ad50 05b52 04b60 0a6e6 0a4e0 0d260 0ea65 0d530 05aa0 076a3 096d0 04afb 04ad0 0a4d0 1d0b6 0d250 0d520 0dd45
0b5a0 056d0 055b2 049b0 0a577 0a4b0 0aa50 1b255 06d20 0ada0 14b63 09370 049f8 04970 064b0 168a6 0ea50 06b20
1a6c4 0aae0 092e0
"""
_LONG, _SHORT = 30, 29
_LAST_MONTH = 12
_DAYS_OFF = 8  # of the Spring Festival, from New Year's Eve on
_SUNDAY, _THURSDAY = 6, 3


@cache
def _years() -> tuple[tuple[date, tuple[int, ...]], ...]:
    """Of each lunar year its first day, and the lengths of its months, a leap month's added to the one before it."""
    found, first = [], _FIRST_NEW_YEAR
    for code in _MONTHS.split():
        bits = int(code, 16)
        lengths = [_LONG if bits >> (16 - month) & 1 else _SHORT for month in range(1, _LAST_MONTH + 1)]
        if leap := bits & 0xF:
            lengths[leap - 1] += _LONG if bits >> 16 else _SHORT
        found.append((first, tuple(lengths)))
        first += timedelta(days=sum(lengths))
    return tuple(found)


def lunar_day(year: int, month: int, day: int) -> date:
    """The day of a date of the Chinese calendar, never of a leap month.

    Raises:
        ValueError: it lies outside the table.
    """
    if not (0 <= year - FIRST_YEAR < len(_years()) and 1 <= month <= _LAST_MONTH and 1 <= day <= _LONG):
        raise ValueError((year, month, day))
    first, lengths = _years()[year - FIRST_YEAR]
    return first + timedelta(days=sum(lengths[: month - 1]) + day - 1)


def lunar_month(year: int, month: int) -> Days:
    """The days of a month of the Chinese calendar, with the leap month that follows it.

    Raises:
        ValueError: it lies outside the table.
    """
    first = lunar_day(year, month, 1)
    return first, first + timedelta(days=_years()[year - FIRST_YEAR][1][month - 1] - 1)


def _lunar(month: int, day: int) -> Callable[[int], Days]:
    def of(year: int) -> Days:
        found = lunar_day(year, month, day)
        return found, found

    return of


def _fixed(first_month: int, first_day: int, last_month: int = 0, last_day: int = 0) -> Callable[[int], Days]:
    window = (first_month, first_day, last_month or first_month, last_day or first_day)
    return lambda year: calendars.window(year, window)


def _nth(month: int, weekday: int, nth: int) -> Callable[[int], Days]:
    def of(year: int) -> Days:
        first = date(year, month, 1)
        found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        return found, found

    return of


def _spring_festival(year: int) -> Days:
    eve = lunar_day(year, 1, 1) - timedelta(days=1)
    return eve, eve + timedelta(days=_DAYS_OFF - 1)


def _new_years_eve(year: int) -> Days:
    """Of the year that it ends in, as 2023年除夕 is the day before 2023's Spring Festival."""
    eve = lunar_day(year, 1, 1) - timedelta(days=1)
    return eve, eve


def _tomb_sweeping(year: int) -> Days:
    """By the mean length of the solar year: right for 1950 to 2060."""
    of_century = year % 100
    start = 4.81 if year >= 2000 else 5.59  # noqa: PLR2004 - the constants of the two centuries
    return calendars.day(year, 4, int(of_century * 0.2422 + start) - of_century // 4)


def _winter_solstice(year: int) -> Days:
    """As above."""
    of_century = year % 100
    start = 21.91 if year >= 2000 else 22.60  # noqa: PLR2004 - the constants of the two centuries
    return calendars.day(year, 12, int(of_century * 0.2422 + start) - of_century // 4)


def _winter_holidays(year: int) -> Days:
    return date(year, 1, 10), calendars.months(year, 2, 2)[1]


def _from_easter(first: int, last: int) -> Callable[[int], Days]:
    """So many days after the Sunday."""
    return lambda year: (_easter(year) + timedelta(days=first), _easter(year) + timedelta(days=last))


def _easter(year: int) -> date:
    """The Sunday; Gregorian computus (Meeus/Jones/Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * j) // 433
    month = (h + j - 7 * m + 90) // 25
    return date(year, month, (h + j - 7 * m + 33 * month + 19) % 32)


def _turn_of_the_year(year: int) -> Days:
    """Of the year that begins."""
    return date(year - 1, 12, 31), date(year, 1, 2)


def _after_thanksgiving(days: int) -> Callable[[int], Days]:
    def of(year: int) -> Days:
        found = _nth(11, _THURSDAY, 4)(year)[0] + timedelta(days=days)
        return found, found

    return of


def _shared(name: str) -> Callable[[int], Days]:
    return lambda year: calendars.window(year, calendars.FEASTS[name])


_FEASTS: Final[tuple[tuple[Callable[[int], Days], str], ...]] = (
    (_spring_festival, "春节|新春|新年|过年|农历新年|chinese new year|spring festival|lunar new year"),
    (_new_years_eve, "除夕|大年三十|年三十|chinese new year's eve|lunar new year's eve|spring festival eve"),
    (_lunar(1, 1), "大年初一|年初一|正月初一|chinese new year's day|lunar new year's day"),
    (_lunar(1, 15), "元宵|正月十五|lantern festival"),
    (_tomb_sweeping, "清明|qingming|qingming festival|tomb-sweeping day|tomb sweeping day"),
    (_lunar(5, 5), "端午|dragon boat festival|duanwu"),
    (_lunar(7, 7), "七夕|qixi|qixi festival"),
    (
        _lunar(8, 15),
        "中秋|mid-autumn festival|mid-autumn|mid autumn festival|moon festival|moon cake festival|mooncake festival",
    ),
    (_lunar(9, 9), "重阳|double ninth festival"),
    (_lunar(12, 8), "腊八"),
    (_winter_solstice, "冬至|winter solstice|dongzhi"),
    (_fixed(1, 1), "元旦|new year's day|new years day"),
    (
        _shared("国庆"),
        "国庆|十一|十一假期|十一长假|十一黄金周|十一期间|national day holiday|national day holidays|national day|golden week",
    ),
    (_shared("五一"), "五一|劳动节"),
    (_fixed(11, 11), "双十一|双11|光棍节|singles' day|singles day|single's day|double eleven|double 11"),
    (_shared("圣诞"), "圣诞|christmas|xmas"),
    (_winter_holidays, "寒假"),
    (_shared("暑假"), "暑假|暑期|summer holidays|summer holiday|summer vacation|summer break"),
    (_fixed(12, 31, 1, 1), "跨年"),
    (_fixed(12, 31), "new year's eve|new years eve"),
    (_turn_of_the_year, "new year's|new year|new years"),
    (_fixed(2, 14), "情人节|valentine's day|valentines day|valentine's"),
    (_fixed(3, 8), "妇女节|三八节"),
    (_fixed(5, 4), "青年节|五四"),
    (_fixed(6, 1), "儿童节|六一"),
    (_fixed(6, 18), "618|六一八"),
    (_fixed(9, 10), "教师节"),
    (_fixed(10, 31), "万圣节|halloween"),
    (_fixed(12, 24), "平安夜|christmas eve"),
    (_fixed(12, 25), "christmas day"),
    (_fixed(12, 26), "boxing day"),
    (_fixed(12, 12), "双十二|双12"),
    (_fixed(7, 4), "independence day|the fourth of july|4th of july"),
    (_nth(5, _SUNDAY, 2), "母亲节|mother's day"),
    (_nth(6, _SUNDAY, 3), "父亲节|father's day"),
    (_nth(11, _THURSDAY, 4), "感恩节|thanksgiving"),
    (_after_thanksgiving(1), "black friday|黑色星期五|黑五"),
    (_after_thanksgiving(4), "cyber monday"),
    (_from_easter(-2, 1), "复活节|easter"),
    (_from_easter(-2, -2), "good friday"),
    (_from_easter(0, 0), "easter sunday"),
    (_from_easter(1, 1), "easter monday"),
)


NAMES: Final[Mapping[str, Callable[[int], Days]]] = {
    name: of for of, names in _FEASTS for name in names.split("|")
}
"""Days of a feast in a year, by its name: Chinese in simplified characters, English in lower case.

They raise ValueError for years that are not known.
"""
ENGLISH: Final = "|".join(sorted((n for n in NAMES if n[0].isascii() and n != "618"), key=len, reverse=True))
CHINESE: Final = "|".join(sorted(NAMES.keys() - {*ENGLISH.split("|"), "十一"}, key=len, reverse=True))
"""Alternatives of a pattern; 十一 is as well the number."""

THE_DAY: Final[Mapping[str, Callable[[int], Days]]] = {
    **dict.fromkeys(("春节", "新年", "农历新年"), _lunar(1, 1)),
    **dict.fromkeys(("国庆", "十一"), _fixed(10, 1)),
    **dict.fromkeys(("五一", "劳动节"), _fixed(5, 1)),
    "圣诞": _fixed(12, 25),
    "复活节": _from_easter(0, 0),
}
"""Of feasts of several days the one that 国庆节当天 means."""
AROUND: Final[Mapping[str, Callable[[int], Days]]] = {
    "元旦": _shared("元旦"),
    **dict.fromkeys(("双十一", "双11"), _shared("双十一")),
    "618": _fixed(6, 1, 6, 20),
}
"""Of feasts of one day those that 双十一期间 means; of the others it is the days beside them."""
