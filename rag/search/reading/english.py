"""Years and their parts in English questions, in any case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars
from rag.search.reading import feasts, units
from rag.search.reading.times import Rule, When, last_over, last_time, next_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from ingest.dates.calendars import Days
    from rag.search.reading.times import InYear

    _Groups = Mapping[str, str]

_D = "(?:3[01]|[12][0-9]|0?[1-9])"
_MONTH = "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
_SEASON = "spring|summer|autumn|fall|winter"
_FEAST = feasts.ENGLISH.replace(" ", r"\s")
_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_YEAR = rf"""(?P<year>(?:1[89]|20)[0-9]{{2}})(?:(?=[QH][1-4](?!\w))|(?![0-9%\w]|[-./][0-9]|,[0-9]{{3}}))
    |'(?P<short>[0-9]{{2}})(?![\w'])
    |(?P<word>(?:last|this|next|(?:the\s)?previous)\s(?:year|yr)|(?:the\s)?year\sbefore\slast)
    |(?P<ago>[0-9]{{1,2}}|an?|{_NUMBERS})\s(?:year|yr)s?\sago"""
_EARLY = r"early|mid|late|(?:beginning|start|middle|end|first\shalf|second\shalf|first\spart)\sof"
_PART = rf"""(?:
      (?P<day>{_D})(?:st|nd|rd|th)?(?:\s?(?:-|–|—|to|and)\s?(?P<day2>{_D})(?:st|nd|rd|th)?)?(?:\sof)?[ -](?P<of>{_MONTH})(?![a-z])\.?
    | (?P<feast>{_FEAST})(?!\w)(?:\s(?:holidays?|break|vacation|week|season|day|festival))?
    | (?:(?P<early>{_EARLY})[ -](?:in\s)?(?:the\s)?)?
      (?P<month>{_MONTH})(?![a-z'])\.?
      (?:\s(?:the\s)?(?P<mday>{_D})(?:st|nd|rd|th)?(?![0-9\w%]|[:.][0-9])(?:\s?(?:-|–|—|to|and)\s?(?P<mday2>{_D})(?:st|nd|rd|th)?(?![0-9\w]))?
        |\s?[-–—/]\s?(?P<month2>{_MONTH})(?![a-z]))?
    | (?:(?P<third>early|mid|late)[ -](?:in\s)?(?:the\s)?)?(?P<season>{_SEASON})(?:time)?(?![\w'])
    | Q(?P<q>[1-4])(?!\w)|(?P<quarter>first|second|third|fourth|last|final|1st|2nd|3rd|4th)\squarter
    | H(?P<h>[12])(?!\w)|(?P<half>first|second|latter|last|1st|2nd)\shalf
)"""
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)\.?,?\s(?:the\s)?(?=[0-9]|[JFMASOND][a-z]+\.?\s(?:the\s)?[0-9])"
_IN = rf"(?<![\w'’.-])(?:(?P<lead>back\sin|in|on|during|over|at|around|throughout|within|(?<!\bas\s)of|for)\s(?:the\s)?|the\s)?(?:{_WEEKDAY})?"
_DATED = re.compile(
    rf"{_IN}(?:{_PART}|(?P<edge>early|mid|late|(?:beginning|start|middle)(?=\s(?:of|in)\s)|end(?=-|\s(?:of|in|[12'])))(?:\spart)?)(?:,?\s(?:of\s|in\s|the\s)*|,\s?|(?=')|-|/)(?:{_YEAR}|(?P<open>(?:the\s)?year)(?!\w|\s(?:of|before|ago|old)))(?:'s)?",
    re.VERBOSE | re.IGNORECASE,
)
_WINTER = re.compile(
    rf"{_IN}winter(?:\sof)?\s(?P<year>20[0-9]{{2}})\s?[-–/]\s?(?:20)?[0-9]{{2}}(?![0-9])", re.IGNORECASE
)
_SHORT_YEAR = re.compile(
    r"(?<![\w'.-])(?:(?P<lead>(?:back\s)?in|during|of|for|over|throughout)\s)?'(?P<short>[0-9]{2})(?![\w'])",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(
    rf"{_IN}(?:{_YEAR})(?:'s)?,?[\s-]?(?:(?:in|at|on|over|during)\s)?(?:the\s)?(?:(?<![0-9])|(?=[QH])){_PART}",
    re.VERBOSE | re.IGNORECASE,
)
_STEPPED = re.compile(
    rf"{_IN}(?P<step>last|this\spast|this|next|previous|past)\s{_PART}", re.VERBOSE | re.IGNORECASE
)
_ALONE = re.compile(rf"{_IN}{_PART}(?!\sof\s\w)", re.VERBOSE | re.IGNORECASE)
_NO_SEASON = re.compile(
    r"\s?(?:boot|framework|festival|water|guy|roll)s?\b|\s(?:in|for|from|off|behind|asleep|apart)\b",
    re.IGNORECASE,
)
_NO_MONTH = re.compile(
    r"\s(?:I|we|you|he|she|they|it|be|have|not|also|the|there|this|that|of)\b", re.IGNORECASE
)
_WEEK = re.compile(
    rf"{_IN}(?:week\s(?P<week>[0-9]{{1,2}})(?:,?\s(?:of\s)?)|(?<![0-9])(?=[0-9]{{4}}-?W))(?P<year>20[0-9]{{2}})(?:-?W(?P<iso>[0-9]{{1,2}}))?(?!\w)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?<![\w/.-])(?P<month>0?[1-9]|1[0-2])/(?P<year>20[0-9]{2})(?![\w/])")
_SMALL_BEFORE = re.compile(r"(?<![\w'])[a-z][\w']*\s\Z")
_NAME_BEHIND = re.compile(r"\s(?!I\b)[A-Z][a-z]")
_TITLE_BEFORE = re.compile(r"[a-z,]\s(?:The|A|An)\s\Z")
_HAPPENED = re.compile(r"\b(?:did|was|were|had)\b", re.IGNORECASE)
_LEADS = re.compile(
    r"\b(?:in|of|from|since|for|until|till|between|and|to|before|after|during)\s\Z", re.IGNORECASE
)
_LED_YEAR = re.compile(
    r"(?<![\w'.-])(?:(?:(?:back\s)?in|during|of|for|throughout|around)\s(?:(?:the\s)?(?:(?:whole|entire|calendar)\s)?year\s(?:of\s)?)?|(?:the\s)?year\s)(?P<year>(?:1[89]|20)[0-9]{2})(?:'s)?(?![\w%-]|[./][0-9]|,[0-9]{3})",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?<![\w.,/-])(?:(?P<lead>in|during|of|for|from|over)\s)?(?P<first>(?:19|20)[0-9]{2})\s?[-–—]\s?(?P<last>(?:19|20)[0-9]{2})(?![\w/-]|\.[0-9])",
    re.IGNORECASE,
)
_YEAR_BEHIND = re.compile(
    r"\b(?:since|from|until|till|before|after|by|through|to|between)\s(?P<at>(?P<year>(?:1[89]|20)[0-9]{2}))(?![\w%-]|[./][0-9]|,[0-9]{3})",
    re.IGNORECASE,
)
_YEAR_BETWEEN = re.compile(
    r"\bbetween\s(?:1[89]|20)[0-9]{2}\sand\s(?P<at>(?P<year>(?:1[89]|20)[0-9]{2}))(?![\w%-]|[./][0-9]|,[0-9]{3})",
    re.IGNORECASE,
)
_BARE_YEAR = re.compile(
    r"(?<![\w'.#$€£¥+/-])(?<![-–—]\s)(?P<year>20[0-9]{2})(?:'s)?(?![0-9A-Za-z_%'+#/]|[.,:-][0-9]|\s?[元块个人只页字步米公万]|\s(?:users|people|words|pages|items|lines|files|rows|times|dollars|euros|calories|steps|points|km|miles|years|days)\b)(?![\u4e00-\u9fff](?<![至到和与跟及有我的全这整是]))"
)
_ASKS_A_NAME = re.compile(r"\b(?:called|named|titled)[\s?.]*\Z", re.IGNORECASE)
_NAME_OF = re.compile(r"\b(?:name|title)\sof\s(?:the\s)?\Z", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"(?:\S\s|^\S*[a-z]\S*\s)(?:[A-Z][\w.'-]*)\s?\Z")

_ORDINALS: Final[Mapping[str, int]] = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1, "final": -1, "latter": 2
}  # fmt: skip
_PARTS: Final[Mapping[str, str]] = {
    "beginning": "early",
    "start": "early",
    "middle": "mid",
    "first part": "early",
}
_YEAR_STEPS: Final[Mapping[str, int]] = {"last": -1, "previous": -1, "this": 0, "next": 1}
_AMBIGUOUS = frozenset({"may", "march", "mar", "dec", "sep", "jan", "jun", "june", "april", "august"})
_BEGAN = frozenset({"in", "back in", "during", "over", "at", "throughout", "on"})


def may_be_a_title(text: str, start: int) -> bool:
    """Whether a word has a capital that only a name has, within a sentence that is written in small letters."""
    return text[start].isupper() and _SMALL_BEFORE.search(text, 0, start) is not None


def is_in_a_title(text: str, start: int, end: int) -> bool:
    """Whether words that always have a capital stand in a name: "The Sunday Times", "A Christmas Carol"."""
    return _NAME_BEHIND.match(text, end) is not None or _TITLE_BEFORE.search(text, 0, start) is not None


def _dated(m: re.Match[str], today: date) -> When | None:
    in_year = _in_year(m)
    if m["open"]:
        days = last_time(in_year, today)
        return When(days, relative=True, present=days[1] >= today)
    year, relative = _year(m, today)
    days = in_year(year)
    return When(days, relative=relative, present=relative and days[1] >= today)


def _winter(m: re.Match[str], _: date) -> When:
    return When(units.season(int(m["year"]), "winter"))


def _short_year(m: re.Match[str], _: date) -> When:
    """'22 is 2022."""
    year = calendars.full_year(m["short"])
    return When(calendars.years(year, year), trust="sure" if m["lead"] else "soft")


def _year_first(m: re.Match[str], today: date) -> When | None:
    if _modal(m):
        return None
    year, relative = _year(m, today)
    days = _in_year(m)(year)
    return When(days, relative=relative, present=relative and days[1] >= today)


def _year(m: re.Match[str], today: date) -> tuple[int, bool]:
    if m["year"] or m["short"]:
        return calendars.full_year(m["year"] or m["short"]), False
    if m["ago"]:
        return today.year - calendars.number(m["ago"]), True
    word = m["word"].lower().removeprefix("the ")
    return today.year + (-2 if "before" in word else _YEAR_STEPS[word.split()[0]]), True


def _stepped(m: re.Match[str], today: date) -> When | None:
    in_year, step = _in_year(m), m["step"].lower()
    if may_be_a_title(m.string, m.start("step")):
        return None  # Last Christmas, the song
    if step == "next":
        return When(next_time(in_year, today), relative=True, present=True)
    if step == "this":
        days = _this(in_year, today)
        return When(days, relative=True, present=days[1] >= today)
    return When(last_over(in_year, today), relative=True)


def _this(in_year: InYear, today: date) -> Days:
    """This year's, or what began last year and is not over."""
    begun = in_year(today.year - 1)
    return begun if begun[1] >= today else in_year(today.year)


def _alone(m: re.Match[str], today: date) -> When | None:
    if (m["quarter"] or "").lower() == "last":
        return When(units.whole(today, "quarter", -1), relative=True)
    if m["quarter"] or m["half"] or m["q"] or m["h"]:
        if m.string[m.end() :].startswith(":"):
            return None  # the first of several questions
        days = last_time(_in_year(m), today)
        return When(days, trust="weak", relative=True, present=days[1] >= today)
    lead = " ".join((m["lead"] or "").lower().split()).removesuffix(" the")
    if _is_no_feast(m, lead) or (m["season"] and (lead not in _BEGAN or _NO_SEASON.match(m.string, m.end()))):
        return None
    if m["month"] and not m["mday"]:
        return _month_alone(m, lead)
    told = m["feast"] and lead in _BEGAN and _HAPPENED.search(m.string)
    return When(in_year=_in_year(m), trust="weak" if m["season"] or (m["feast"] and not told) else "sure")


def _is_no_feast(m: re.Match[str], lead: str) -> bool:
    """Whether a feast only stands in a name, as in Easter Island."""
    return bool(m["feast"] and not lead) and is_in_a_title(m.string, m.start("feast"), m.end())


def _month_alone(m: re.Match[str], lead: str) -> When | None:
    """A month without day or year: its name may be a word, or a person's."""
    if lead not in _BEGAN and not m["early"] and _NAME_BEHIND.match(m.string, m.end()):
        return None  # October Sky
    sure = bool(lead or m["early"] or m["month2"])
    if not sure and (_modal(m) or m["month"] in _AMBIGUOUS):
        return None
    return When(in_year=_in_year(m), trust="sure" if sure else "weak")


def _modal(m: re.Match[str]) -> bool:
    """Whether the name of a month is the verb, as in "may I" or "march of time"."""
    word = m["month"] or ""
    if word.lower() not in {"may", "march"} or m["mday"]:
        return False
    return _NO_MONTH.match(m.string, m.end("month")) is not None


def _in_year(m: re.Match[str]) -> InYear:
    """What the part of the year means that stands in a match."""
    groups = {name: text.lower() for name, text in m.groupdict().items() if text}
    return next(read(groups) for name, read in _READERS.items() if name in groups)


def _feast(groups: _Groups) -> InYear:
    return feasts.NAMES[groups["feast"]]


def _day(groups: _Groups) -> InYear:
    """3-7 May, and May 3-7."""
    month = calendars.month_number(groups.get("of") or groups["month"])
    first = groups.get("day") or groups["mday"]
    last = groups.get("day2") or groups.get("mday2") or first
    return lambda year: calendars.days_of_month(year, month, int(first), int(last))


def _month(groups: _Groups) -> InYear:
    month = calendars.month_number(groups["month"])
    if early := groups.get("early"):
        part = " ".join(early.removesuffix("of").split())
        return lambda year: units.part_of_month(year, month, _PARTS.get(part, part))
    last = calendars.month_number(groups.get("month2", groups["month"]))
    return lambda year: calendars.months(year, month, last)


def _season(groups: _Groups) -> InYear:
    return lambda year: _third(units.season(year, groups["season"]), groups.get("third"))


def _quarter(groups: _Groups) -> InYear:
    number = int(groups["q"]) if "q" in groups else _ORDINALS[groups["quarter"]] % 5
    return lambda year: units.quarter(year, number)


def _half(groups: _Groups) -> InYear:
    number = int(groups["h"]) if "h" in groups else _ORDINALS[groups["half"]] % 3
    return lambda year: units.half(year, number)


def _edge(groups: _Groups) -> InYear:
    name = _PARTS.get(groups["edge"], groups["edge"])
    return lambda year: calendars.window(year, calendars.PARTS_OF_YEAR[name])


_READERS: Final[Mapping[str, Callable[[_Groups], InYear]]] = {
    "feast": _feast,
    "day": _day,
    "mday": _day,
    "month": _month,
    "season": _season,
    "quarter": _quarter,
    "q": _quarter,
    "half": _half,
    "h": _half,
    "edge": _edge,
}


def _third(days: Days, part: str | None) -> Days:
    """The first, second or third month of a season."""
    if not part:
        return days
    month = days[0].year * 12 + days[0].month - 1 + ("early", "mid", "late").index(part.lower())
    return calendars.months(month // 12, month % 12 + 1, month % 12 + 1)


def _week(m: re.Match[str], _: date) -> When | None:
    number = m["week"] or m["iso"]
    return When(calendars.week(int(m["year"]), int(number))) if number else None


def _slashed(m: re.Match[str], _: date) -> When | None:
    """05/2022; 1/2000 may be a share."""
    if len(m["month"]) == 1 and not _LEADS.search(m.string, 0, m.start()):
        return None
    return When(calendars.months(int(m["year"]), int(m["month"]), int(m["month"])))


def _led_year(m: re.Match[str], _: date) -> When:
    """A year behind "in"; in "of the 2018 election" it is only a number before a thing."""
    return When(calendars.years(int(m["year"]), int(m["year"])))


def _years(m: re.Match[str], _: date) -> When:
    days = calendars.years(int(m["first"]), int(m["last"]))
    return When(days, trust="sure" if m["lead"] else "soft")


def _year_behind(m: re.Match[str], _: date) -> When:
    return When(calendars.years(int(m["year"]), int(m["year"])))


def _bare_year(m: re.Match[str], today: date) -> When | None:
    """A number that may be a year; behind a name it is a part of it, as in "Office 2019", or where one is asked for."""
    year = int(m["year"])
    if year > today.year + 1 or _NAME_BEFORE.search(m.string, 0, m.start()):
        return None
    if _ASKS_A_NAME.search(m.string, m.end()) or _NAME_OF.search(m.string, 0, m.start()):
        return None
    return When(calendars.years(year, year), trust="soft")


_DIGITS = ("18", "19", "20")
RULES = (
    Rule(_WINTER, _winter, ("winter",)),
    Rule(_DATED, _dated, (*_DIGITS, "year", "yr", "'")),
    Rule(_YEAR_FIRST, _year_first, (*_DIGITS, "year", "yr", "'")),
    Rule(_SHORT_YEAR, _short_year, ("'",)),
    Rule(_STEPPED, _stepped, ("last ", "this ", "next ", "past ", "previous ")),
    Rule(_WEEK, _week, _DIGITS),
    Rule(_SLASHED, _slashed, ("/",)),
    Rule(_ALONE, _alone),
    Rule(_YEARS, _years, _DIGITS),
    Rule(_LED_YEAR, _led_year, _DIGITS),
    Rule(_YEAR_BEHIND, _year_behind, _DIGITS),
    Rule(_YEAR_BETWEEN, _year_behind, ("between",)),
    Rule(_BARE_YEAR, _bare_year, _DIGITS),
)
"""In this order: where two claim the same words, the first has them."""
