"""What kind of thing a question asks for, and whether a sentence holds one that the question does not say itself.

Rules in both languages, over folded text. ``docs/decisions/0009-extractive-answers.md`` says which kinds help.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from rag.store.tokens import common, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


class Sought(Enum):
    """What answers a question."""

    REASON = "why"
    TIME = "when"
    NUMBER = "how many"
    PERSON = "who"
    PLACE = "where"
    LIST = "which ones"
    MEANING = "what is it"
    NAME = "what is it called, which one"
    OTHER = "anything"


_PEOPLE: Final = "person|player|man|woman|king|queen|emperor|president|author|writer|actor|actress|scientist|leader|director|singer"
_PLACES: Final = "city|country|state|place|town|region|continent|county|area|location|province|island|river"
_AMOUNTS: Final = "percent|percentage|number|amount|population|rate|size|age|fraction|proportion|price|cost"
_UNITS: Final = "个次部本岁天年公元点人位名条层座种项所家支只场台块分成倍"

# The first of them that a question has is what it asks for.
_ASKS: Final = {
    Sought.REASON: r"为什么|为何|为啥|怎么会|原因|什么理由|\bwhy\b|\bwhat (?:was |is )?(?:the )?(?:reason|cause)",
    Sought.TIME: (
        r"什么时[候间]|何时|哪一?[年月天日]|哪个(?:月|世纪|年代|时期)|哪几年|几(?:月|号|点|几年)|时间(?:[是为？?]|$)|日期|截止|生日"
        r"|\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|time|month|century|decade)s?\b|\bdeadline\b"
    ),
    Sought.NUMBER: (
        rf"多少|几[{_UNITS}]|多[久长大高远重宽深快](?!的)|占比|比例|人数|数量"
        rf"|\bhow (?:many|much|long|far|old|tall|big|high|large|often|deep|fast|wide|heavy)\b|\bwhat (?:\w+ )?(?:{_AMOUNTS})\b"
    ),
    Sought.PERSON: (
        rf"谁|哪一?[位名](?!置)|什么人|何人|哪个人|\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ )?(?:{_PEOPLE})\b"
    ),
    Sought.PLACE: (
        r"哪里|哪儿|何[处地]|在哪|什么地方|哪一?[个座]?(?:地方|城市|国家|省|市|州|地区|国|城|县|区)|位于|\bwhere\b"
        rf"|\b(?:what|which) (?:\w+ )?(?:{_PLACES})\b"
    ),
    Sought.LIST: (
        r"哪些|哪几|有什么|分别|列出|\bwhich ones\b|\bwhat are\b|\b(?:what|which) (?:two|three|four|five)\b|\blist\b"
        r"|\bname (?:the|two|three|all)\b"
    ),
    Sought.MEANING: (
        r"^(?:什么|啥)是|^.{1,10}是(?:什么|啥)(?:意思|东西)?[？?。\s]*$|定义|含义|什么意思|何谓"
        r"|\bwhat (?:is|are) (?:an? )?[\w-]+(?: [\w-]+)?[?\s]*$|\bdefin|\bmean(?:ing|s)?\b"
    ),
    Sought.NAME: r"哪|什么|叫|啥|何|\bwhat\b|\bwhich\b|\bname\b",
}

_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)\.?"
_MONTHS: Final = "january|february|march|april|june|july|august|september|october|november|december"
_DIGIT: Final = "〇零一二三四五六七八九十"
_COUNTED: Final = r"(?:\d[\d,.]*|[一二三四五六七八九十百千万亿两半]+)[万亿多余 ]*"
_WORDS: Final = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundreds?"
    "|thousands?|millions?|billions?|dozens?"
)
_HOLDS: Final = {
    Sought.TIME: (
        rf"(?<![\d.,])(?:1\d|20)\d\d(?![\d%]|[.,]\d)|\d{{1,4}} ?[年月日号点]|[{_DIGIT}初]{{1,4}}[年月日号点]|世纪|年代|星期"
        rf"|(?:周|礼拜)[一二三四五六日天末]|[昨今明前后去]天|[今去明前]年|\d{{1,2}}[:：]\d\d|\d{{4}}[-/.]\d{{1,2}}|\d周"
        rf"|\b{_MONTH} \d|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|\b(?:{_MONTHS})\b|\bin may\b|centur(?:y|ies)"
        r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b|\bb?c?ad\b|\bbce?\b|\b\d{3,4}s\b"
    ),
    Sought.NUMBER: (
        rf"\d|[二三四五六七八九十百千万亿两半]|一(?=[{_UNITS}])|百分之|\b(?:{_WORDS}|once|twice|half|third|quarter|majority)\b"
    ),
    Sought.PLACE: (
        r"[\u4e00-\u9fff]{1,5}(?:[省市县区州国岛港镇村乡城寺庙宫山河江湖海洋路街站欧洲亚兰堡]|大学|中学|学院|机场|医院|公园|半岛|地区)"
        r"|(?:位于|坐落|来自|前往|抵达|住在|搬到)|[东南西北]部"
        r"|\b(?:in|at|near|from|to|of|on|around|between|across|outside|within) (?:the )?(?:[a-z]+ern )?(?=[A-Z])"
    ),
    Sought.MEANING: (
        r"是|指|即|称为|意思|意为|属于|\b(?:is|are|was|were) (?:an?|the|any|one)\b|\bmeans?\b|\brefers? to\b|\bdefined\b|[—–:：]"
    ),
}
_PERSON_EN: Final = re.compile(
    r"(?:(?<=[a-z,;:)0-9–-] )|(?<=[“\"(]))[A-Z][\w’'-]+(?: [A-Z][\w’'.-]+)*"
    r"|[A-Z][\w’'-]+(?: (?:of|de|van|von|the|al|bin|[A-Z]\.))? [A-Z][\w’'-]+"
)
_PERSON_ZH: Final = re.compile(
    r"[\u4e00-\u9fff]{1,5}[·•‧][\u4e00-\u9fff]{1,6}"
    r"|[\u4e00-\u9fff]{1,3}(?:先生|女士|教授|博士|老师|医生|总统|总理|皇帝|国王|王|帝|公主|将军|主席|经理|同学)"
)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_PIECE: Final = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_UNIT: Final = re.compile(r"(?:多少|几)([\u4e00-\u9fff])|how many ([a-z]{3,})|what (percent)")
_STEM: Final = 4  # letters of a unit, which a sentence may write in another form


def sought(question: str) -> Sought:
    """What a question asks for: the first of the forms that it has."""
    asked = fold(question)
    return next((kind for kind, form in _forms(_ASKS) if form.search(asked)), Sought.OTHER)


def expects(question: str) -> Callable[[str], float]:
    """How well a sentence has what the question asks for, from 0 to 1: 0 where no rule knows that kind.

    What the question says itself does not count.
    """
    kind, asked = sought(question), frozenset(_PIECE.findall(fold(question)))
    if kind is Sought.PERSON:
        asked |= common()  # "There Anna ..." holds no second name
        return lambda sentence: float(any(_is_new(name, asked) for name in _persons(sentence)))
    if kind is Sought.NUMBER:
        return _counts(fold(question), asked)
    form = dict(_forms(_HOLDS)).get(kind)
    if form is None:
        return lambda _: 0.0
    if kind is Sought.MEANING:
        return lambda sentence: float(form.search(fold(sentence)) is not None)
    return partial(_holds, form, asked)


def _forms(rules: dict[Sought, str]) -> Iterator[tuple[Sought, re.Pattern[str]]]:
    return ((kind, re.compile(form)) for kind, form in rules.items())  # ``re`` keeps what it has compiled


def _holds(form: re.Pattern[str], asked: Collection[str], sentence: str) -> float:
    """A place keeps its capitals: they tell it."""
    text = sentence if "A-Z" in form.pattern else fold(sentence)
    return float(any(m[0].endswith(" ") or _is_new(m[0], asked) for m in form.finditer(text)))


def _is_new(text: str, asked: Collection[str]) -> bool:
    return any(piece not in asked for piece in _PIECE.findall(fold(text)))


def _counts(question: str, asked: Collection[str]) -> Callable[[str], float]:
    """A number of what is counted says it; any other number half."""
    unit = _UNIT.search(question)
    word = next(filter(None, unit.groups())) if unit else ""
    counted = (
        rf"(?:\d[\d,.]*|\b(?:{_WORDS}))\W+(?:[\w-]+ ){{0,3}}{word[:_STEM]}"
        if word.isascii()
        else _COUNTED + word
    )
    near, number = re.compile(counted), re.compile(_HOLDS[Sought.NUMBER])

    def fits(sentence: str) -> float:
        text = fold(sentence)
        if word and any(_is_new(m[0], asked) for m in near.finditer(text)):
            return 1.0
        return 0.5 * any(_is_new(m[0], asked) for m in number.finditer(text))

    return fits


def _persons(sentence: str) -> Iterator[str]:
    """What looks like a person's name."""
    yield from (m[0] for m in _PERSON_EN.finditer(sentence))
    yield from (m[0] for m in _PERSON_ZH.finditer(sentence))
    if _HAN.search(sentence):
        from graph.extract import chinese  # its word lists take a while to load

        yield from (mention.name for mention in chinese.names(sentence) if mention.kind == "person")
