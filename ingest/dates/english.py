"""Times in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.dates import calendars
from ingest.dates.moments import Moment, Shift
from ingest.dates.rules import DAY, DECADE, LESS_SURE, MONTH, SEASON, VAGUE, YEAR, YEAR_DIGITS, Rule, ago

if TYPE_CHECKING:
    from ingest.dates.moments import Unit

_OLDEST, _NEWEST = 1950, 2050  # what a bare number may mean as a year
_MON = r"(?P<{}>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)(?![a-z])"
_M1, _M2 = _MON.format("month"), _MON.format("month2")
_D = r"(?:3[01]|[12][0-9]|0?[1-9])"
_YEAR = rf"(?P<year>{YEAR_DIGITS})(?![0-9]|[-./][0-9])"
_DAY = re.compile(
    rf"""\b(?:
      {_M1}\.?\s(?P<day>{_D})(?:st|nd|rd|th)?(?![0-9\w%]|[:.][0-9])(?:\s?[-–—]\s?(?P<day2>{_D})(?:st|nd|rd|th)?(?![0-9\w]))?(?:,?\s{_YEAR})?
    )""",
    re.VERBOSE,
)
_DAY_FIRST = re.compile(
    rf"(?<![\w.,:/-])(?P<day>{_D})(?:\s?[-–—]\s?(?P<day2>{_D}))?(?:st|nd|rd|th)?[ -](?:of )?{_M1}\.?(?:,?[ -]{_YEAR})?"
)
_MONTH = re.compile(
    rf"\b(?:(?P<part>[Ee]arly|[Mm]id|[Ll]ate|[Ee]nd of)[- ])?{_M1}\.?(?:\s?[-–—]\s?{_M2}\.?)?(?:,?\s(?:of )?|['’]|-){_YEAR}"
)
_YEAR_MONTH = re.compile(rf"(?<![\w.-])(?P<year>{YEAR_DIGITS})[ -](?i:{_M1})(?![\w])")
_WORD_MONTH = re.compile(
    rf"\b(?:(?P<word>[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Dd]uring|[Ff]rom|[Ll]ast|[Tt]hroughout|[Bb]ack in|[Ee]nd of)\s|(?P<part>[Ee]arly|[Mm]id|[Ll]ate)[- ])(?:the (?:end|beginning|middle) of )?{_M1}(?![\w'’]|-[A-Za-z])(?!\s[0-9A-Z])"
)
_WORD_YEAR = re.compile(
    rf"\b(?:[Ii]n|[Ss]ince|[Dd]uring|[Uu]ntil|[Bb]y|[Ff]rom|[Bb]ack in|[Ee]nd of|[Yy]ear|(?P<edge>[Ee]arly|[Mm]id|[Ll]ate)[ -]?|(?P<season>[Ss]pring|[Ss]ummer|[Ff]all|[Aa]utumn|[Ww]inter|Christmas)(?:\sof)?|\bQ(?P<q>[1-4]))\s?{_YEAR}(?!s?['\w%]|,[0-9])"
)
_QUARTER = re.compile(
    rf"(?<![\w.-])(?P<year>{YEAR_DIGITS})[ -]?(?:Q(?P<q>[1-4])|H(?P<half>[12])|(?P<season>[Ss]pring|[Ss]ummer|[Ff]all|[Aa]utumn|[Ww]inter))(?!\w)"
)
_DECADE = re.compile(r"(?<![\w.-])(?P<first>(?:19|20)[0-9]0)['’]?s\b")
_DAY_WORD = re.compile(r"\b(?:(?P<back>[Yy]esterday|[Ll]ast night)|(?P<now>[Tt]oday|[Tt]onight))\b")
_STEP = re.compile(
    r"\b(?P<step>(?<!the )(?<!The )[Ll]ast|[Tt]his|[Nn]ext) (?:(?P<unit>week|month|year)|(?P<season>spring|summer|fall|autumn|winter|Christmas)|(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday))\b(?! of)"
)
_AGO = re.compile(
    r"\b(?P<n>[0-9]{1,2}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a couple of|half a) (?P<unit>day|week|month|year)s? (?:ago|earlier)\b",
    re.IGNORECASE,
)
_STEPS = {"last": -1, "this": 0, "next": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}


def _given_year(m: re.Match[str]) -> int | None:
    return int(m["year"]) if m["year"] else None


def _read_day(m: re.Match[str]) -> Moment:
    last = int(m["day2"]) if m["day2"] else None
    month = calendars.month_number(m["month"])
    return Moment(DAY, _given_year(m), month, int(m["day"]), last_day=last)


def _read_month(m: re.Match[str]) -> Moment:
    month = calendars.month_number(m["month"])
    if m["part"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"].lower().removesuffix(" of")]
        return Moment(MONTH, int(m["year"]), month, first, last_day=last)
    last_month = calendars.month_number(m["month2"]) if m["month2"] else None
    return Moment(MONTH, int(m["year"]), month, last_month=last_month)


def _read_year_month(m: re.Match[str]) -> Moment:
    return Moment(MONTH, int(m["year"]), calendars.month_number(m["month"]))


def _read_word_month(m: re.Match[str]) -> Moment:
    month = calendars.month_number(m["month"])
    if m["part"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"].lower()]
        return Moment(MONTH, None, month, first, last_day=last)
    return Moment(MONTH * LESS_SURE, None, month, future=(m["word"] or "").lower() == "by")


def _read_year(m: re.Match[str]) -> Moment | None:
    groups = m.groupdict()
    year = int(m["year"])
    if groups.get("q"):
        last = 3 * int(groups["q"])
        return Moment(SEASON, year, last - 2, last_month=last)
    if groups.get("half"):
        last = 6 * int(groups["half"])
        return Moment(SEASON, year, last - 5, last_month=last)
    edge = calendars.PARTS_OF_YEAR.get((groups.get("edge") or "").lower())
    season = (groups.get("season") or "").lower()
    window = edge or calendars.SEASONS.get(season) or calendars.FEASTS.get(season)
    if not _OLDEST <= year <= _NEWEST:
        return None
    return Moment(SEASON, year, part=window) if window else Moment(YEAR, year)


def _read_decade(m: re.Match[str]) -> Moment:
    return Moment(DECADE, int(m["first"]), last_year=int(m["first"]) + 9)


def _read_day_word(m: re.Match[str]) -> Moment:
    if m["back"]:
        return Moment(DAY, shift=Shift("day", -1))
    return Moment(VAGUE, shift=Shift("day", 0), present=True)


def _read_step(m: re.Match[str]) -> Moment:
    count = _STEPS[m["step"].lower()]
    if m["weekday"]:
        # "last Friday" may be of this week: the week before is only likely.
        return Moment(VAGUE, shift=Shift("week", count), weekday=_WEEKDAYS.index(m["weekday"].lower()))
    if m["season"]:
        season = m["season"].lower()
        part = calendars.SEASONS.get(season) or calendars.FEASTS[season]
        return Moment(SEASON, shift=Shift("year", count), part=part)
    unit = _UNITS[m["unit"]]
    trust = MONTH if count < 0 and unit != "year" else VAGUE
    return Moment(trust, shift=Shift(unit, count), present=not count)


def _read_ago(m: re.Match[str]) -> Moment | None:
    n = m["n"].lower()
    return ago("半" if n == "half a" else n, _UNITS[m["unit"].lower()])


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RULES = (
    Rule(_DAY_FIRST, _read_day, _MONTH_NAMES),
    Rule(_DAY, _read_day, _MONTH_NAMES),
    Rule(_MONTH, _read_month, _MONTH_NAMES, digits=True),
    Rule(
        _YEAR_MONTH,
        _read_year_month,
        ("an", "eb", "ar", "pr", "ay", "un", "ul", "ug", "ep", "ct", "ov", "ec"),
        digits=True,
    ),
    Rule(_WORD_MONTH, _read_word_month, _MONTH_NAMES),
    Rule(_WORD_YEAR, _read_year, (" ",), digits=True),
    Rule(_QUARTER, _read_year, ("Q", "H", "ring", "mer", "all", "umn", "ter"), digits=True),
    Rule(_DECADE, _read_decade, ("0s", "0's", "0’s"), digits=True),
    Rule(_AGO, _read_ago, (" ago", " Ago", " earlier")),
    Rule(_DAY_WORD, _read_day_word, ("esterday", "night", "oday")),
    Rule(_STEP, _read_step, ("ast ", "his ", "ext ")),
)
"""In this order: where two claim the same words, the first has them."""
