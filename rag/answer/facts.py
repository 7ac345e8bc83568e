"""What a sentence says that can be checked without understanding it: numbers, days, names, in Chinese and English.

Each is brought to one form, so that ``2023年5月3日`` is ``May 3, 2023``, ``二十六`` is ``26`` and ``1.2 万`` is ``12,000``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.dates.moments import days_of
from rag.answer import wordlists
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.dates.calendars import Days
    from ingest.dates.moments import Moment

_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "廿": 20}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_WORDS: Final = {word: n for n, word in enumerate(wordlists.NUMBERS.split())} | {
    word: n
    for n, word in zip(
        range(20, 100, 10),
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        strict=True,
    )
}
_ORDINALS: Final = {
    word: n
    for n, word in enumerate(
        wordlists.ORDINALS.split(),
        1,
    )
} | {"twice": 2, "thrice": 3}
_SCALES: Final = {
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "k": 1000,
}
MEASURE: Final = "个只本次人天年月日号岁元块斤公里米层楼家种篇条张件周星小分秒欧美升克度样颗桶种位名页遍台部组格句株成倍支杯份场章课点把盆辆套双把封趟届期轮项步行列级口间座栋根头匹"
_HAN_NUMBER: Final = "零〇○一二三四五六七八九十百千万亿两"
_ENGLISH: Final = "|".join(sorted((*_WORDS, *_ORDINALS), key=len, reverse=True))
_NUMBER: Final = re.compile(
    rf"(?<![A-Za-z_0-9])(?<![A-Za-z_]-)(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)\s?(?P<scale>[万亿千百](?![\u4e00-\u9fff]*分之)|(?:k|thousand|million|billion)\b)?"
    rf"|百分之(?P<percent>[{_HAN_NUMBER}]+)"
    rf"|(?P<below>[{_HAN_NUMBER}]+)分之(?P<above>[{_HAN_NUMBER}]+)"
    rf"|(?P<han>[{_HAN_NUMBER}]+)(?:(?P<half>[{MEASURE}桶]?半)|[多来几余](?=[{MEASURE}]))?"
    rf"|(?P<apart>半(?=[年天个小斤升杯日程价数月])|\bhalf\b)"
    rf"|\b(?P<word>(?:{_ENGLISH})(?:[- ](?:{_ENGLISH}))*)(?:[- ](?P<wscale>hundred|thousand|million|billion))?\b"
)
_LATE: Final = re.compile(
    rf"(?:下午|晚上?|傍晚|夜里)\s?(\d{{1,2}}|[{_HAN_NUMBER}]+)\s?点|\b(\d{{1,2}})(?:[:.]\d\d)? ?p\.?m\b"
)
# Han numerals in words that count nothing.
_NO_COUNT: Final = re.compile(
    "一(?:起|下|样|直|定|些|点|般|路|边|旦|共|律|切|向|时|带|致|再|同|早|眼|味|面|生|番|身|头|片|心|手|口|股|条心|概|时间)|万(?:一|分|能)|千万(?![元块人个米字])"
    "|(?<![了得扣打加减满差])十分(?![钟之])|[统唯专逐单同均]一|(?:周|星期|礼拜)[一二三四五六日]|三三两两|七上八下|乱七八糟|二维|一二|五一(?=节|假|长)|十一(?=节|假|长|国庆)|第一[时线]|双十一"
    r"|\b(?:first|second)[- ](?:hand|class|rate)\b"
)
_HALF: Final = Decimal("0.5")
_LONE: Final = frozenset({Decimal(0), Decimal(1), _HALF})  # 一, one, 半: mostly grammar
_TWELVE: Final = 12
_LETTER: Final = "A-Za-zÀ-ÖØ-öø-ÿ"
_LATIN: Final = re.compile(rf"[{_LETTER}](?:[{_LETTER}0-9_.+#'’-]*[{_LETTER}0-9_+#])?")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_BEGINS: Final = re.compile(r"(?:^|[.!?。！？:：\n]\s*|[-*•]\s+|[\"“”「『(（]\s*)$")
_INNER: Final = re.compile(r"[a-z][A-Z]|\w_\w|[A-Z]{2}|\d")
_MONEY: Final = frozenset(
    ["欧元", "美元", "日元", "英镑", "人民币", "港币", "法郎", "卢布"]
)  # the dictionary calls them names
_PEOPLE: Final = frozenset({"nr", "nrt", "nrfg"})
_PROPER: Final = _PEOPLE | {"ns", "nt"}
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
_CALLED: Final = re.compile(rf"[老小阿][{_SURNAMES}](?![\u4e00-\u9fff]?[孩人家姐妹兄弟])")  # 老陈
# Capitalised, and no name that must stand in a note.
_NOT_NAMES: Final = frozenset(wordlists.NOT_NAMES.split())


_LEADING: Final = re.compile(rf"[^{_LETTER}0-9]*(?:(?:A|An|The) )?([A-Z][{_LETTER}]{{2,}})")
_FORMED: Final = re.compile(r"(?:ing|ly|ed|tion|ment|ness|ance|ence)$")  # no name ends so
_OPENERS: Final = frozenset(wordlists.OPENERS.split())


LABELS: Final = frozenset(wordlists.LABELS.split())
"""Nouns that say of what kind a thing is that is told beside them."""


class Number(NamedTuple):
    """A number and where it stands in the folded text; ``spelt`` with letters or Han numerals."""

    value: Decimal
    start: int
    end: int
    spelt: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """The days that a text tells.

    Attributes:
        days: first and last day of each that is known to the day, the month or the year.
        partial: (month, day or None) of those without a year.
    """

    days: frozenset[Days]
    partial: frozenset[tuple[int, int | None]]


def without_times(text: str) -> str:
    """A text with the times that it names blanked, but for their years."""
    from ingest.dates.words import mentions

    for m in reversed(mentions(text)):
        year = str(m.moment.year or "")
        text = f"{text[: m.start]} {year} {text[m.end :]}"
    return text


def is_chinese(text: str) -> bool:
    """Whether a text is mostly Chinese: a word of Latin letters counts as one Han character."""
    return len(_HAN.findall(text)) > len(_LATIN.findall(text))


def numbers(text: str, *, strict: bool = True) -> list[Number]:
    """The numbers of a folded text; those of a clock time or a version one by one.

    ``strict``: a Han numeral by itself only where it counts something, not the 三 of 三亚.
    """
    blanked = _NO_COUNT.sub(lambda m: " " * len(m[0]), text)
    found = (_number(m, blanked, strict=strict) for m in _NUMBER.finditer(blanked))
    return [number for number in found if number]


def _number(m: re.Match[str], text: str, *, strict: bool) -> Number | None:
    try:
        value, spelt = _value(m)
    except (ValueError, InvalidOperation):
        return None
    if strict and m["han"] and len(m["han"]) == 1 and not m["half"] and not _is_counted(m, text):
        return None
    return Number(value.normalize(), *m.span(), spelt)


def _is_counted(m: re.Match[str], text: str) -> bool:
    """Whether a single Han numeral counts something: 三个, 第三; not the one in 三亚."""
    after, before = text[m.end("han") : m.end("han") + 2], text[max(0, m.start() - 1) : m.start()]
    return before == "第" or (after.lstrip("多来几余 ")[:1] in set(MEASURE))


def _value(m: re.Match[str]) -> tuple[Decimal, bool]:
    if m["digits"]:
        scale = _UNITS.get(m["scale"] or "") or _SCALES.get(m["scale"] or "") or 1
        return Decimal(m["digits"].replace(",", "")) * scale, False
    if m["percent"]:
        return Decimal(_han(m["percent"])), True
    if m["below"]:
        return (Decimal(_han(m["above"])) / Decimal(_han(m["below"]))).quantize(Decimal("0.0001")), True
    if m["apart"] or (m["han"] == "一" and m["half"] == "半"):
        return _HALF, True
    if m["han"]:
        return Decimal(_han(m["han"])) + (Decimal("0.5") if m["half"] else 0), True
    parts = re.split("[- ]", m["word"])
    values = [_WORDS[part] if part in _WORDS else _ORDINALS[part] for part in parts]
    if len(values) > 1 and not (len(values) == 2 and values[0] >= 20 and values[1] < 10):  # noqa: PLR2004 - twenty-five
        raise ValueError(m[0])
    return Decimal(sum(values) * _SCALES.get(m["wscale"] or "", 1)), True


def _han(text: str) -> int:
    """A number in Han numerals: 三千二百, 一九五七, 两.

    Raises:
        ValueError: it is none.
    """
    if not any(c in _UNITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in "万亿":
            total = (
                (total + section + digit) * _UNITS[c] if c == "亿" else total + (section + digit) * _UNITS[c]
            )
            section = digit = 0
        else:
            section += (digit or 1) * _UNITS[c]
            digit = 0
    if not total + section + digit:
        raise ValueError(text)
    if digit and len(text) > 1 and text[-2] in "百千万":  # 一百八 is 180
        digit *= _UNITS[text[-2]] // 10
    return total + section + digit


def hours(text: str) -> set[int]:
    """The hours after noon that a folded text names, of twenty-four."""
    said = (m[1] or m[2] for m in _LATE.finditer(text))
    return {
        hour + _TWELVE for word in said if (hour := int(word) if word.isdigit() else _han(word)) < _TWELVE
    }


def counted(found: Sequence[Number]) -> list[Number]:
    """Without a spelt 一, one or 零: mostly grammar."""
    return [n for n in found if not (n.spelt and n.value in _LONE)]


def times(text: str, base: Days | None = None) -> Times:
    """The days that a text names; ``base``: the time that it speaks from, for those without a year."""
    from ingest.dates.words import mentions  # its patterns take a while to load

    found = mentions(text)
    days = frozenset(d[0] for m in found if (m.moment.year or base) and (d := days_of(m.moment, base)))
    partial = frozenset(
        (m.moment.month, m.moment.day) for m in found if m.moment.month and m.moment.year is None
    )
    return Times(days, partial)


def told_days(text: str) -> Iterator[tuple[Moment, str]]:
    """The moments of a claim that can be checked, each with its wordlists."""
    from ingest.dates.words import mentions

    for mention in mentions(text):
        if mention.moment.month or (mention.moment.year and mention.moment.week is None):
            yield mention.moment, text[mention.start : mention.end].strip()


def is_told(moment: Moment, evidence: Times) -> bool:
    """Whether the evidence tells a moment, as exactly or more so."""
    if moment.year is None:
        month, day = moment.month, moment.day
        if any(m == month and day in {None, d} for m, d in evidence.partial):
            return True
        return any(
            first.month == month and (day is None or first.day == day) and _is_near(first, last, day)
            for first, last in evidence.days
        )
    wanted = days_of(moment, None)
    if wanted is None:
        return True  # a 30 February of the model's own is a matter of words
    first, last = wanted[0]
    return any(first <= a and b <= last for a, b in evidence.days)


def _is_near(first: object, last: object, day: int | None) -> bool:
    """Whether a span of days can stand for a day (only a day can) or for a month."""
    return day is None or first == last


def names(text: str) -> list[str]:
    """Names in a text as it is written: people, places, organisations, products, identifiers.

    Latin ones by their capitals, but for a sentence's first word; in Chinese all Latin words, and what the dictionary
    calls a name.
    """
    latin = latin_names(text)
    return [*latin, *_han_names(text, _PROPER)]


def people(text: str) -> set[str]:
    """Those names that may be of people, folded: Latin ones, and Chinese ones that are."""
    return set(map(tokens.fold, (*latin_names(text), *_han_names(text, _PEOPLE))))


def _han_names(text: str, kinds: frozenset[str]) -> list[str]:
    called = [m[0] for m in _CALLED.finditer(text)]
    rest = _CALLED.sub("，", text)
    return called + [word for word, tag in tagged(rest) if tag in kinds and _is_han_name(word)]


def nouns(text: str) -> list[str]:
    """The Chinese nouns of a text, without those that only introduce what is said: 时间, 原因."""
    return [word for word, tag in tagged(text) if tag[0] == "n" and len(word) > 1 and word not in LABELS]


def leading(text: str) -> str:
    """The first word of an English sentence, where it may be a name and may be none; else nothing."""
    m = _LEADING.match(text)
    word = m[1] if m else ""
    return (
        "" if word.casefold() in _OPENERS or word.casefold() in _NOT_NAMES or _FORMED.search(word) else word
    )


def tagged(text: str) -> list[tuple[str, str]]:
    """The words of a text and what kind jieba's dictionary says that they are; none where it has no Han character."""
    if not _HAN.search(text):
        return []
    import rjieba  # its dictionary takes 0.1 s to load

    found: list[tuple[str, str]] = rjieba.tag(tokens.fold(text))
    return found


def latin_names(text: str) -> list[str]:
    """Those of Latin letters."""
    chinese = is_chinese(text)
    return [m[0] for m in _LATIN.finditer(text) if _is_name(m, chinese=chinese)]


def _is_han_name(word: str) -> bool:
    return (
        len(word) > 1
        and _HAN.match(word) is not None
        and word not in _MONEY
        and not numbers(word, strict=False)
    )


def _is_name(m: re.Match[str], *, chinese: bool) -> bool:
    word = m[0].removesuffix("'s")
    if word.casefold() in _NOT_NAMES:
        return False
    if _INNER.search(word) or (chinese and len(word) > 1):
        return True
    return word[0].isupper() and len(word) > 1 and not _BEGINS.search(m.string[: m.start()])
