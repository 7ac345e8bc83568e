"""A time as a text names it, often with its year or its month left to the reader, and the days that it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from ingest.dates import calendars

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.dates.calendars import Days, Window

Unit = Literal["day", "week", "month", "year"]
_LONGEST_MONTH = 31
_WHOLE_YEAR = 300  # days from which on a span counts as a year
_SOON = timedelta(days=14)
_AHEAD = timedelta(days=180)
_FAR = 0.8


class Shift(NamedTuple):
    """So many units after the base (before it, where ``steps`` is negative)."""

    unit: Unit
    steps: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What a text says of a time.

    Attributes:
        trust: how surely these words are a date, and one of what they stand in; 0 to 1.
        last_year, last_month, last_day: where it is a span that ends in another year, month or day.
        week: ISO week of the year.
        part: season, quarter or half of the year, or a feast.
        shift: "last week", "去年".
        weekday: of the shifted week; Monday is 0.
        present: it only says "now", as 今年 does.
        future: the words beside it speak of a plan.
    """

    trust: float
    year: int | None = None
    month: int | None = None
    day: int | None = None
    last_year: int | None = None
    last_month: int | None = None
    last_day: int | None = None
    week: int | None = None
    part: Window | None = None
    shift: Shift | None = None
    weekday: int | None = None
    present: bool = False
    future: bool = False

    @property
    def absolute(self) -> bool:
        """Whether it needs nothing beside it to be understood."""
        return self.year is not None


def days_of(moment: Moment, base: Days | None) -> tuple[Days, float] | None:
    """The days that a moment means and how sure that is; None where it cannot be told, or is no date.

    ``base`` is the time that the text speaks from; a span of a year or more is the year it speaks about.
    """
    try:
        if moment.year is not None:
            return _in_year(moment, moment.year), 1.0
        return _from_base(moment, base) if base else None
    except (ValueError, OverflowError):
        return None


def _in_year(moment: Moment, year: int) -> Days:
    if moment.week is not None:
        return calendars.week(year, moment.week)
    if moment.part is not None:
        return calendars.window(year, moment.part)
    if moment.month is None:
        return calendars.years(year, moment.last_year or year)
    if moment.day is None:
        return calendars.months(year, moment.month, moment.last_month or moment.month)
    return calendars.days_of_month(year, moment.month, moment.day, max(moment.day, moment.last_day or 0))


def _from_base(moment: Moment, base: Days) -> tuple[Days, float]:
    if moment.shift is not None:
        return _shifted(moment, moment.shift, base), 1.0
    if (base[1] - base[0]).days >= _WHOLE_YEAR:
        return _in_year(moment, base[0].year), 1.0
    if moment.day is not None and moment.month is None:
        if (base[1] - base[0]).days >= _LONGEST_MONTH:
            raise ValueError(base)
        return calendars.day(base[0].year, base[0].month, moment.day), 1.0
    return _nearest(lambda year: _in_year(moment, year), base[1], future=moment.future)


def _nearest(in_year: Callable[[int], Days], today: date, *, future: bool) -> tuple[Days, float]:
    """Without a year the past is meant, unless it is a plan or only days ahead."""
    years = today.year - 1, today.year, today.year + 1
    found = [days for year in years if (days := _or_none(in_year, year))]
    past = [days for days in found if days[0] <= today]
    ahead = [days for days in found if days[0] > today]
    if not past:  # a leap day
        past = [days for year in range(today.year - 4, today.year - 1) if (days := _or_none(in_year, year))]
    if ahead and future:
        return (past[-1] if past and past[-1][1] >= today else ahead[0]), 1.0
    single = ahead and ahead[0][0] == ahead[0][1]
    if ahead and single and ahead[0][0] - today <= _SOON:
        return ahead[0], 1.0
    if not past:
        raise ValueError(today)
    # A month that was long ago and comes again soon may be a plan.
    return past[-1], _FAR if ahead and ahead[0][0] - today < _AHEAD else 1.0


def _or_none(in_year: Callable[[int], Days], year: int) -> Days | None:
    try:
        return in_year(year)
    except ValueError:
        return None


def _shifted(moment: Moment, shift: Shift, base: Days) -> Days:
    unit, steps = shift
    if unit == "year":
        begun = _in_year(moment, base[0].year - 1) if moment.part and not steps else base
        return (
            begun if begun[0] < base[0] <= begun[1] else _in_year(moment, base[0].year + steps)
        )  # this winter
    if unit == "month":
        year, month = divmod(base[1].year * 12 + base[1].month - 1 + steps, 12)
        return calendars.months(year, month + 1, month + 1)
    today = base[1]
    if unit == "day":
        found = today + timedelta(days=steps)
        return calendars.day(found.year, found.month, found.day)
    year, number, _ = (today + timedelta(weeks=steps)).isocalendar()
    monday, sunday = calendars.week(year, number)
    if moment.weekday is None:
        return monday, sunday
    found = monday + timedelta(days=moment.weekday)
    return found, found
