"""Filters as they are typed: ``tag:x -tag:y path:2023/ rating:>4 after:2023-01 "exact phrase"``.

- ``tag: path: type: lang: after: before: date:`` and their Chinese names are known keys. Any other ``word:value`` is a
  condition on a property, where it looks like one: prose, addresses, times of day and code are left alone.
- ``after:X`` begins with X's first day, ``before:X`` ends with the day before X's first: ``after:2023-01
  before:2023-07`` is January to June. ``date:X`` is all of X.
- ``-`` excludes a tag, a path or a type. ``#tag`` by itself is a tag.
- Straight double quotes make an exact phrase; “...” and 「...」 only where white space sets them off, as people write
  names and titles in them. The phrase's words are looked for too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from rag.errors import QuestionError
from rag.types import Condition, Part, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from rag.types import Language, Operator

Key = Literal["tag", "path", "type", "language", "after", "before", "date"]
_KEYS: Final[Mapping[str, Key]] = {
    **dict.fromkeys(("tag", "标签", "標籤"), "tag"),
    **dict.fromkeys(("path", "folder", "路径", "路徑", "文件夹", "文件夾"), "path"),
    **dict.fromkeys(("type", "类型", "類型"), "type"),
    **dict.fromkeys(("lang", "language", "语言", "語言"), "language"),
    **dict.fromkeys(("after", "之后", "之後"), "after"),
    **dict.fromkeys(("before", "之前"), "before"),
    **dict.fromkeys(("date", "on", "日期"), "date"),
}
_LANGUAGES: Final[Mapping[str, Language]] = {
    **dict.fromkeys(("zh", "cn", "zh-cn", "zh-tw", "chinese", "中文", "汉语", "漢語"), "zh"),
    **dict.fromkeys(("en", "en-us", "en-gb", "english", "英文", "英语", "英語"), "en"),
}
_EXCLUDED: Final = ("tag", "path", "type")
_TOKEN = re.compile(
    r"""(?<!\S)(?:
      (?P<minus>-)?(?P<key>[^\W\d_][^\W\d]*(?:-[^\W\d]+)*)(?P<colon>[:：])(?P<value>
        (?:[<>＜＞]=?|=)?(?:"[^"]*"|“[^”]*”|「[^」]*」)(?!\S) | \S+)
    | (?P<not>-)?[#＃](?P<tag>[^\s#＃]*[^\W\d][^\s#＃]*)(?!\S)
    | (?:“(?P<curly>[^“”]+)”|「(?P<corner>[^「」]+)」)(?!\S)
    )|(?<![\w=-])"(?P<phrase>[^"]+)"(?!\w)|(?<=[\u4e00-\u9fff])"(?P<inner>[^"]+)"(?![A-Za-z0-9_])""",
    re.VERBOSE,
)
_SENTENCE = re.compile(
    r"[?？]\s*\Z|\A\W*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could)\b|什么|哪|谁|吗|怎么|如何|为何",
    re.IGNORECASE,
)
_TAG = re.compile(r"[\w/-]+")
_TYPE = re.compile(r"\.?([A-Za-z0-9]{1,12})")
_COMPARISON = re.compile(r"(>=|<=|=|>|<)?\s*(.*)", re.DOTALL)
_WIDE_SIGNS = str.maketrans("＜＞＝", "<>=")
_DAY = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?")
# Word:value that is something else: an address, a time, a path, a ratio, code, or the end of a clause.
_NO_PROPERTY = re.compile(
    r"[:/\\]|[?？。！!，；;]|(?:什么|哪|谁|吗|如何|怎么|多少|为何)|.*[(){}\[\]]|.*[,.;:：]\Z"
)
_NO_KEY = re.compile(
    "http|https|ftp|file|mailto|tel|ssh|git|ws|wss|localhost|note|notes|todo|fixme|warning|error|tip|fig|eq|re|fwd|问|答|请问|问题|提问|注|注意|例如|比如|说|例|提示|即|如",
    re.IGNORECASE,
)
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Typed:
    """A filter and where it stands; one of ``condition``, ``span`` or ``value`` is what it says."""

    start: int
    end: int
    part: Part
    excluded: bool = False
    value: str = ""
    condition: Condition | None = None
    span: Span | None = None


def typed_in(
    question: str,
    today: date,
    ignore: Collection[str] = (),
    *,
    exact_in_sentences: bool = True,
    properties: Callable[[], Collection[str]] | None = None,
) -> tuple[list[Typed], list[tuple[int, int]]]:
    """The filters of a question, in order, and where words stand that look like filters and are ignored.

    Raises:
        QuestionError: a value cannot be read.
    """
    found: list[Typed] = []
    plain: list[tuple[int, int]] = []
    known = _known_by(properties)
    names_only = not exact_in_sentences and _SENTENCE.search(question) is not None
    for m in _TOKEN.finditer(question):
        if m[0] in ignore or (names_only and (m["phrase"] or m["inner"])):
            plain.append(m.span())
        elif one := _filter(m, today, known):
            found.append(one)
    return found, plain


def _known_by(properties: Callable[[], Collection[str]] | None) -> Callable[[str], bool]:
    """Whether notes have a property, by any name that it goes by; they are asked once, when first needed."""
    if properties is None:
        return lambda _: True

    @cache
    def had() -> frozenset[str]:
        from rag.store.properties import plain

        return frozenset(plain(part) for name in properties() for part in (name, name.rpartition(".")[2]))

    def known(name: str) -> bool:
        from rag.store.properties import same

        return not same(name).isdisjoint(had())

    return known


def _filter(m: re.Match[str], today: date, known: Callable[[str], bool]) -> Typed | None:
    if m["key"]:
        return _keyed(m, today, known)
    if m["tag"]:
        return _tag(m, m["tag"], excluded=bool(m["not"])) if _TAG.fullmatch(m["tag"]) else None
    phrase = (m["phrase"] or m["inner"] or m["curly"] or m["corner"] or "").strip()
    return _made(m, Part("phrase", m[0], f'"{phrase}"', hard=True), value=phrase) if phrase else None


def _made(
    m: re.Match[str],
    part: Part,
    *,
    excluded: bool = False,
    value: str = "",
    condition: Condition | None = None,
    span: Span | None = None,
) -> Typed:
    return Typed(m.start(), m.end(), part, excluded, value, condition, span)


def _keyed(m: re.Match[str], today: date, known: Callable[[str], bool]) -> Typed | None:
    written = m["key"]
    key = _KEYS.get(written.lower())
    value = _unquoted(m["value"])
    if key is None:
        return _property(m, written, known) if m["colon"] == ":" and not m["minus"] else None
    if m["value"].startswith((":", "//", "\\")):
        return None  # std::vector
    if m["minus"] and key not in _EXCLUDED:
        raise QuestionError(
            "-{key}:{value} excludes what cannot be excluded. Only tag:, path: and type: can; write the others without -.",
            key=written,
            value=value,
        )
    return _known(m, key, written, value, today)


def _known(m: re.Match[str], key: Key, written: str, value: str, today: date) -> Typed:
    if key == "tag":
        return _tag(m, value, excluded=bool(m["minus"]))
    if key == "path":
        if not value.strip("/"):
            raise _unread(written, value, "path:notes/2023")
        sign = "-" if m["minus"] else ""
        return _made(
            m, Part("path", m[0], f"{sign}path:{value}", hard=True), excluded=bool(m["minus"]), value=value
        )
    if key == "type":
        return _type(m, written, value)
    if key == "language":
        language = _LANGUAGES.get(value.lower())
        if language is None:
            raise _unread(written, value, "lang:zh, lang:en")
        return _made(m, Part("language", m[0], f"lang:{language}", hard=True), value=language)
    return _time(m, key, written, value, today)


def _unread(key: str, value: str, example: str) -> QuestionError:
    return QuestionError(
        "{key}:{value} cannot be read. Write it as {example}, or put a space behind the colon to look for the words.",
        key=key,
        value=value,
        example=example,
    )


def _unquoted(value: str) -> str:
    """The value without the quotes around it."""
    sign = _COMPARISON.match(value.translate(_WIDE_SIGNS))
    signs = (sign[1] or "") if sign else ""
    inner = value[len(signs) :]
    if len(inner) > 1 and inner[0] + inner[-1] in {'""', "“”", "「」"}:
        inner = inner[1:-1].strip()
    return signs + inner


def _tag(m: re.Match[str], written: str, *, excluded: bool) -> Typed:
    tag = written.lstrip("#＃").strip("/").strip()
    if not tag:
        raise _unread(m["key"], written, "tag:books")
    sign = "-" if excluded else ""
    return _made(m, Part("tag", m[0], f"{sign}tag:{tag}", hard=True), excluded=excluded, value=tag)


def _type(m: re.Match[str], written: str, value: str) -> Typed:
    known = _TYPE.fullmatch(value)
    if not known:
        raise _unread(written, value, "type:pdf, type:markdown")
    sign, name = "-" if m["minus"] else "", known[1].lower()
    return _made(
        m, Part("type", m[0], f"{sign}type:{name}", hard=True), excluded=bool(m["minus"]), value=name
    )


def _property(m: re.Match[str], name: str, known: Callable[[str], bool]) -> Typed | None:
    """A condition, where the words look like one and notes have the property."""
    written, quoted = m["value"], '"' in m["value"] or "“" in m["value"]
    if len(name) < 2 or _NO_KEY.fullmatch(name) or len(written) > _LONGEST:  # noqa: PLR2004 - C:\
        return None
    if (not quoted and _NO_PROPERTY.match(written)) or not known(name):
        return None
    sign, value = _split(_unquoted(written))
    if not value:
        raise _unread(name, written, f"{name}:>4")
    part = Part("property", m[0], f"{name} {sign} {value}", hard=True)
    return _made(m, part, condition=Condition(name, sign, value))


def _split(value: str) -> tuple[Operator, str]:
    m = _COMPARISON.fullmatch(value.translate(_WIDE_SIGNS) if value[:1] in "＜＞＝" else value)
    sign, rest = (m[1] or "=", m[2].strip()) if m else ("=", value)
    operators: Mapping[str, Operator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "="}
    return operators[sign], rest


def _time(m: re.Match[str], key: Key, written: str, value: str, today: date) -> Typed:
    days = days_named(value, today)
    if days is None or (key == "before" and days[0] == date.min):
        raise _unread(written, value, "2023, 2023-05, 2023-05-31")
    if key == "after":
        span = Span(days[0], date.max)
    elif key == "before":
        span = Span(date.min, days[0] - timedelta(days=1))
    else:
        span = Span(*days)
    return _made(m, Part("time", m[0], meaning(span), hard=True), span=span)


def days_named(value: str, today: date) -> tuple[date, date] | None:
    """First and last day of what a value names and nothing beside; None where it names none."""
    from rag.search.reading.dates import times_named
    from rag.search.reading.view import viewed

    if m := _DAY.fullmatch(value):
        year, month, day = (int(n) if n else 0 for n in m.groups())
        return _numbered(year, month, day)
    text = viewed(value, (), ())
    found = times_named(text, today)
    if len(found) == 1 and not (text[: found[0].start] + text[found[0].end :]).strip():
        return found[0].days
    return None


def _numbered(year: int, month: int, day: int) -> tuple[date, date] | None:
    from ingest.dates import calendars

    try:
        if day:
            return calendars.day(year, month, day)
        return calendars.months(year, month, month) if month else calendars.years(year, year)
    except ValueError:
        return None


def meaning(span: Span) -> str:
    """As ``2022-04-01..2022-04-30``; one day as itself, an end that is open is left out."""
    if span.first == span.last:
        return span.first.isoformat()
    first = "" if span.first == date.min else span.first.isoformat()
    last = "" if span.last == date.max else span.last.isoformat()
    return f"{first}..{last}"


def spans(found: Sequence[Typed]) -> Iterator[Span]:
    """The days that all the times of a question leave: those of ``date:``, within ``after:`` and ``before:``."""
    given = [one for one in found if one.span]
    first = max((t.span.first for t in given if t.span and t.span.last == date.max), default=date.min)
    last = min((t.span.last for t in given if t.span and t.span.first == date.min), default=date.max)
    exact = [t.span for t in given if t.span and t.span.first != date.min and t.span.last != date.max]
    clipped = [Span(max(s.first, first), min(s.last, last)) for s in exact or [Span(first, last)]]
    kept = [s for s in clipped if s.first <= s.last]
    if not kept:
        raise QuestionError(
            "{filters} leave no day between them. Take one away.",
            filters=" ".join(t.part.written for t in given),
        )
    if given:
        yield from kept
