"""Times in English questions that count from today, in any case."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars
from rag.search.reading import units
from rag.search.reading.english import is_in_a_title, may_be_a_title
from rag.search.reading.times import Rule, When, last_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.dates.calendars import Days
    from rag.search.reading.units import Unit

_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_COUNT = rf"[0-9]{{1,3}}|an?|{_NUMBERS}|(?:a\s)?few|(?:a\s)?couple(?:\sof)?|several"
_UNIT = "day|week|wk|fortnight|month|mth|quarter|year|yr|decade"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_SEASON = "spring|summer|autumn|fall|winter"
_IN = r"(?<![\w'-])(?:(?:in|on|at|during|over|within|for|of|from\swithin)\s)?"
_ON = re.compile(r"(?:on|at|over|during)\s|.*\b(?:last|this|next|past)\s", re.IGNORECASE)
_DAYTIME = r"(?:\s(?:morning|afternoon|evening|night))?"
_PAST = re.compile(
    rf"{_IN}(?:(?:the|my|these)\s)?(?:last|past|previous)\s(?P<n>{_COUNT}|half)[\s-](?:a\s)?(?P<unit>{_UNIT})s?\b(?!\sof\s(?:[A-Z0-9]))",
    re.IGNORECASE,
)
_ROLLING = re.compile(
    rf"(?<![\w'-])(?:(?:in|over|during|within|for)\sthe\s(?:last|past)|the\spast)\s(?P<unit>{_UNIT})\b(?!\sof)",
    re.IGNORECASE,
)
_STEP = re.compile(
    rf"{_IN}(?P<step>last|this\spast|this|next|(?:the\s)?previous|(?:the\s)?current)\s(?P<unit>weekend|{_UNIT})\b(?:'s)?(?!\sof)",
    re.IGNORECASE,
)
_BEFORE_LAST = re.compile(
    rf"{_IN}(?:the\s)?(?:(?P<unit>weekend|{_UNIT})|(?P<season>{_SEASON})|(?P<night>night))\sbefore\slast\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    rf"{_IN}(?:(?P<step>last|this\spast|this|next|past)\s)?(?P<day>{_DAYS}){_DAYTIME}(?:\s(?:of\s)?(?P<week>last|this|next)\sweek)?\b",
    re.IGNORECASE,
)
_WEEKDAYS = re.compile(
    rf"(?<![\w'-])(?:(?:from|between)\s)?(?P<day>{_DAYS})\s?(?:to|until|till|through|and|-|–)\s?(?P<day2>{_DAYS})(?:\s(?:of\s)?(?P<week>last|this|next)\sweek)?\b",
    re.IGNORECASE,
)
_WEEK_FIRST = re.compile(rf"{_IN}(?P<week>last|this|next)\sweek\s(?:on\s)?(?P<day>{_DAYS})\b", re.IGNORECASE)
_AGO = re.compile(
    rf"(?<![\w'-])(?:(?:about|around|roughly|some|almost|nearly|over|more\sthan)\s)?(?P<n>{_COUNT}|half\sa)\s(?:(?P<unit>{_UNIT})|(?P<season>{_SEASON}))s?\s(?:ago|back|earlier)\b(?P<today>\s(?:today|to\sthe\sday))?",
    re.IGNORECASE,
)
_WEEKDAYS_AGO = re.compile(
    rf"(?<![\w'-])(?P<n>an?|{_NUMBERS}|[0-9]{{1,2}})\s(?P<day>{_DAYS})s?\sago\b{_DAYTIME}", re.IGNORECASE
)
_YEAR_AND_A_HALF = re.compile(
    r"(?<![\w'-])(?:a\syear\sand\sa\shalf|one\sand\sa\shalf\syears)\sago\b", re.IGNORECASE
)
_DAY = re.compile(
    rf"{_IN}(?:(?P<before>the\sday\sbefore\syesterday)|(?P<back>yesterday|last\snight)|(?P<now>today|tonight|this\s(?:morning|afternoon|evening))|(?P<far>the\sday\safter\stomorrow)|(?P<ahead>tomorrow)){_DAYTIME}\b(?:'s)?",
    re.IGNORECASE,
)
_NOWADAYS = re.compile(
    r"\b(?:it\sis|they\sare|as|than|known|still|used|common|popular|exists?)\s\Z", re.IGNORECASE
)
_SAME = re.compile(
    rf"{_IN}(?:around\s)?(?:this\s(?P<about>time|day|month)|the\ssame\s(?P<same>time|day|month))\s(?:last\s(?:year|yr)|(?P<n>[0-9]{{1,2}}|an?|{_NUMBERS})\s(?:year|yr)s?\sago)\b",
    re.IGNORECASE,
)
_SO_FAR = re.compile(
    rf"(?:{_IN}(?:earlier|so\sfar)\s(?:in\s)?this\s(?P<unit>week|wk|month|mth|quarter|year|yr)|(?:this\s)?(?P<to_date>week|month|quarter|year)\s(?:to\sdate|so\sfar)|since\sthe\s(?:beginning|start)\sof\s(?:the|this)\s(?P<since>week|month|quarter|year))\b",
    re.IGNORECASE,
)
_MONTH_EDGE = re.compile(
    rf"{_IN}(?:the\s)?(?P<part>early|mid|late|beginning\sof|start\sof|middle\sof|end\sof|first\shalf\sof|second\shalf\sof)[\s-](?P<step>last|this|the)\smonth\b",
    re.IGNORECASE,
)
_OF_MONTH = re.compile(
    rf"{_IN}the\s(?P<day>[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)(?:(?:\sof)?\s(?P<step>last|this|next|(?<=of\s)the)\s(?:month|mth)\b|(?=[\s?.,]*(?:$|[?.,])))",
    re.IGNORECASE,
)
_WEEKEND = re.compile(rf"{_IN}(?:the\s)weekend\b(?!\s(?:of|before|after))", re.IGNORECASE)
_DECADE = re.compile(
    rf"{_IN}(?:the\s)?(?:(?P<first>(?:19|20)[0-9]0)'?s|(?<=the\s)'?(?P<tens>[2-9]0)'?s|(?<=the\s)(?P<name>twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties))\b",
    re.IGNORECASE,
)
_LATELY = re.compile(
    r"(?<![\w'-])(?:(?P<recent>in\srecent\s(?P<unit>day|week|month|year)s)|recently|lately|(?:in\s)?these\sdays|(?:the\s)?other\s(?:day|week))\b",
    re.IGNORECASE,
)

_STEPS: Final[Mapping[str, int]] = {
    "last": -1,
    "previous": -1,
    "past": -1,
    "this past": -1,
    "this": 0,
    "current": 0,
    "next": 1,
}
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_PARTS: Final[Mapping[str, str]] = {"beginning": "early", "start": "early", "middle": "mid"}
_FEW_OF: Final[Mapping[str, int]] = {"day": 7, "week": 4, "month": 6, "quarter": 4, "year": 5}
_LATELY_DAYS = 30


def _passing(days: Days, today: date) -> When:
    return When(days, relative=True, present=days[1] >= today)


def _units(n: str, unit: str) -> tuple[int, Unit]:
    """A count of units that there are days for, of "a few" as many as it may be.

    Raises:
        ValueError: it is none.
    """
    known: Mapping[str, tuple[int, Unit]] = {
        "day": (1, "day"), "week": (1, "week"), "fortnight": (2, "week"), "month": (1, "month"),
        "quarter": (1, "quarter"), "year": (1, "year"), "decade": (10, "year"),
        "wk": (1, "week"), "mth": (1, "month"), "yr": (1, "year"),
    }  # fmt: skip
    times, plain = known[unit.lower()]
    words = " ".join(n.lower().split())
    if words.removeprefix("a ") in {"few", "several"}:
        return _FEW_OF[plain] * times, plain
    return (2 if "couple" in words else calendars.number(words)) * times, plain


def _past(m: re.Match[str], today: date) -> When:
    if m["n"].lower() == "half":
        return When(units.past(today, "month", 6), relative=True) if m["unit"].lower() == "year" else _none(m)
    count, unit = _units(m["n"], m["unit"])
    return When(units.past(today, unit, count), relative=True)


def _none(m: re.Match[str]) -> When:
    raise ValueError(m[0])


def _rolling(m: re.Match[str], today: date) -> When:
    count, unit = _units("one", m["unit"])
    return When(units.past(today, unit, count), relative=True)


def _step(m: re.Match[str], today: date) -> When | None:
    if may_be_a_title(m.string, m.start("step")):
        return None
    steps = _STEPS[" ".join(m["step"].lower().removeprefix("the ").split())]
    if m["unit"].lower() == "weekend":
        days = units.last_weekend(today) if steps < 0 else units.weekend(today, steps)
        if days[1] >= today and steps < 0:
            days = units.weekend(today, -1)
        return _passing(days, today)
    count, unit = _units("one", m["unit"])
    if count > 1:
        return When(units.past(today, unit, count), relative=True) if steps < 0 else _none(m)
    return _passing(units.whole(today, unit, steps), today)


def _before_last(m: re.Match[str], today: date) -> When:
    if m["night"]:
        return When(units.whole(today, "day", -2), relative=True)
    if m["season"]:
        name = m["season"].lower()
        last = last_over(lambda year: units.season(year, name), today)
        return When(units.season(last[0].year - 1, name), relative=True)
    if m["unit"].lower() == "weekend":
        return When(units.weekend(today, -2), relative=True)
    count, unit = _units("one", m["unit"])
    return When(units.whole(today, unit, -2), relative=True) if count == 1 else _none(m)


def _weekday(m: re.Match[str], today: date) -> When | None:
    if not _ON.match(m[0]) and is_in_a_title(m.string, m.start("day"), m.end()):
        return None
    number = _DAYS.split("|").index(m["day"].lower())
    step = " ".join((m.groupdict().get("step") or "").lower().split())
    if m["week"]:
        return _passing(units.weekday(today, _STEPS[m["week"].lower()], number), today)
    if step in {"this", "next"}:
        return _passing(units.weekday(today, _STEPS[step], number), today)
    days = units.last_weekday(today, number, over=bool(step))
    return When(days, trust="sure" if step else "weak", relative=True)


def _weekdays(m: re.Match[str], today: date) -> When:
    """Monday to Wednesday, of a week or the last that are over."""
    first, last = (_DAYS.split("|").index(m[name].lower()) for name in ("day", "day2"))
    if m["week"]:
        steps = _STEPS[m["week"].lower()]
        return _passing((units.weekday(today, steps, first)[0], units.weekday(today, steps, last)[1]), today)
    until = units.last_weekday(today, last)[1]
    return When((units.last_weekday(until, first)[0], until), trust="weak", relative=True)


def _weekdays_ago(m: re.Match[str], today: date) -> When:
    """Two Fridays ago: a week before the last that is over."""
    last = units.last_weekday(today, _DAYS.split("|").index(m["day"].lower()), over=True)
    return When(units.whole(last[0], "day", -7 * (calendars.number(m["n"]) - 1)), relative=True)


def _ago(m: re.Match[str], today: date) -> When:
    if m["season"]:
        name = m["season"].lower()
        last = last_over(lambda year: units.season(year, name), today)
        return When(units.season(last[0].year + 1 - calendars.number(m["n"]), name), relative=True)
    if m["n"].lower().startswith("half"):
        return (
            When(units.whole(today, "month", -6), relative=True) if m["unit"].lower() == "year" else _none(m)
        )
    count, unit = _units(m["n"], m["unit"])
    if m["today"]:
        return When(units.whole(units.back(today, unit, count), "day", 0), relative=True)
    if m["n"].lower().endswith(("few", "several")):
        return When((units.back(today, unit, count), units.back(today, unit, 2)), relative=True)
    return When(units.whole(today, unit, -count), relative=True)


def _year_and_a_half(_: re.Match[str], today: date) -> When:
    return When(units.whole(today, "month", -18), relative=True)


def _day(m: re.Match[str], today: date) -> When | None:
    if may_be_a_title(m.string, m.start(m.lastgroup or 0)):
        return None  # "Who sang Yesterday?"
    if m["now"] and _NOWADAYS.search(m.string, 0, m.start()):
        return None
    if m["ahead"] or m["far"]:
        days = units.whole(today, "day", 1 if m["ahead"] else 2)
        return When(days, trust="weak", relative=True, present=True)
    return _passing(units.whole(today, "day", -2 if m["before"] else -1 if m["back"] else 0), today)


def _same(m: re.Match[str], today: date) -> When:
    then = units.back(today, "year", calendars.number(m["n"]) if m["n"] else 1)
    exact = (m["about"] or m["same"]).lower() == "day"
    return When(units.whole(then, "day" if exact else "month", 0), relative=True)


def _so_far(m: re.Match[str], today: date) -> When:
    _, unit = _units("one", m["unit"] or m["to_date"] or m["since"])
    return When((units.whole(today, unit, 0)[0], today), relative=True)


def _month_edge(m: re.Match[str], today: date) -> When:
    month = units.whole(today, "month", -1 if m["step"].lower() == "last" else 0)[0]
    part = " ".join(m["part"].lower().removesuffix("of").split())
    return _passing(units.part_of_month(month.year, month.month, _PARTS.get(part, part)), today)


def _of_month(m: re.Match[str], today: date) -> When:
    """The 3rd, of the month that is named, else of this one or, before it has come, of the last."""
    day, step = int(m["day"]), (m["step"] or "").lower()
    back = _STEPS["last" if not step and day > today.day else step.replace("the", "") or "this"]
    month = units.back(today, "month", -back)
    return When(calendars.day(month.year, month.month, day), trust="sure" if step else "weak", relative=True)


def _weekend(_: re.Match[str], today: date) -> When:
    return When(units.last_weekend(today), trust="weak", relative=True)


def _decade(m: re.Match[str], _: date) -> When:
    if m["first"]:
        first = int(m["first"])
    elif m["tens"]:
        first = 1900 + int(m["tens"])
    else:
        first = 1920 + 10 * _DECADES.index(m["name"].lower())
    return When(calendars.years(first, first + 9))


def _lately(m: re.Match[str], today: date) -> When:
    if m["recent"]:
        count, unit = _units("few", m["unit"])
        return When(units.past(today, unit, count), trust="soft", relative=True)
    return When((today - timedelta(days=_LATELY_DAYS), today), trust="soft", relative=True)


RULES = (
    Rule(_SAME, _same, ("year", "yr")),
    Rule(_SO_FAR, _so_far, ("earlier", "far", "date", "since")),
    Rule(_MONTH_EDGE, _month_edge, ("month",)),
    Rule(_BEFORE_LAST, _before_last, ("before last",)),
    Rule(_WEEK_FIRST, _weekday, ("week",)),
    Rule(_WEEKDAYS, _weekdays, ("day",)),
    Rule(_WEEKDAYS_AGO, _weekdays_ago, ("ago",)),
    Rule(_WEEKDAY, _weekday, ("day",)),
    Rule(_YEAR_AND_A_HALF, _year_and_a_half, ("half",)),
    Rule(_AGO, _ago, ("ago", "back", "earlier")),
    Rule(_PAST, _past, ("last", "past", "previous")),
    Rule(_ROLLING, _rolling, ("last", "past")),
    Rule(_DAY, _day, ("day", "night", "this", "tomorrow")),
    Rule(_OF_MONTH, _of_month, ("st", "nd", "rd", "th")),
    Rule(_STEP, _step),
    Rule(_DECADE, _decade, ("0s", "0's", "ties")),
    Rule(_WEEKEND, _weekend, ("weekend",)),
    Rule(_LATELY, _lately),
)
"""In this order: where two claim the same words, the first has them."""
