"""The days that a question speaks of: what its words mean today, joined where they make one span."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rag.search.reading.slices import sliced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.dates.calendars import Days

    InYear = Callable[[int], Days]

Trust = Literal["sure", "soft", "weak"]
_OLDEST: Final = 8  # years back in which a day is looked for that only leap years have
_FIRST_DAY = date.min


@dataclass(frozen=True, slots=True)
class When:
    """What words say of a time.

    Attributes:
        days: what they mean today, once that is known.
        in_year: what they mean in a year, where they leave the year open; it raises ValueError for "29 February".
        trust: ``sure``; ``soft`` words may as well be a name or a number; ``weak`` ones are a time only if the
            question is about its writer's own days.
        relative: counted from today, or from the last time that such days came.
        present: of a time that is not over, such as this year.
        guessed: the year was left open, and is the last in which such days have begun.
    """

    days: Days | None = None
    in_year: InYear | None = None
    trust: Trust = "sure"
    relative: bool = False
    present: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """A span of a question and the time that it names."""

    start: int
    end: int
    when: When

    @property
    def days(self) -> Days:
        """First and last day; only of a resolved time."""
        if self.when.days is None:
            raise ValueError(self)
        return self.when.days


class Rule(NamedTuple):
    """A pattern and what it means.

    ``read`` raises ValueError or gives None where a match is no time. A text in which none of the ``clues`` stands, in
    lower case, is not searched; without clues every text is.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], date], When | None]
    clues: tuple[str, ...] = ()


def last_time(in_year: InYear, today: date) -> Days:
    """The last such days that have begun.

    Raises:
        ValueError: there are none.
    """
    return _latest(in_year, today.year, lambda days: days[0] <= today)


def last_over(in_year: InYear, today: date) -> Days:
    """The last such days that are over.

    Raises:
        ValueError: there are none.
    """
    return _latest(in_year, today.year, lambda days: days[1] < today)


def next_time(in_year: InYear, today: date) -> Days:
    """The next such days.

    Raises:
        ValueError: there are none.
    """
    days = in_year(today.year)
    return days if days[0] > today else in_year(today.year + 1)


def _latest(in_year: InYear, year: int, wanted: Callable[[Days], bool]) -> Days:
    for candidate in range(year, year - _OLDEST - 1, -1):
        try:
            days = in_year(candidate)
        except ValueError:
            continue
        if wanted(days):
            return days
    raise ValueError(year)


_RANGE = re.compile(r"\s?(?:[-~–—～]{1,2}|一?直?[至到]|(?:up )?to|until|till|through|thru)\s?", re.IGNORECASE)
_AND = re.compile(r",?\s(?:and|to)\s", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s(?:the\s)?\Z", re.IGNORECASE)
_HAN_AND = re.compile(r"\s?[和与跟]\s?")
_HAN_BETWEEN = re.compile(r"\s?之?间")
_LIST = re.compile(
    r"\s?(?:[和与跟及或、,，/&]|以及|还是|对比|相比|,?\s?\b(?:and|or|vs\.?|versus|with)\b)\s?(?:in\s)?",
    re.IGNORECASE,
)
_OPENS = {
    "from": re.compile(
        r"(?:\b(?:ever\s)?since\s(?:the\s)?|(?:自从?|打从?)\s?|\b(?:starting|beginning)\s(?:in\s|from\s)?)\Z",
        re.IGNORECASE,
    ),
    "after": re.compile(r"\b(?:after|later than)\s(?:the\s)?\Z", re.IGNORECASE),
    "before": re.compile(r"\b(?:before|prior to|earlier than)\s(?:the\s)?\Z", re.IGNORECASE),
    "until": re.compile(
        r"(?:\b(?:until|till|up to|up until|by|as of|through)\s(?:the\s)?(?:end of\s)?|(?:截[至止]到?|直到|一直到)\s?)\Z",
        re.IGNORECASE,
    ),
}
_CLOSES = {
    "from": re.compile(
        r"\s?(?:以来|起(?![床来点])|开始(?=[，,、我你他她它们至到的]|\Z)|至今|到现在|到目前|到如今|(?:onwards?|on(?=\s?(?:[,.?!;]|\Z|I\b|we\b|what\b))|to now|to date|until now|to today|to the present)\b|(?:and|or) later\b(?!\s\w))",
        re.IGNORECASE,
    ),
    "after": re.compile(r"\s?(?:[之以]后|后(?![来天半悔面台端期]))"),
    "before": re.compile(
        r"\s?(?:[之以]前|前(?![后夕往半面台端天年期]))|\s(?:and|or) (?:earlier|before)\b(?!\s\w)",
        re.IGNORECASE,
    ),
    "until": re.compile(r"\s?(?:为止)"),
}
_LED = re.compile(r"(?:in|on|at|during|over|throughout|within)\s", re.IGNORECASE)
_BUSY = re.compile(
    r"(?:\b(?:be|been|being|am|is|are|was|were|get|gets|got|getting|gotten|look(?:s|ed|ing)?|live[sd]?|i|we|you|he|she|they|author|writer)|'(?:s|m|re|ve|d))\s(?:all\s|mostly\s|mainly\s|really\s)?\Z",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"\s?(?:开始|起)")
_LEADING_FROM = re.compile(r"(?:\bfrom\s(?:the\s)?|从\s?|自\s?)\Z", re.IGNORECASE)


def joined(text: str, found: Sequence[Time], today: date) -> list[Time]:
    """The times of a text with their days; those that make one span together are one, as are "since 2020" and its like.

    Times that come to nothing, as the 30th of February does, are left out.
    """
    rest, done = list(found), []
    while rest:
        first = rest.pop(0)
        span = _span(text, first, rest[0], today) if rest else None
        if span:
            rest.pop(0)
            done.append(span)
        else:
            done.append(first)
    return [
        opened for time in _listed(text, done, today) if (opened := _opened(text, sliced(text, time), today))
    ]


def _span(text: str, first: Time, last: Time, today: date) -> Time | None:
    """Two times that a word between them makes one."""
    start, end, named = first.start, last.end, True
    before, gap = text[: first.start], text[first.end : last.start]
    between, closing = _BETWEEN.search(before), _HAN_BETWEEN.match(text, last.end)
    if between and _AND.fullmatch(gap):
        start = between.start()
    elif closing and _HAN_AND.fullmatch(gap):
        end = closing.end()
    elif not _RANGE.fullmatch(gap):
        return None
    elif lead := _LEADING_FROM.search(before):
        start = lead.start()
    else:
        named = False
    days = _days_between(first.when, last.when, today)
    if days is None:
        return None
    guessed = first.when.days is None and last.when.days is None
    relative = first.when.relative or last.when.relative or guessed
    trust: Trust = "sure" if named else _surer(first.when.trust, last.when.trust)
    return Time(start, end, When(days, trust=trust, relative=relative, guessed=guessed))


def _surer(a: Trust, b: Trust) -> Trust:
    """Of two that stand together: a year beside a month is no longer a mere number."""
    return "weak" if {a, b} <= {"weak", "soft"} and "weak" in {a, b} else "sure"


def _days_between(first: When, last: When, today: date) -> Days | None:
    try:
        begun, ended = _both(first, last, today)
    except ValueError:
        return None
    return (begun[0], ended[1]) if begun[0] <= ended[1] else None


def _both(first: When, last: When, today: date) -> tuple[Days, Days]:
    """The days of both ends; where only one says its year, the other's follows from it."""
    if first.days and last.days:
        return first.days, last.days
    if first.in_year and last.days:
        begun = first.in_year(last.days[1].year)
        return (begun if begun[0] <= last.days[1] else first.in_year(last.days[1].year - 1)), last.days
    if not last.in_year:
        raise ValueError(last)
    begun = first.days or last_time(_needed(first.in_year), today)
    ended = last.in_year(begun[0].year)
    return begun, ended if ended[1] >= begun[1] else last.in_year(begun[0].year + 1)


def _needed(in_year: InYear | None) -> InYear:
    if in_year is None:
        raise ValueError(in_year)
    return in_year


def _listed(text: str, found: Sequence[Time], today: date) -> Iterator[Time]:
    """The times with their days; "May and July 2022" are both of that year, and "2021 and 2023" both years."""
    times = list(found)
    pairs = [
        (i, i + 1) for i in range(len(times) - 1) if _LIST.fullmatch(text[times[i].end : times[i + 1].start])
    ]
    for here, there in (*pairs, *((b, a) for a, b in reversed(pairs))):
        one, other = times[here].when, times[there].when
        if one.trust == "sure" and other.trust != "sure":
            times[there] = replace(times[there], when=replace(other, trust="sure"))
        if one.days and not one.relative and other.in_year and not other.days:
            try:
                days = other.in_year(one.days[0].year)
            except ValueError:
                continue
            times[there] = replace(times[there], when=replace(times[there].when, days=days))
    for time in times:
        if time.when.days:
            yield time
        elif time.when.in_year:
            try:
                days = last_time(time.when.in_year, today)
            except ValueError:
                continue
            yield replace(time, when=replace(time.when, days=days, guessed=True))


def _opened(text: str, time: Time, today: date) -> Time | None:
    """With the words beside it that leave one of its ends open."""
    start, end, kind = time.start, time.end, ""
    if time.when.trust == "soft" and time.when.relative:
        return time  # "up to lately" is no more than lately
    if not _LED.match(text, start, end):
        for name, pattern in _OPENS.items():
            if (m := pattern.search(text[:start])) and not _is_no_end(text, m, start, end):
                start, kind = m.start(), name
                break
    for name, pattern in _CLOSES.items():
        if m := pattern.match(text, end):
            end, kind = m.end(), kind or name
            break
    if not kind and _LEADING_FROM.search(text[:start]) and (m := _BEGINNING.match(text, end)):
        end, kind = m.end(), "from"
    if not kind:
        return time
    if lead := _LEADING_FROM.search(text[:start]):
        start = lead.start()
    days = _open_days(kind, time.days, today)
    trust = _after_word(time.when.trust, kind)
    return Time(start, end, replace(time.when, days=days, trust=trust)) if days else None


def _is_no_end(text: str, word: re.Match[str], start: int, end: int) -> bool:
    """Whether a word before a time is none that says until when: "what was I up to", "by the 2010 drought"."""
    busy = word[0].lower().startswith("up to") and _BUSY.search(text, 0, word.start())
    return bool(busy) or (word[0].lower() in {"by the ", "as of the "} and text[start:end].isdigit())


def _after_word(trust: Trust, kind: str) -> Trust:
    """A bare number behind "since" is a year; and since a month or a feast is since the last one."""
    return "sure" if trust == "soft" or kind == "from" else trust


def _open_days(kind: str, days: Days, today: date) -> Days | None:
    first, last = days
    if kind == "until":
        return _FIRST_DAY, last
    if kind == "before":
        return _FIRST_DAY, first - timedelta(days=1)
    begun = first if kind == "from" else last + timedelta(days=1)
    if begun <= today:
        return begun, today
    return begun, max(begun, last)
