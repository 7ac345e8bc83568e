"""Lines that are a date and little else: datelines, and the headings of diaries and logs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.dates import calendars
from ingest.dates.moments import Moment
from ingest.dates.words import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 80
_WEEKDAY = r"(?:周|星期|礼拜)[一二三四五六日天]|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\b"
_BEFORE = re.compile(
    rf"[\W_]*(?:(?:{_WEEKDAY})[\W_]*)?(?:(?P<label>[A-Za-z一-鿿][A-Za-z 一-鿿]{{0,20}}?)[ *_]*[:：]{{1,2}}[\W_]*)?"
)
_AFTER = re.compile(
    rf"""(?:{_WEEKDAY}
      | [晴阴雨雪雾霾风转到多云大中小暴阵雷有沙尘]
      | (?:sunny|cloudy|rain|rainy|snow|snowy|windy|overcast|clear|at|[AaPp][Mm])\b
      | [0-9]{{1,2}}[:：][0-9]{{2}}(?:[:：][0-9]{{2}})?
      | 上午|下午|晚上?|早上?|凌晨|中午
      | -?[0-9]{{1,2}}\s?(?:℃|°C?|度)
      | [\W_]
    )*+""",
    re.VERBOSE,
)

_FRONT_MATTER = re.compile(r"\A(-{3}|\+{3})[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)

_MONTH_DAY = re.compile(
    rf"\W*(?P<month>1[0-2]|0?[1-9])(?P<sep>[-/.])(?P<day>3[01]|[12][0-9]|0?[1-9])(?:(?P<weekday>[\s(（,，]*(?:{_WEEKDAY}).*)|[^\w.]*)"
)
_COMPACT = re.compile(r"\W*(?P<year>(?:19|20)[0-9]{2})(?P<month>[01][0-9])(?P<day>[0-3][0-9])(?![0-9]).*")
_OF_MONTH = re.compile(
    rf"\W*(?P<day>3[01]|[12][0-9]|0?[1-9]|[一二三四五六七八九十廿]{{1,3}})\s?(?:[日号號]|(?:st|nd|rd|th)\b)[\s(（,，]*(?:{_WEEKDAY})?\W*"
)
_WEEK = re.compile(
    r"\W*(?:(?P<year>(?:19|20)[0-9]{2})\s?[年_-]?\s?)?(?:[Ww]eek[ -]?|[Ww]|第\s?(?=[0-9]{1,2}\s?周))(?P<week>[0-9]{1,2})(?:\s?周)?(?![0-9A-Za-z]|[.][0-9]).*"
)
_MONTH_NAME = re.compile(
    r"\W*(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\W*"
)
_QUARTER = re.compile(
    r"\W*(?:Q(?P<q>[1-4])|第?(?P<zh>[一二三四])季度)(?:\W*|\s?(?:OKR|目标|总结|计划|复盘|[Rr]eview|[Gg]oals|[Pp]lan).*)"
)
_YEAR = re.compile(
    r"\W*(?P<year>(?:19|20)[0-9]{2})(?:\W*|\W{0,2}(?:[一-鿿]|(?:[Rr]eview|[Gg]oals?|[Pp]lan|[Ii]n)\b).*)"
)

_TRUST_DAY, _TRUST_WEEK, _TRUST_MONTH, _TRUST_YEAR = 0.95, 0.9, 0.85, 0.5
_BOOST, _SURE = 1.2, 0.95


def body_start(text: str) -> int:
    """Where a note's text begins below its properties."""
    front = _FRONT_MATTER.match(text)
    return front.end() if front else 0


def heading_moments(text: str) -> list[Moment]:
    """The times that a heading names; they are surer than in running text."""
    line = text[:_LONGEST]
    moments = [m.moment for m in mentions(line) if not m.moment.present]
    return [surer(moment) for moment in moments] or list(_bare(line))


def surer(moment: Moment) -> Moment:
    """The same, where it stands out from the text."""
    return replace(moment, trust=min(_SURE, moment.trust * _BOOST))


def label_of(text: str, start: int, end: int) -> str | None:
    """What stands before the colon in a line that holds nothing but a date (and a weekday, the weather, ...).

    ``text[start:end]`` is the date. Empty where there is only the date, None where the line says more.
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    if last - first > _LONGEST:
        return None
    before = _BEFORE.fullmatch(text, first, start)
    if before is None or not _AFTER.fullmatch(text, end, last):
        return None
    return (before["label"] or "").strip()


def _bare(line: str) -> Iterator[Moment]:
    """Numbers that are a date because they are all there is: 03-15, 3/15 周三, 15 日, Week 12, January, 2022."""
    for pattern in (_COMPACT, _MONTH_DAY, _OF_MONTH, _WEEK, _MONTH_NAME, _QUARTER, _YEAR):
        m = pattern.fullmatch(line)
        moment = _moment(m) if m else None
        if moment is not None:
            yield moment
            return


def _moment(m: re.Match[str]) -> Moment | None:
    named = {key: value for key, value in m.groupdict().items() if value}
    year = int(named["year"]) if "year" in named else None
    if "day" in named:
        return _day(named, year)
    if "week" in named and m.re is _WEEK:
        return Moment(_TRUST_WEEK, year, week=int(named["week"]))
    if "month" in named:
        return Moment(_TRUST_MONTH, None, calendars.month_number(named["month"]))
    if m.re is _QUARTER:
        last = 3 * calendars.number(named.get("q") or named["zh"])
        return Moment(_TRUST_MONTH, None, last - 2, last_month=last)
    return Moment(_TRUST_YEAR, year)


def _day(named: Mapping[str, str], year: int | None) -> Moment | None:
    month = int(named["month"]) if "month" in named else None
    # "3.2" is a section, "1/2" a half.
    if "sep" in named and "weekday" not in named and (named["sep"] == "." or named["month"][0] != "0"):
        return None
    return Moment(_TRUST_DAY, year, month, _number(named["day"]))


def _number(text: str) -> int:
    try:
        return calendars.number(text)
    except ValueError:
        return 0  # no day of a month
