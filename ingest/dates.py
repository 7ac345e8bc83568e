"""A note's own dates: from its front matter and from its name. File times are not asked: a clone resets them."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rag.types import MetaValue

# By key (lower case, without - _ and spaces): how far the date can be taken for that of the note's content.
_KEYS = {
    "date": 1.0,
    "日期": 1.0,
    "day": 0.9,
    **dict.fromkeys(
        ("publishdate", "publisheddate", "pubdate", "published", "publishedat", "发布日期", "发布时间"), 0.9
    ),
    **dict.fromkeys(
        ("created", "createdat", "createtime", "creationdate", "datecreated", "createddate"), 0.8
    ),
    **dict.fromkeys(("创建时间", "创建日期", "创建"), 0.8),
    **dict.fromkeys(("updated", "updatedat", "updatetime", "dateupdated", "modified", "modifiedat"), 0.5),
    **dict.fromkeys(("datemodified", "lastmod", "lastmodified", "lastupdated", "mtime"), 0.5),
    **dict.fromkeys(("更新时间", "更新日期", "修改时间", "修改日期"), 0.5),
}
_NAME_DAY, _NAME_WEEK, _NAME_MONTH, _NAME_YEAR = 0.9, 0.85, 0.6, 0.3

_YEARS = range(1900, 2101)
_DAY = re.compile(
    r"(?<![\d.])(?:(\d{4})(?:[-/._](\d{1,2})[-/._](\d{1,2})|\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号]?)|(\d{4})(\d{2})(\d{2}))(?!\d)"
)
_WEEK = re.compile(r"(?<!\d)(\d{4})[-_ ]?[Ww](\d{1,2})(?!\d)")
_MONTH = re.compile(r"(?<![\d.])(\d{4})(?:[-/._](\d{1,2})(?![-/._]\d)|\s?年\s?(\d{1,2})\s?月)(?!\d)")
_YEAR = re.compile(r"(?<![\d.])((?:19|20)\d{2})(?![\d.]|[-/_]\d)")


def parse(text: str) -> tuple[date, date] | None:
    """First and last day of what a date string names: a day, a week, a month or a year; None if nothing.

    Days are taken as written: a time zone does not move them.
    """
    return _day(text) or _week(text) or _month(text) or _year(text)


def document_dates(doc_id: str, meta: Mapping[str, MetaValue]) -> tuple[DateRange, ...]:
    """A document's dates, the most trustworthy first. Sources: ``front matter:<key>``, ``file name``."""
    found = [*_from_properties(meta), *_from_name(_name(doc_id))]
    return tuple(sorted(found, key=lambda r: -r.confidence))


def _from_properties(meta: Mapping[str, MetaValue]) -> Iterator[DateRange]:
    for key, value in meta.items():
        confidence = _KEYS.get(re.sub(r"[-_ ]", "", key.lower()))
        days = parse(str(value)) if confidence and isinstance(value, (str, int)) else None
        if confidence and days:
            yield DateRange(*days, f"front matter:{key}", confidence)


def _from_name(name: str) -> Iterator[DateRange]:
    steps = ((_day, _NAME_DAY), (_week, _NAME_WEEK), (_month, _NAME_MONTH), (_year, _NAME_YEAR))
    for step, confidence in steps:
        days = step(name)
        if days:
            yield DateRange(*days, "file name", confidence)
            return


def _name(doc_id: str) -> str:
    """The file's name without its suffix; a page bundle's (``2022-06-18-title/index.md``) is its folder."""
    *folders, name = doc_id.split("/")
    stem = name.rpartition(".")[0] or name
    return folders[-1] if folders and stem.lower() in {"index", "_index", "readme"} else stem


def _day(text: str) -> tuple[date, date] | None:
    for m in _DAY.finditer(text):
        year, month, day = (int(g) for g in m.groups() if g)
        if year in _YEARS:
            try:
                found = date(year, month, day)
            except ValueError:
                continue
            return found, found
    return None


def _week(text: str) -> tuple[date, date] | None:
    m = _WEEK.search(text)
    if not m or int(m[1]) not in _YEARS:
        return None
    try:
        monday = date.fromisocalendar(int(m[1]), int(m[2]), 1)
    except ValueError:
        return None
    return monday, monday + timedelta(days=6)


def _month(text: str) -> tuple[date, date] | None:
    for m in _MONTH.finditer(text):
        year, month = int(m[1]), int(m[2] or m[3])
        if year in _YEARS and 1 <= month <= 12:  # noqa: PLR2004 - months
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    return None


def _year(text: str) -> tuple[date, date] | None:
    m = _YEAR.search(text)
    return (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31)) if m else None
