"""The first week of May, 2020年的最后一个月: a part of a time, told by counting within it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.dates.calendars import Days
    from rag.search.reading.times import Time

_ENGLISH = re.compile(
    r"(?:\b(?:in|on|during|over|for)\s)?(?:\bthe\s)?\b(?P<nth>first|second|third|fourth|last|final)\s(?:(?P<n>two|three|four|five|six|ten|few|couple(?:\sof)?|[0-9]{1,2})\s)?(?P<unit>day|weekend|week|month|quarter)s?\s\Z",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"(?:of|in)\s", re.IGNORECASE)
_CHINESE = re.compile(
    r"的?(?P<nth>最后|头|前|第(?=[一二三四五六]))(?P<n>[0-9]{1,2}|[一二两三四五六七八九十几]{1,2})个?(?P<unit>天|周末|周|星期|月|季度)"
)
_WEEK_OF = re.compile(
    r"(?:\b(?:in|during|on|for)\s)?(?:\b(?:the|that)\s)?\b(?:week(?P<end>end)?\s(?:(?:of|starting|beginning|commencing|from)\s(?:on\s)?(?:the\s)?)?)\Z",
    re.IGNORECASE,
)
_HAN_WEEK_OF = re.compile(
    r"(?:所在)?的?\s?[那这当同]一?个?(?:(?:周|星期|礼拜)(?![一二三四五六日天末])|(?P<end>周末|双休日))"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BESIDE = re.compile(
    rf"(?:\b(?:on|in|over)\s)?\bthe\s(?P<unit>day|week|weekend|{'|'.join(_WEEKDAYS)})\s(?P<side>before|after)\s(?:the\s)?\Z",
    re.IGNORECASE,
)
_HAN_BESIDE = re.compile(r"节?的?(?:(?P<side>前|后)的?第?一?个?(?P<unit>天|周|星期)|(?P<next>第二天))")
_ORDINALS: Final[Mapping[str, int]] = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_MONTHS_IN: Final[Mapping[str, int]] = {"month": 1, "月": 1, "季度": 3, "quarter": 3}
_FEW = 3
_WEEK, _SATURDAY = 7, 5


def sliced(text: str, time: Time) -> Time:
    """The part of a time that the words before or behind it count off, or all of it."""
    if (m := _ENGLISH.search(text, 0, time.start)) and _WITHIN.match(text, time.start):
        return _cut(time, m, m.start(), time.end)
    if time.days[0] == time.days[1] and (week := _week_of(text, time)):
        return week
    if m := _BESIDE.search(text, 0, time.start):
        return _moved(time, m.start(), time.end, _next_to(time.days, m["unit"].lower(), m["side"].lower()))
    if m := _HAN_BESIDE.match(text, time.end - text[: time.end].endswith("的")):
        return _moved(time, time.start, m.end(), _next_to(time.days, m["unit"] or "天", m["side"] or "后"))
    if m := _CHINESE.match(text, time.end - text[: time.end].endswith("的")):
        return _cut(time, m, time.start, m.end())
    return time


def _week_of(text: str, time: Time) -> Time | None:
    """The week of a day, or the weekend of its week, where the words beside it say so."""
    monday = time.days[0] - timedelta(days=time.days[0].weekday())
    if m := _WEEK_OF.search(text, 0, time.start):
        start, end = m.start(), time.end
    elif (m := _HAN_WEEK_OF.search(text, time.start)) and m.start() <= time.end <= m.end():
        start, end = time.start, m.end()
    else:
        return None
    first = monday + timedelta(days=_SATURDAY if m["end"] else 0)
    return _moved(time, start, end, (first, monday + timedelta(days=_WEEK - 1)))


def _moved(time: Time, start: int, end: int, days: Days) -> Time:
    return replace(time, start=start, end=end, when=replace(time.when, days=days))


def _next_to(days: Days, unit: str, side: str) -> Days:
    """The day or week before or after a time, or the nearest weekend or day of the week."""
    if unit == "weekend" or unit in _WEEKDAYS:
        number = _SATURDAY if unit == "weekend" else _WEEKDAYS.index(unit)
        if side == "before":
            last = days[0] - timedelta(days=1)
            first = last - timedelta(days=(last.weekday() - number) % _WEEK)
        else:
            first = days[1] + timedelta(days=1 + (number - days[1].weekday() - 1) % _WEEK)
        return first, first + timedelta(days=unit == "weekend")
    length = timedelta(days=_WEEK - 1 if unit in {"week", "周", "星期"} else 0)
    if side in {"before", "前"}:
        last = days[0] - timedelta(days=1)
        return last - length, last
    first = days[1] + timedelta(days=1)
    return first, first + length


def _cut(time: Time, m: re.Match[str], start: int, end: int) -> Time:
    try:
        days = _part(time.days, m["nth"].lower(), (m["n"] or "").lower(), m["unit"].lower())
    except (ValueError, OverflowError):
        return time
    weekend = m["unit"].lower() in {"weekend", "周末"}  # its Sunday may be of the next month
    if not time.days[0] <= days[0] <= days[1] - timedelta(days=weekend) <= time.days[1]:
        return time
    return _moved(time, start, end, days)


def _part(days: Days, nth: str, n: str, unit: str) -> Days:
    """So many units from the start or the end of a time, or the nth of them."""
    ordinal = calendars.number(n) if nth == "第" else _ORDINALS.get(nth, 1)
    count = 1 if nth == "第" or not n else _FEW if n in {"few", "几"} else calendars.number(_counted(n))
    at_end = nth in {"最后", "last", "final"}
    if unit in _MONTHS_IN:
        size = _MONTHS_IN[unit]
        return _months(days, size * (ordinal - 1), size * count, at_end=at_end)
    if unit in {"weekend", "周末"}:
        return _weekends(days, -count if at_end else ordinal - 1, count)
    length = timedelta(days=count * (1 if unit in {"day", "天"} else _WEEK))
    if at_end:
        return days[1] - length + timedelta(days=1), days[1]
    first = days[0] + length * (ordinal - 1)
    return first, first + length - timedelta(days=1)


def _weekends(days: Days, skipped: int, count: int) -> Days:
    """Some of those whose Saturday lies in a time, counted from its start or, where ``skipped`` is negative, its end."""
    if skipped < 0:
        saturday = days[1] - timedelta(days=(days[1].weekday() - _SATURDAY) % _WEEK + _WEEK * (-1 - skipped))
    else:
        saturday = days[0] + timedelta(days=(_SATURDAY - days[0].weekday()) % _WEEK + _WEEK * skipped)
    return saturday, saturday + timedelta(days=_WEEK * (count - 1) + 1)


def _counted(n: str) -> str:
    return "two" if n.startswith("couple") else n


def _months(days: Days, skipped: int, count: int, *, at_end: bool) -> Days:
    day = days[1] if at_end else days[0]
    first = day.year * 12 + day.month - 1 + (1 - count if at_end else skipped)
    last = first + count - 1
    begun = calendars.months(first // 12, first % 12 + 1, first % 12 + 1)
    return begun[0], calendars.months(last // 12, last % 12 + 1, last % 12 + 1)[1]
