"""Reads a string that is meant as a date: a property's value, a file's name, a title."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import calendars
from ingest.dates.moments import days_of
from ingest.dates.words import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ingest.dates.calendars import Days

_LONGEST = 500
_DAY = re.compile(
    r"(?<![\d.])(?:(\d{4})[-/._](\d{1,2})[-/._](\d{1,2})|(\d{4})(\d{2})(\d{2})(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?)(?!\d)"
)
_DAY_FIRST = re.compile(r"(?<![\d.])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?![\d.])")
_WEEK = re.compile(r"(?<!\d)(\d{4})(?:[-_ ]?[Ww]|\s?年?\s?第\s?(?=\d{1,2}\s?周))(\d{1,2})(?!\d)")
_MONTH = re.compile(r"(?<![\d.])(\d{4})[-/._](\d{1,2})(?![-/._]\d|\d)")
_YEAR = re.compile(r"(?<![\d.])((?:19|20)\d{2})(?![\d.]|[-/_]\d(?!\d{3}(?!\d))|s\b)")
_TO = re.compile(r"[^\w+]{0,3}(?:[-~–—→～/]|至|到|to\b|until\b|through\b)\s?", re.IGNORECASE)
_ZONE = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:(Z|UTC|GMT)\b|([+-]\d{2}):?(\d{2})\b)")
_LETTERS = re.compile(r"[^\W\dTZ_]")
_MONTHS = 12
_WIDTHS = (0, 6, 15, 30, 61, 92, 184, 365)  # days between the first and the last of what is a unit to people


class Written(NamedTuple):
    """The days that a string names, and the UTC offset that stands beside them, or nothing."""

    first: date
    last: date
    zone: str = ""


class _Found(NamedTuple):
    start: int
    end: int
    days: Days


def read(text: str) -> Written | None:
    """The most exact date in a string, or the span that it begins; the zone is kept."""
    text = text[:_LONGEST]
    best = _best(text)
    if best is None:
        return None
    first, last = best.days
    joint = _TO.match(text, best.end)
    until = _until(text[joint.end() :], best.days) if joint else None
    return Written(first, max(last, until or last), zone(text))


def _until(text: str, begun: Days) -> date | None:
    """The end of a span: a date of its own, or a day or month of the year in which the span begins."""
    end = _best(text)
    if end and end.start == 0:
        return end.days[1]
    mention = next(iter(mentions(text)), None)
    if mention is None or mention.start or mention.moment.month is None or mention.moment.shift:
        return None
    known = days_of(replace(mention.moment, year=begun[0].year), None)
    # "3 May - March in pictures" is no span.
    return known[0][1] if known and (known[0][0] == known[0][1]) == (begun[0] == begun[1]) else None


def zone(text: str) -> str:
    """The UTC offset in a time stamp, as ``+08:00``; empty where there is none."""
    m = _ZONE.search(text)
    if not m:
        return ""
    return "+00:00" if m[1] else f"{m[2]}:{m[3]}"


def _best(text: str) -> _Found | None:
    """The narrowest, of equal ones the first: months are equal, and years."""
    return min(
        _all(text), key=lambda f: (bisect_left(_WIDTHS, (f.days[1] - f.days[0]).days), f.start), default=None
    )


def _all(text: str) -> Iterator[_Found]:
    for pattern in (_DAY, _DAY_FIRST, _WEEK, _MONTH, _YEAR):
        for m in pattern.finditer(text):
            try:
                days = _numbers(m)
            except ValueError:
                continue
            if days:
                yield _Found(m.start(), m.end(), days)
    for mention in mentions(text) if _LETTERS.search(text) else ():
        if mention.moment.absolute and (known := days_of(mention.moment, None)):
            yield _Found(mention.start, mention.end, known[0])


def _numbers(m: re.Match[str]) -> Days | None:
    numbers = [int(g) for g in m.groups() if g and g.isdigit()]
    if m.re is _DAY_FIRST:
        return _day_first(*numbers)
    if m.re is _DAY:
        return calendars.day(*numbers)
    if m.re is _WEEK:
        return calendars.week(*numbers)
    if m.re is _MONTH:
        return calendars.months(numbers[0], numbers[1], numbers[1])
    return calendars.years(numbers[0], numbers[0])


def _day_first(first: int, second: int, year: int) -> Days | None:
    """25.12.2022 and 12/25/2022, but not 5/6/2022: half of the world reads that the other way."""
    if first > _MONTHS or first == second:
        return calendars.day(year, second, first)
    return calendars.day(year, first, second) if second > _MONTHS else None
