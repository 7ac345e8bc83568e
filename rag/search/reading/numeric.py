"""Days and months in digits alone: 2023-05-03, 20230503, 23.10.2024, 3/14/2021, 5.3那天, and years of the Republic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.dates import calendars
from rag.search.reading.times import Rule, When

if TYPE_CHECKING:
    from datetime import date

_IN = r"(?P<lead>\b(?:on|in|at|for|of|during)\s(?:the\s)?)?"
_YEAR = "(?P<year>(?:19|20)[0-9]{2})"
_MONTH, _DAY = "(?P<month>1[0-2]|0?[1-9])", "(?P<day>3[01]|[12][0-9]|0?[1-9])"
_NUMBER = "[0-9]{1,3}|[一二三四五六七八九十]{1,3}"
_YEAR_FIRST = re.compile(
    rf"{_IN}(?<![A-Za-z0-9_.+/])(?<!(?<![0-9])-){_YEAR}(?P<sep>[-/.]){_MONTH}(?:(?P=sep){_DAY}(?![0-9]|[-./][0-9])|(?![0-9]|[./][0-9]|-(?!(?:19|20)[0-9]{{2}}[-/.])[0-9]))"
)
_YEAR_LAST = re.compile(
    rf"{_IN}(?<![A-Za-z0-9_./-])(?P<a>[0-9]{{1,2}})(?P<sep>[-/.])(?P<b>[0-9]{{1,2}})(?P=sep){_YEAR}(?![0-9A-Za-z_/-]|\.[0-9])"
)
_SHORT_YEAR_LAST = re.compile(
    rf"{_IN}(?<![A-Za-z0-9_./-])(?P<a>[0-9]{{1,2}})/(?P<b>[0-9]{{1,2}})/(?P<year>[0-9]{{2}})(?![0-9A-Za-z_/-]|\.[0-9])"
)
# A hyphen before it only joins it to another.
_COMPACT = re.compile(
    rf"{_IN}(?<![A-Za-z0-9_.+/#$€£¥])(?<!(?<![0-9]{{8}})-){_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>3[01]|[12][0-9]|0[1-9])(?![0-9A-Za-z_%/]|[.,:][0-9A-Za-z]|-(?!(?:19|20)[0-9]{{6}})|\s?[元块个人只页字步米公万次])"
)
_REPUBLIC = re.compile(
    rf"民国\s?(?P<republic>{_NUMBER})\s?年(?:\s?(?P<month>[0-9]{{1,2}}|[一二三四五六七八九十]{{1,2}})\s?月(?:\s?(?P<day>[0-9]{{1,2}}|[一二三四五六七八九十]{{1,3}})\s?[日号])?)?"
)
# What follows says that it is a day.
_THAT_DAY = re.compile(
    rf"从?(?<![A-Za-z0-9_./-]){_MONTH}(?P<sep>[./-]){_DAY}(?:\s?[-~–—～至到]\s?(?P<month2>1[0-2]|0?[1-9])(?P=sep)(?P<day2>3[01]|[12][0-9]|0?[1-9]))?\s?(?:(?:那|这)[一几]?天|那几?日|当[天日晚]|那晚)"
)
_VERSION = re.compile(r"(?:[A-Za-z][ _-]?|版本?[是为号: ]{0,3}|(?:升级?|更新|评分|得分)[到至是为了]?\s?)\Z")
_IDENTIFIER = re.compile(
    r"(?:\b(?:no|number|id|order|ticket|issue|version|build|pr|ref|reference|invoice|commit|phone|code)[^\w]{1,3}|(?:号|号码|版本?|单|编号|代码|电话)[是为::#\s]{0,3})\Z",
    re.IGNORECASE,
)
_SEASON = re.compile(
    r"(?<=-[0-9]{2})(?:\s?[年度学赛财]|\s(?:season|school\syear|academic\syear)\b)", re.IGNORECASE
)
_TO = re.compile(
    r"(?<=[/-][0-9])[\u4e00-\u9fff]|\s?(?:[-~–—～]|[至到]|to|until|through)\s?(?:19|20)[0-9]{2}[-/.][0-9]"
)
_FROM = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}\s?(?:[-~–—～]|[至到]|to|until|through)\s?\Z")
_MONTHS = 12
_BEFORE_REPUBLIC = 1911


def _year_first(m: re.Match[str], _: date) -> When | None:
    if m["sep"] == "." and not m["lead"] and _VERSION.search(m.string, 0, m.start()):
        return None  # PyCharm 2022.1.3
    if (
        not m["day"]
        and len(m["month"]) == 1
        and not (_TO.match(m.string, m.end()) or _FROM.search(m.string, 0, m.start()))
    ):
        return None  # a fraction
    year, month = int(m["year"]), int(m["month"])
    if month == (year + 1) % 100 and _SEASON.match(m.string, m.end()):
        return When(calendars.years(year, year + 1))
    if m["day"]:
        return When(calendars.day(year, month, int(m["day"])))
    return When(calendars.months(year, month, month))


def _year_last(m: re.Match[str], _: date) -> When | None:
    """25.12.2022 and 12/25/2022, but not 5/6/2022: half of the world reads that the other way."""
    a, b, year = int(m["a"]), int(m["b"]), calendars.full_year(m["year"])
    if a > _MONTHS or a == b:
        return When(calendars.day(year, b, a))
    return When(calendars.day(year, a, b)) if b > _MONTHS else None


def _compact(m: re.Match[str], today: date) -> When | None:
    if int(m["year"]) > today.year + 1 or _IDENTIFIER.search(m.string, 0, m.start()):
        return None
    return When(calendars.day(int(m["year"]), int(m["month"]), int(m["day"])))


def _that_day(m: re.Match[str], _: date) -> When | None:
    if _VERSION.search(m.string, 0, m.start()):
        return None
    first = int(m["month"]), int(m["day"])
    last = (int(m["month2"]), int(m["day2"])) if m["month2"] else first
    return When(in_year=lambda year: calendars.window(year, (*first, *last)))


def _republic(m: re.Match[str], _: date) -> When:
    year = _BEFORE_REPUBLIC + calendars.number(m["republic"])
    if not m["month"]:
        return When(calendars.years(year, year))
    month = calendars.number(m["month"])
    if not m["day"]:
        return When(calendars.months(year, month, month))
    return When(calendars.day(year, month, calendars.number(m["day"])))


RULES = (
    Rule(_YEAR_FIRST, _year_first),
    Rule(_YEAR_LAST, _year_last),
    Rule(_SHORT_YEAR_LAST, _year_last, ("/",)),
    Rule(_COMPACT, _compact),
    Rule(_THAT_DAY, _that_day, ("那", "当", "这")),
    Rule(_REPUBLIC, _republic, ("民国",)),
)
"""In this order: where two claim the same words, the first has them."""
