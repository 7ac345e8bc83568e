"""Days counted from today: last week, three months ago, the past two years."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

from ingest.dates import calendars

if TYPE_CHECKING:
    from ingest.dates.calendars import Days

Unit = Literal["day", "week", "month", "quarter", "year"]
_MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
_SATURDAY, _WEEK = 5, 7
_MONTH_PARTS: Final = {"上半月": (1, 15), "下半月": (16, 31), "first half": (1, 15), "second half": (16, 31)}


def back(today: date, unit: Unit, count: int) -> date:
    """The day so many units before today; the last of a shorter month."""
    if unit in {"day", "week"}:
        return today - timedelta(days=count * (_WEEK if unit == "week" else 1))
    year, month = divmod(today.year * 12 + today.month - 1 - count * _MONTHS_IN[unit], 12)
    if not calendars.FIRST_YEAR <= year <= calendars.LAST_YEAR:
        raise ValueError(year)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def past(today: date, unit: Unit, count: int) -> Days:
    """From so many units back to today.

    Raises:
        ValueError: that is too long ago.
    """
    return back(today, unit, count), today


def whole(today: date, unit: Unit, steps: int) -> Days:
    """The whole calendar unit so many steps after this one.

    Raises:
        ValueError: that is too far.
    """
    there = back(today, unit, -steps)
    if unit == "day":
        return there, there
    if unit == "week":
        monday = there - timedelta(days=there.weekday())
        return monday, monday + timedelta(days=_WEEK - 1)
    if unit == "month":
        return calendars.months(there.year, there.month, there.month)
    if unit == "quarter":
        return quarter(there.year, (there.month - 1) // 3 + 1)
    return calendars.years(there.year, there.year)


def quarter(year: int, number: int) -> Days:
    """Three months of a year.

    Raises:
        ValueError: there is no such quarter.
    """
    return calendars.months(year, 3 * number - 2, 3 * number)


def half(year: int, number: int) -> Days:
    """Six months of a year.

    Raises:
        ValueError: there is no such half.
    """
    return calendars.months(year, 6 * number - 5, 6 * number)


def season(year: int, name: str) -> Days:
    """Three whole months of a year; winter ends in the next.

    Raises:
        ValueError: the year is none that is read.
    """
    first, _, last, _ = calendars.SEASONS[name]
    return calendars.months(year, first, last)


def weekend(today: date, steps: int) -> Days:
    """Saturday and Sunday of the week so many steps after this one."""
    saturday = whole(today, "week", steps)[0] + timedelta(days=_SATURDAY)
    return saturday, saturday + timedelta(days=1)


def last_weekend(today: date) -> Days:
    """The last one that has begun."""
    return weekend(today, 0 if today.weekday() >= _SATURDAY else -1)


def weekday(today: date, steps: int, number: int) -> Days:
    """A day of the week so many steps after this one; Monday is 0."""
    found = whole(today, "week", steps)[0] + timedelta(days=number)
    return found, found


def last_weekday(today: date, number: int, *, over: bool = False) -> Days:
    """The last such day, today included unless it must be ``over``."""
    back_by = (today.weekday() - number) % _WEEK
    found = today - timedelta(days=_WEEK if over and not back_by else back_by)
    return found, found


def part_of_month(year: int, month: int, part: str) -> Days:
    """Early, the middle or late in a month, by the shared names of its parts.

    Raises:
        ValueError: there is no such month.
    """
    first, last = _MONTH_PARTS.get(part) or calendars.PARTS_OF_MONTH[part]
    return calendars.days_of_month(year, month, first, last)
