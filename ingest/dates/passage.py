"""A passage's own dates: what its headings, datelines and words say, resolved against the note's."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import FROM
from ingest.dates.lines import body_start, heading_moments, label_of, surer
from ingest.dates.moments import Moment, days_of
from ingest.dates.note import told_by_properties
from ingest.dates.words import mentions
from ingest.dates.written import read
from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.dates.calendars import Days
    from ingest.dates.words import Mention
    from rag.types import Chunk, Document

MOST = 8
"""Dates of a passage."""

_WEEK, _MONTH, _YEAR = 7, 31, 366  # longest spans, in days
_NEAR = 400  # days between a year that a note is about and the day it was written
_ABOUT_TRUST = 0.8
_MODEL = "model"
_NAME_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
# What a note is called that goes through a year long after it.
_PERIOD = re.compile(r"\d\s?年|归档|日志|总结|回顾|复盘|review|journal|diary|archiv", re.IGNORECASE)

_FENCE = re.compile(r"(?m)^[ \t>]*(?:[-*+] )?(`{3,}|~{3,})")
_ADDRESS = re.compile(r"(?:https?|ftp|file)://[^\s<>()（）]*\Z")
_AROUND = 300  # characters before a date in which an address or code may have begun
_LEADS = re.compile(
    r"[\W_]*(?:到了?|在|于|从|自|随后|后来|接着|然后|[Ii]n|[Oo]n|[Ss]ince|[Bb]y|[Ff]rom|[Dd]uring)?\s?"
)
_LEAD = 1.2  # times the trust in a date that a line begins with
_TO = re.compile(r"\s?(?:[-~–—→～]{1,2}|至|到|to|until|through)\s?")
_PLAN = re.compile(
    r"(?:计划|准备|打算|预计|争取|希望|目标|即将|将|截止|deadline|will|plan(?:ning)?|going to|by|due)[^。！？.!?\n]{0,15}\Z",
    re.IGNORECASE,
)
_PLAN_WITHIN = 30


class _Base(NamedTuple):
    """A time that words count from; ``origin`` is its source where it is a date of the note's."""

    days: Days
    origin: str
    confidence: float


class _View(NamedTuple):
    """Where the words stand in time.

    ``now`` is the day or week that they were written in, ``about`` the time that they speak of, which also says
    what "last year" means where it is ``near``.
    """

    now: _Base | None
    about: _Base | None
    near: bool = True

    def base_of(self, moment: Moment) -> _Base | None:
        """What a moment counts from."""
        shift = moment.shift
        if shift is None:
            return self.about or self.now
        if shift.unit == "year":
            return (self.about if self.near else None) or self.now
        short = shift.unit == "month" and self.about and _length(self.about.days) <= _MONTH
        return self.about if short else self.now


class _Entry(NamedTuple):
    """What stands under a dateline, as far as the heading's section goes."""

    heading: tuple[str, ...]
    date: DateRange
    base: _Base


def passages(document: Document, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """As ``ingest.dates.passages``."""
    reader = _Reader(document)
    return tuple(replace(chunk, dates=reader.dates(chunk)) for chunk in chunks)


class _Reader:
    """Reads a document's passages in order."""

    def __init__(self, document: Document) -> None:
        self._code = _code(document.text)
        self._questions = {s.title for s in document.sections if s.level == 0}  # what an answer stands under
        self._sections: dict[tuple[str, ...], tuple[_View, tuple[DateRange, ...]]] = {
            (): (_view_of(document), ())
        }
        self._entry: _Entry | None = None
        self._properties = told_by_properties(document)  # of the passage that holds them
        self._body = body_start(document.text)

    def dates(self, chunk: Chunk) -> tuple[DateRange, ...]:
        """The passage's own dates, the best first."""
        view, headed = self._section(chunk.heading)
        entry = self._entry if self._entry and self._entry.heading == chunk.heading else None
        text = _prose(chunk, self._code)
        if entry:
            view = view._replace(now=entry.base, about=None)
        told, last = _told(text, view, model=chunk.speaker == _MODEL)
        going_on = [entry.date] if entry and not (told and told[0].source.startswith("dateline")) else []
        self._entry = _Entry(chunk.heading, *last) if last else entry
        best: dict[Days, DateRange] = {}
        properties = self._properties if chunk.start < self._body else ()
        for d in (*headed, *going_on, *properties, *told):
            days = d.first, d.last
            if days not in best or best[days].confidence < d.confidence:
                best[days] = d
        return tuple(sorted(best.values(), key=lambda d: -d.confidence)[:MOST])

    def _section(self, heading: tuple[str, ...]) -> tuple[_View, tuple[DateRange, ...]]:
        """The view under a path of headings, and the dates of its innermost heading that has any."""
        if heading not in self._sections:
            view, dates = self._section(heading[:-1])
            moments = heading_moments(heading[-1]) if heading[-1] not in self._questions else []
            own = [d for moment in moments if (d := _resolved(moment, view, "heading"))]
            if own:
                dates = tuple(own)
                base = _as_base(own[0])
                short = _length(base.days) <= _WEEK
                view = _View(base if short else view.now, None if short else base)
            self._sections[heading] = view, dates
        return self._sections[heading]


def _view_of(document: Document) -> _View:
    """From the note's dates, and from what it is called."""
    exact = next((d for d in document.dates if _length((d.first, d.last)) <= _WEEK), None)
    now = _Base((exact.first, exact.last), exact.source, exact.confidence) if exact else None
    called = [d for d in document.dates if d.source in {"file name", "title"}]
    wide = next((d for d in called if _WEEK < _length((d.first, d.last)) <= _YEAR), None)
    if wide is None and (title := read(_NAME_DAY.sub("", document.title))):
        wide = DateRange(title.first, title.last, "title")
        wide = wide if _WEEK < _length((title.first, title.last)) <= _YEAR else None
    if wide is None:
        return _View(now, None)
    days = wide.first, wide.last
    near = now is None or _near(days, now.days)
    if not near and not _PERIOD.search(document.title):
        return _View(now, None)
    return _View(now, _Base(days, wide.source, _ABOUT_TRUST), near)


def _near(a: Days, b: Days) -> bool:
    return (b[0] - a[1]).days <= _NEAR and (a[0] - b[1]).days <= _NEAR


def _length(days: Days) -> int:
    return (days[1] - days[0]).days + 1


def _as_base(found: DateRange) -> _Base:
    return _Base((found.first, found.last), found.source.partition(FROM)[2], found.confidence)


def _told(text: str, view: _View, *, model: bool) -> tuple[list[DateRange], tuple[DateRange, _Base] | None]:
    """The dates in a passage's words, and the dateline that what follows stands under.

    Those that only say "now" count where the words name another time too.
    """
    found: list[DateRange] = []
    now: list[DateRange] = []
    entry: tuple[DateRange, _Base] | None = None
    understood = [m for m in _understood(text) if not (model and m.moment.shift) and not _in_code(text, m)]
    for mention, until in _spans(text, understood):
        d, headline = _read(text, mention, until, view)
        if d is None:
            continue
        (now if mention.moment.present else found).append(d)
        if headline and _length((d.first, d.last)) <= _WEEK:
            base = _as_base(d)
            view = view._replace(now=base, about=None)
            # One at the very end stands below what it dates.
            heads = text.find("\n", mention.end) >= 0 or "\n" not in text[: mention.start].strip()
            entry = (d, base) if heads else None
    return ([*found, *now] if found else []), entry


def _read(text: str, mention: Mention, until: Mention | None, view: _View) -> tuple[DateRange | None, bool]:
    """A mention's days, and whether it is a dateline."""
    moment, source = mention.moment, "text"
    headline = moment.shift is None and label_of(text, mention.start, mention.end) is not None
    if headline:
        moment, source = surer(moment), "dateline"
    elif _LEADS.fullmatch(text, text.rfind("\n", 0, mention.start) + 1, mention.start):
        moment = replace(moment, trust=min(1.0, moment.trust * _LEAD))
    d = _resolved(moment, view, source)
    end = _resolved(until.moment, view, source) if d and until else None
    if d and end and end.last > d.last:
        d = replace(d, last=end.last)
    return d, headline


def _understood(text: str) -> list[Mention]:
    """The mentions, with what the words around them add: "2022 年 1 月 ... 到了 2 月" in one paragraph, a plan."""
    found: list[Mention] = []
    year, of_line = None, -1
    for mention in mentions(text):
        moment = mention.moment
        line = text.rfind("\n", 0, mention.start)
        if moment.year is not None:
            year, of_line = (moment.year if moment.month else None), line
        elif moment.shift is None and year is not None and line == of_line:
            moment = replace(moment, year=year)
        elif moment.shift is None and _PLAN.search(text, max(0, mention.start - _PLAN_WITHIN), mention.start):
            moment = replace(moment, future=True)
        found.append(mention._replace(moment=moment))
    return found


def _spans(text: str, told: Sequence[Mention]) -> Iterator[tuple[Mention, Mention | None]]:
    """Each mention, and the one at which the span that it begins ends."""
    at = 0
    while at < len(told):
        mention, until = told[at], told[at + 1] if at + 1 < len(told) else None
        at += 1
        if until and _TO.fullmatch(text, mention.end, until.start):
            at += 1
            if mention.moment.shift is None and not mention.moment.absolute:  # May 5 - June 9, 2023
                mention = mention._replace(moment=replace(mention.moment, year=until.moment.year))
            yield mention, until
        else:
            yield mention, None


def _in_code(text: str, mention: Mention) -> bool:
    """Whether it stands in an address or in a line's code."""
    line = max(text.rfind("\n", 0, mention.start) + 1, mention.start - _AROUND)
    if _ADDRESS.search(text, line, mention.start):
        return True
    return text.count("`", line, mention.start) % 2 == 1


def _resolved(moment: Moment, view: _View, source: str) -> DateRange | None:
    base = None if moment.absolute else view.base_of(moment)
    known = days_of(moment, base.days if base else None)
    if known is None:
        return None
    (first, last), sure = known
    trust = moment.trust * sure * (base.confidence if base else 1.0)
    origin = f"{FROM}{base.origin}" if base and base.origin else ""
    return DateRange(first, last, source + origin, round(trust, 3))


def _prose(chunk: Chunk, code: Sequence[tuple[int, int]]) -> str:
    """What of a passage is neither masked nor a block of code; of the same length."""
    body = chunk.body
    if code and len(body) == chunk.end - chunk.start:
        at = max(0, bisect_left(code, (chunk.start, 0)) - 1)
        while at < len(code) and code[at][0] < chunk.end:
            start, end = code[at]
            at += 1
            a, b = max(0, start - chunk.start), max(0, min(end, chunk.end) - chunk.start)
            body = body[:a] + " " * (b - a) + body[b:]
    return body


def _code(text: str) -> list[tuple[int, int]]:
    """Properties, whose dates are the note's, and fenced code."""
    body = body_start(text)
    found: list[tuple[int, int]] = [(0, body)] if body else []
    opening: re.Match[str] | None = None
    for m in _FENCE.finditer(text):
        if opening is None:
            opening = m
        elif m[1].startswith(opening[1]):
            found.append((opening.start(), m.end()))
            opening = None
    if opening:
        found.append((opening.start(), len(text)))
    return found
