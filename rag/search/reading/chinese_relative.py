"""Times in Chinese questions that count from today. Their text comes in simplified characters and half width."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars
from rag.search.reading import units
from rag.search.reading.chinese import DAYTIME, NUMBER, PARTS, TO
from rag.search.reading.times import Rule, When, last_over, last_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.search.reading.units import Unit

_COUNT = "[0-9]{1,3}|[一二两三四五六七八九十]{1,3}"
_STEP = "上上个?|上一?个?|这一?个?|本|下下个?|下一?个?"
_WEEK = re.compile(
    rf"(?<![以如])(?P<step>{_STEP})(?:周|星期|礼拜)(?![期围边年遭岁])(?:(?P<end>末)|(?P<day>[一二三四五六日天])(?!天)(?:{TO}(?:周|星期)?(?P<day2>[一二三四五六日天]))?)?(?:的?(?:{DAYTIME}))?"
)
_MONTHS = re.compile(
    rf"(?P<step>{_STEP})月(?![亮球饼台光])份?(?:的|\s)?\s?(?:(?P<part>{PARTS}|头(?![疼痛发条等号三两])|尾(?!巴))|(?P<day>{NUMBER})[日号])?"
)
_QUARTER = re.compile(rf"(?P<step>{_STEP})季度")
_SEASON = re.compile(
    r"(?:(?P<step>上一?个?|这一?个?|刚过去的(?:这个)?|今)(?P<season>[春夏秋冬])[天季]|今(?P<now>[春夏秋冬])(?!晚))"
)
_MONTH_EDGE = re.compile(r"(?<![0-9一二三四五六七八九十个本上下这几])月(?P<part>[初底末])")
_FEW = "两三|三四|一两|几|数|半"
_UNIT = "天|日|周|个?星期|个?礼拜|个?季度|个?月|年"
_PAST = re.compile(
    rf"(?:在|从)?(?:(?P<lead>最近|(?<![附接靠将最临])近|过去|刚过去|此前|这|(?<![0-9年元之以])前)的?\s?(?P<n>{_COUNT}|{_FEW})\s?(?P<unit>{_UNIT})(?![前轻龄级])(?:以来|时间|之内|之间|来|里|内|间)?|(?<![0-9第一二三四五六七八九十])(?P<n2>{_COUNT}|{_FEW})\s?(?P<unit2>{_UNIT})以?来(?![自到了的]))"
)
_AGO = re.compile(
    rf"(?<![0-9.一二三四五六七八九十百千万第哪某])(?:大概|大约|差不多)?(?P<n>{_COUNT}|好?几|两三|半|十几)多?\s?(?P<unit>{_UNIT})(?P<half>半)?多?\s?(?:以|之)?前(?![端后台面置言往来进景沿提辈夫妻任])(?:的?那(?:一?天|周|个月|一?年))?"
)
_DAY = re.compile(
    rf"(?P<day>大前天|(?<![之以从目])前天(?!赋)|昨[天日晚夜儿]|今[天日晚早晨儿](?!头条|说法|看点|话题)|明[天日早晚]|大后天|(?<!先天)后天(?![性的努]|条件|环境|因素|培养|获得|教育|学习|形成|免疫|缺陷|养成|发育|影响))(?:的?(?:{DAYTIME}))?"
)
_SAME = re.compile(
    rf"(?P<word>去年|前年|大前年|(?P<n>{_COUNT})年前)的?(?:(?:今天|今日|同一天)|(?P<about>同期|这个?时候|此时|这会儿|这个月))"
)
_WEEKEND = re.compile(r"(?<![每个逢上下这那当本度大])(?:周末|双休日)(?:两天)?")
_WEEKDAY = re.compile(r"(?<![每上下这本个逢一])(?:周|星期|礼拜)(?P<day>[一二三四五六日天])(?![年岁期到至个])")
_OF_MONTH = re.compile(r"(?<![0-9月第.])(?P<day>[0-9]{1,2})号(?![楼线院店馆厅门机房码选手文字])(?:那天)?")
_DECADE = re.compile(
    r"(?<![0-9])(?:(?:20|二十)世纪)?(?:(?P<first>(?:19|20)[0-9]0)|(?P<tens>[2-9]0|[二三四五六七八九]十))年代"
)
_LATELY = re.compile(
    r"(?:最近|近来|近期|近日|这阵子|这一?段时间|这段日子|这些天|这些日子)(?!的?(?:一次|一回|一场|距|地铁|车|医|路|超|餐|城|邻|[0-9一二两三四五六七八九十几]))|(?P<before>前一?阵子?|前一?段时间|前段日子|前不久|前些天|前些日子)"
)


_STEPS: Final[Mapping[str, int]] = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_DAY_STEPS: Final[Mapping[str, int]] = {
    "大前天": -3,
    "前天": -2,
    "后天": 2,
    "大后天": 3,
    "昨": -1,
    "今": 0,
    "明": 1,
}
_YEAR_STEPS: Final[Mapping[str, int]] = {"去年": 1, "前年": 2, "大前年": 3}
_WEEKDAYS = "一二三四五六日"
_UNITS: Final[Mapping[str, Unit]] = {
    "天": "day", "日": "day", "周": "week", "期": "week", "拜": "week", "度": "quarter", "月": "month", "年": "year"
}  # fmt: skip
_FEW_OF: Final[Mapping[Unit, int]] = {"day": 7, "week": 4, "month": 6, "quarter": 4, "year": 5}
"""What 几 may stand for."""
_SOME = frozenset({"几", "好几", "数", "十几"})
_PAIRS = frozenset({"一两", "两三", "三四"})
_HALF: Final[Mapping[Unit, int]] = {"year": 182, "month": 15}
_OLDEST = 80  # years ago
_LATELY_DAYS, _BEFORE_DAYS = 30, 90


def _step(written: str) -> int:
    return _STEPS[written.rstrip("个").rstrip("一")]


def _passing(days: tuple[date, date], today: date) -> When:
    return When(days, relative=True, present=days[1] >= today)


def _week(m: re.Match[str], today: date) -> When:
    steps = _step(m["step"])
    if m["end"]:
        return _passing(units.weekend(today, steps), today)
    if m["day"]:
        first, last = (_WEEKDAYS.index((m[name] or m["day"]).replace("天", "日")) for name in ("day", "day2"))
        days = units.weekday(today, steps, first)[0], units.weekday(today, steps, last)[1]
        return _passing(days, today)
    return _passing(units.whole(today, "week", steps), today)


def _month(m: re.Match[str], today: date) -> When:
    days = units.whole(today, "month", _step(m["step"]))
    year, month = days[0].year, days[0].month
    if m["part"]:
        days = units.part_of_month(year, month, m["part"].replace("头", "初").replace("尾", "底"))
    elif m["day"]:
        days = calendars.day(year, month, calendars.number(m["day"]))
    return _passing(days, today)


def _quarter(m: re.Match[str], today: date) -> When:
    return _passing(units.whole(today, "quarter", _step(m["step"])), today)


def _season(m: re.Match[str], today: date) -> When:
    name = m["season"] or m["now"]
    of = last_over if (m["step"] or "").startswith(("上", "刚")) else last_time
    return _passing(of(lambda year: units.season(year, name), today), today)


def _month_edge(m: re.Match[str], today: date) -> When:
    """月初, of this month or, before it has come, of the last."""
    days = units.part_of_month(today.year, today.month, m["part"])
    if days[0] > today:
        last = units.whole(today, "month", -1)[0]
        days = units.part_of_month(last.year, last.month, m["part"])
    return _passing(days, today)


def _count(written: str, unit: Unit) -> int:
    """Of units; some words only say about how many.

    Raises:
        ValueError: it is none.
    """
    if written in _SOME:
        return _FEW_OF[unit]
    return calendars.number(written[1] if written in _PAIRS else written)


def _past(m: re.Match[str], today: date) -> When | None:
    n, unit = m["n"] or m["n2"], _UNITS[(m["unit"] or m["unit2"])[-1]]
    lead = m["lead"] or ""
    if lead == "前" and n not in _SOME | _PAIRS | {"两"}:
        return None  # 前三天 are as well the first three
    if lead == "这" and n in {"一", "1"}:
        return _passing(units.whole(today, unit, 0), today)
    if n == "半":
        days = (
            (today - timedelta(days=_HALF[unit]), today) if unit == "month" else units.past(today, "month", 6)
        )
        return When(days, relative=True) if unit in _HALF else None
    return When(units.past(today, unit, _count(n, unit)), relative=True)


def _ago(m: re.Match[str], today: date) -> When | None:
    n, unit = m["n"], _UNITS[m["unit"][-1]]
    if n == "半":
        if unit not in _HALF:
            return None
        days = units.whole(today, "month", -6)
        return When(
            days if unit == "year" else units.whole(today - timedelta(days=15), "week", 0), relative=True
        )
    if m["half"]:
        months = 12 * calendars.number(n) + 6
        return When(units.whole(today, "month", -months), relative=True) if unit == "year" else None
    if unit == "year" and n.isdigit() and int(n) > _OLDEST:
        return None  # before something else: 进化论100年之前
    if n in _SOME:
        until = units.back(today, unit, 2)
        return When((units.back(today, unit, _FEW_OF[unit]), until), relative=True)
    return When(units.whole(today, unit, -_count(n, unit)), relative=True)


def _day(m: re.Match[str], today: date) -> When:
    written = m["day"] if m["day"] in _DAY_STEPS else m["day"][0]
    when = _passing(units.whole(today, "day", _DAY_STEPS[written]), today)
    return replace(when, trust="weak") if m["day"] == "今日" else when  # as often "nowadays"


def _same(m: re.Match[str], today: date) -> When:
    """去年今天, and 去年同期, which is the same month."""
    then = units.back(today, "year", calendars.number(m["n"]) if m["n"] else _YEAR_STEPS[m["word"]])
    return When(units.whole(then, "month" if m["about"] else "day", 0), relative=True)


def _weekend(_: re.Match[str], today: date) -> When:
    return When(units.last_weekend(today), trust="weak", relative=True)


def _weekday(m: re.Match[str], today: date) -> When:
    number = _WEEKDAYS.index(m["day"].replace("天", "日"))
    return When(units.last_weekday(today, number), trust="weak", relative=True)


def _of_month(m: re.Match[str], today: date) -> When:
    """3号, of this month or, before it has come, of the last."""
    day, month = int(m["day"]), today if int(m["day"]) <= today.day else units.back(today, "month", 1)
    return When(calendars.day(month.year, month.month, day), trust="weak", relative=True)


def _decade(m: re.Match[str], _: date) -> When:
    """九十年代, 2010年代; 10年代 is of this century, or no decade at all."""
    first = int(m["first"]) if m["first"] else 1900 + calendars.number(m["tens"])
    return When(calendars.years(first, first + 9))


def _lately(m: re.Match[str], today: date) -> When:
    days = _BEFORE_DAYS if m["before"] else _LATELY_DAYS
    return When(units.past(today, "day", days), trust="soft", relative=True)


RULES = (
    Rule(_SAME, _same),
    Rule(_WEEK, _week),
    Rule(_MONTHS, _month),
    Rule(_QUARTER, _quarter),
    Rule(_SEASON, _season),
    Rule(_PAST, _past),
    Rule(_AGO, _ago),
    Rule(_DAY, _day),
    Rule(_LATELY, _lately),
    Rule(_MONTH_EDGE, _month_edge),
    Rule(_DECADE, _decade),
    Rule(_WEEKEND, _weekend),
    Rule(_WEEKDAY, _weekday),
    Rule(_OF_MONTH, _of_month),
)
"""In this order: where two claim the same words, the first has them."""
