"""A note's own dates: front matter, file name, title, dateline, git, and the file's time at last."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ingest.dates.lines import body_start, label_of
from ingest.dates.moments import days_of
from ingest.dates.words import mentions
from ingest.dates.written import Written, read, zone
from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ingest.dates import Facts
    from rag.types import Document, MetaValue

# By key (lower case, without - _ and spaces): how far the date can be taken for that of the note's content.
_KEYS = {
    **dict.fromkeys(("date", "日期", "dates"), 1.0),
    **dict.fromkeys(("day", "时间", "diarydate", "journaldate"), 0.9),
    **dict.fromkeys(
        ("publishdate", "publisheddate", "pubdate", "published", "publishedat", "发布日期", "发布时间"), 0.9
    ),
    **dict.fromkeys(("created", "createdat", "createtime", "createdtime", "creationtime"), 0.8),
    **dict.fromkeys(("creationdate", "datecreated", "createddate", "createdate", "timecreated"), 0.8),
    **dict.fromkeys(("创建时间", "创建日期", "创建", "建立时间", "写于"), 0.8),
    **dict.fromkeys(("updated", "updatedat", "updatetime", "updatedtime", "dateupdated", "modified"), 0.5),
    **dict.fromkeys(("modifiedat", "modifiedtime", "datemodified", "lastmod", "lastmodified"), 0.5),
    **dict.fromkeys(("lastupdated", "lastedited", "lasteditedtime", "mtime"), 0.5),
    **dict.fromkeys(
        ("更新时间", "更新日期", "修改时间", "修改日期", "最后编辑时间", "上次编辑时间", "更新于"), 0.5
    ),
}
_FIRSTS = ("start", "startdate", "datestart", "begin", "开始", "开始日期", "开始时间")
_LASTS = ("end", "enddate", "dateend", "finish", "结束", "结束日期", "结束时间")
_OWN_KEY, _SPAN_KEYS = 0.95, 0.9
_DATELINE, _LABELLED = 0.7, 0.9
_TOLD = 0.8
_GIT_FIRST, _GIT_LAST, _FILE_TIME = 0.3, 0.2, 0.1
# By the longest span in days.
_NAME_TRUST = ((1, 0.9), (16, 0.85), (62, 0.6), (184, 0.45), (366, 0.3))
_TITLE_TRUST = 0.9

_SHORT_DAY = re.compile(r"(\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[\s_-]|\Z)")
_SHORT_DAY_TRUST = 0.4
_DATELINES_WITHIN = 1000  # characters
_LINES = 8


def document_dates(
    doc_id: str, meta: Mapping[str, MetaValue], keys: Iterable[str] = ()
) -> tuple[DateRange, ...]:
    """As ``ingest.dates.document_dates``."""
    found = [*_from_properties(meta, {_plain(key) for key in keys}), *_from_name(_name(doc_id))]
    return sorted_dates(found)


def dated(document: Document, facts: Facts) -> Document:
    """As ``ingest.dates.dated``."""
    more = [*_from_title(document), *_from_body(document.text), *_from_facts(facts)]
    return replace(document, dates=sorted_dates([*document.dates, *more]))


def sorted_dates(found: Iterable[DateRange]) -> tuple[DateRange, ...]:
    """The most trustworthy first, each source's days once."""
    known: dict[object, DateRange] = {(d.first, d.last, d.source): d for d in found}
    return tuple(sorted(known.values(), key=lambda d: -d.confidence))


def _plain(key: str) -> str:
    return re.sub(r"[-_ ]", "", key.lower())


def _from_properties(meta: Mapping[str, MetaValue], own: set[str]) -> Iterator[DateRange]:
    ends: dict[bool, tuple[str, Written]] = {}
    for key, value in meta.items():
        plain = _plain(key)
        if plain in _FIRSTS or plain in _LASTS:
            if written := _read_value(value):
                ends.setdefault(plain in _LASTS, (key, written))
            continue
        confidence = _KEYS.get(plain, _OWN_KEY if plain in own else 0)
        written = _read_value(value) if confidence else None
        if written:
            yield DateRange(written.first, written.last, f"front matter:{key}", confidence, written.zone)
    if False in ends:
        key, first = ends[False]
        last = ends[True][1].last if True in ends else first.last
        yield DateRange(first.first, max(last, first.first), f"front matter:{key}", _SPAN_KEYS, first.zone)


def told_by_properties(document: Document) -> tuple[DateRange, ...]:
    """Days that properties name beside the note's own dates: ``watched: 2022-07-23``. Source: ``property:<key>``."""
    own = {d.source.partition(":")[2] for d in document.dates}
    found = ((key, _read_value(value)) for key, value in document.meta.items() if key not in own)
    return tuple(
        DateRange(w.first, w.last, f"property:{key}", _TOLD, w.zone)
        for key, w in found
        if w and w.first == w.last and _plain(key) not in _KEYS
    )


def _read_value(value: MetaValue) -> Written | None:
    """A date, or a list of them: from the first to the last."""
    if isinstance(value, tuple):
        several = [w for item in value[:2] if (w := _read_value(item))]
        return several[0]._replace(last=max(w.last for w in several)) if several else None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return read(str(value))


def _from_name(name: str) -> Iterator[DateRange]:
    written = read(name)
    if written:
        confidence = _trust_of_span(written)
        if confidence:
            yield DateRange(written.first, written.last, "file name", confidence)
    elif m := _SHORT_DAY.match(name):
        written = read(f"20{m[1]}-{m[2]}-{m[3]}")
        if written:
            yield DateRange(written.first, written.last, "file name", _SHORT_DAY_TRUST)


def _trust_of_span(written: Written) -> float:
    days = (written.last - written.first).days + 1
    return next((trust for longest, trust in _NAME_TRUST if days <= longest), 0.0)


def _name(doc_id: str) -> str:
    """The file's name without its suffix; a page bundle's (``2022-06-18-title/index.md``) is its folder."""
    *folders, name = doc_id.split("/")
    stem = name.rpartition(".")[0] or name
    return folders[-1] if folders and stem.lower() in {"index", "_index", "readme"} else stem


def _from_title(document: Document) -> Iterator[DateRange]:
    if document.title in document.id:
        return  # the file's name has been read
    written = read(document.title)
    confidence = _trust_of_span(written) * _TITLE_TRUST if written else 0
    named = {(d.first, d.last) for d in document.dates if d.source == "file name"}
    if written and confidence and written[:2] not in named:
        yield DateRange(written.first, written.last, "title", confidence)


def _from_body(text: str) -> Iterator[DateRange]:
    """Dates that have one of the first lines to themselves: ``2023年5月3日 晴``, ``Created: January 5, 2022``."""
    begin = body_start(text)
    head = text[begin : begin + _DATELINES_WITHIN]
    plain = False
    for mention in mentions(head):
        if head.count("\n", 0, mention.start) > _LINES:
            return
        label = label_of(head, mention.start, mention.end)
        known = days_of(mention.moment, None)
        if label is None or known is None or mention.moment.day is None:
            continue
        confidence = _KEYS.get(_plain(label), 0.0) * _LABELLED if label else 0.0 if plain else _DATELINE
        plain = plain or not label
        if confidence:
            offset = zone(head[mention.start : mention.end + 40])
            yield DateRange(*known[0], f"dateline:{label}" if label else "dateline", confidence, offset)


def _from_facts(facts: Facts) -> Iterator[DateRange]:
    if facts.git is not None:
        first, last = facts.git
        yield DateRange(first, first, "git:first commit", _GIT_FIRST)
        yield DateRange(last, last, "git:last commit", _GIT_LAST)
    if facts.mtime_ns is not None:
        try:
            # The day as the user's clock had it.
            day = datetime.fromtimestamp(facts.mtime_ns / 1e9).date()  # noqa: DTZ006 - the day where the writer lives
        except (ValueError, OverflowError, OSError):
            return
        yield DateRange(day, day, "file time", _FILE_TIME)
