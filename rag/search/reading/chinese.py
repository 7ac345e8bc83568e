"""Years and their parts in Chinese questions, whose text comes in simplified characters and half width."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ingest.dates import calendars
from rag.search.reading import feasts, units
from rag.search.reading.times import Rule, When, last_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.dates.calendars import Days
    from rag.search.reading.times import InYear, Trust

    _Groups = Mapping[str, str]

NUMBER = "[0-9]{1,2}|[一二三四五六七八九十廿]{1,3}"
_AGO = "[0-9]{1,2}|[一二两三四五六七八九十]{1,3}"
TO = r"\s?(?:[-~–—～]{1,2}|至|到)\s?"
_FEAST = feasts.CHINESE
_MID = "中(?![国学文心间的旬秋央部小等级高低东西南北外华医介止共方考段餐午档超甲乙])"
PARTS = f"中上旬|中下旬|上旬|中旬|下旬|上半月|下半月|初|底|末|{_MID}"
_MONTH = rf"""(?P<month>{NUMBER})(?:(?:{TO}|[、和])(?P<month2>{NUMBER}))?\s?月
    (?![亮球饼薪租供卡票费经光嫂老后内龄河]|天(?!气)|大(?![概约])|革命|怀胎|[一两二三几][次回本篇更])
    (?:(?:的|\s)?\s?(?P<day>{NUMBER})(?:\s?[日号])?{TO}(?P<day2>{NUMBER})\s?[日号]
      |(?:的|\s)?\s?(?P<only>{NUMBER})\s?[日号]
      |\s?份?(?:的|\s)?(?P<part>{PARTS})
      |\s?份)?"""
_PART = rf"""
      (?P<feast>{_FEAST})节?夜?
    | (?P<half>[上下])半年
    | 第?(?P<quarter>[一二三四1-4])个?季度|[Qq](?P<q>[1-4])(?![0-9A-Za-z])
    | (?P<season>[春夏秋冬])(?:[天季]|(?![\u4e00-\u9fff])|(?=我|里))
    | (?:农历|阴历|旧历)(?:的)?\s?(?P<lunar>正|腊|冬|{NUMBER})月(?P<lunarday>初[一二三四五六七八九十]|[十廿二三][一二三四五六七八九十]{{0,2}})?
    | (?P<lunar2>[正腊])月(?P<lunarday2>初[一二三四五六七八九十]|[十廿二三][一二三四五六七八九十]{{0,2}})?
    | (?P<after>大年初|年初|(?<!多)大年)(?P<nth>[一二三四五六七])(?![一二三四五六七八九十]|月)
    | {_MONTH}"""
_BEHIND_YEAR = rf"(?:的|\s)?\s?(?:{_FEAST}|[春夏秋冬](?:[天季]|[^\u4e00-\u9fff]|$)|[上下]半年|第?[一二三四1-4]个?季度|[Qq][1-4]|(?:{NUMBER})(?:{TO}(?:{NUMBER}))?\s?月|年?[初底末](?!期)"
# Of two digits; "二三年" may be two or three years.
_SPOKEN = "[零〇○][一二三四五六七八九]|九[零〇○一二三四五六七八九]|八[零〇○一二三四五六七八]|二[零〇○一二]|一[零〇○一四五六七八九]"
_YEAR = rf"""(?:
      (?P<year>(?:1[89]|20)[0-9]{{2}}|[一二][九零〇○][一二三四五六七八九零〇○]{{2}})\s?年(?![轻龄代])
    | (?P<bare>20[0-9]{{2}})(?={_BEHIND_YEAR}))
    | ['’]?(?P<short>[0-9]{{2}})\s?年(?={_BEHIND_YEAR}))
    | (?P<spoken>{_SPOKEN}|(?:二[三四五]|一[二三]|八九|七[八九])(?=\s?年{_BEHIND_YEAR})))\s?年(?![级代龄前后多来间内以之生])
    | (?P<word>大前年|(?<![之以从目])前年|(?<!过)去年|上一年|今年|本年|明年|后年)(?![轻龄代级会]|的?(?:今[天日]|同[一期]|这个?时候|此时|这会))
    | (?P<ago>{_AGO})\s?年\s?(?:以|之)?前(?={_BEHIND_YEAR}))
)"""
DAYTIME = "早上|上午|中午|下午|晚上|凌晨|傍晚|夜里|早晨"
_TAIL = rf"""(?:的|\s)?(?:
      (?P<off>小长假|长假|假期|黄金周|放假期间|放假|期间|前后|前夕)|(?P<then>的?时候|那会儿?|那[一几]?天|当[天日年月]|那年|那周(?![一二三四五六日天末])|那段|那个月|这一?[天年]|这个月|{DAYTIME})
    | 全年|一?整年|一年[里内]?|年度|[里内](?!面|容|存|部|卷)|间)?"""
# Only behind a year 十一 is a feast.
_PART_OF_YEAR = _PART.replace("(?P<feast>", "(?P<feast>十一(?!月|[点个日号岁天])|")
_LONE = r"(?<![0-9.第一二三四五六七八九十每逢满包近共·])(?<![0-9][/:])(?<!(?<![0-9]{4})(?<=[0-9])-)"
_DATED = re.compile(
    rf"""{_LONE}{_YEAR}度?
    (?:(?:的|\s|那年|那个)*(?:{_PART_OF_YEAR}|第\s?(?P<week>{NUMBER})\s?周
      |(?P<edge>年?[初底末](?!期)|年?{_MID}|年[尾头]|年终(?!总结|奖|考))))?{_TAIL}""",
    re.VERBOSE,
)
_UNDATED = re.compile(
    rf"{_LONE}(?<![0-9]年)(?:{_PART}|(?P<edge>(?<![0-9一二三四五六七八九十去前今明新学成半])年(?:[初底末尾]|中(?![国学文心间的旬秋奖报考级央]))))(?:{_TAIL})",
    re.VERBOSE,
)
_HAPPENED = re.compile("[了过](?![解敏程期去于])")
_SHORT_YEAR = re.compile(r"(?<![0-9.年])(?P<short>[0-2][0-9])年(?![前后来间级代以之内里的]|多)")
_WINTER = re.compile(
    rf"(?<![0-9.])(?P<first>(?:19|20)[0-9]{{2}})年?{TO}(?P<last>(?:19|20)[0-9]{{2}})\s?年的?(?:那个)?冬[天季]"
)
_LISTED_YEAR = re.compile(
    r"(?<![0-9.])(?P<year>(?:19|20)[0-9]{2})(?:(?=\s?(?:[和与跟及、]|[-~–—～]{1,2}|至|到)\s?(?:19|20)[0-9]{2}(?:\s?[和与跟及、]\s?(?:19|20)[0-9]{2})*\s?(?:[这那]?[两三四五六七八九十几])?年)|(?:\s?[这那]?[两三四五六七八九十几]年(?:里|间|之?内)?)(?!前|后|级))"
)
_YEAR_STEPS: Final[Mapping[str, int]] = {
    "大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2
}  # fmt: skip
_LUNAR_MONTHS: Final[Mapping[str, int]] = {"正": 1, "冬": 11, "腊": 12}


def _dated(m: re.Match[str], today: date) -> When:
    year, relative = _year(m, today)
    in_year = _in_year(m)
    days = in_year(year) if in_year else calendars.years(year, year)
    if m["word"] == "今年" and m["season"] and days[0] > today and in_year:
        days = last_time(in_year, today)  # winter, in its second half
    return When(days, relative=relative, present=relative and days[1] >= today)


def _year(m: re.Match[str], today: date) -> tuple[int, bool]:
    if m["word"]:
        return today.year + _YEAR_STEPS[m["word"]], True
    if m["ago"]:
        return today.year - calendars.number(m["ago"]), True
    return calendars.full_year(m["year"] or m["bare"] or m["short"] or m["spoken"]), False


def _undated(m: re.Match[str], today: date) -> When | None:
    in_year = _in_year(m)
    if in_year is None:
        return None
    if m["half"] or m["quarter"] or m["q"] or m["edge"]:
        days = last_time(in_year, today)
        return When(days, relative=True, present=days[1] >= today)
    weak = not (m["off"] or m["then"] or m["only"] or m["day"] or m["part"] or m["nth"] or m["lunar"])
    weak = weak and not (m["month"] and m[0].rstrip().endswith(("份", "里")))
    weak = weak and not (m[0].endswith("里") and _HAPPENED.search(m.string, m.end()))
    trust: Trust = "weak" if weak else "sure"
    return When(in_year=in_year, trust=trust)


def _in_year(m: re.Match[str]) -> InYear | None:
    """What the part of the year means that stands in a match."""
    groups = {name: text for name, text in m.groupdict().items() if text}
    return next((read(groups) for name, read in _READERS.items() if name in groups), None)


def _feast(groups: _Groups) -> InYear:
    name = groups["feast"]
    of = feasts.NAMES[name]
    if "off" in groups:
        return feasts.AROUND.get(name) or _around(of)
    the_day = groups.get("then", "").startswith(("那天", "那一天", "当天", "当日", "这天", "这一天"))
    return feasts.THE_DAY.get(name, of) if the_day else of


def _quarter(groups: _Groups) -> InYear:
    number = calendars.number(groups.get("quarter") or groups["q"])
    return lambda year: units.quarter(year, number)


def _half(groups: _Groups) -> InYear:
    return lambda year: units.half(year, 1 if groups["half"] == "上" else 2)


def _season(groups: _Groups) -> InYear:
    return lambda year: units.season(year, groups["season"])


def _new_year(groups: _Groups) -> InYear:
    """初三, of the first lunar month."""
    return lambda year: _one(feasts.lunar_day(year, 1, calendars.number(groups["nth"])))


def _lunar(groups: _Groups) -> InYear:
    written = groups.get("lunar") or groups["lunar2"]
    month = _LUNAR_MONTHS.get(written) or calendars.number(written)
    day = (groups.get("lunarday") or groups.get("lunarday2") or "").lstrip("初")
    if not day:
        return lambda year: feasts.lunar_month(year, month)
    return lambda year: _one(feasts.lunar_day(year, month, calendars.number(day)))


def _week(groups: _Groups) -> InYear:
    return lambda year: calendars.week(year, calendars.number(groups["week"]))


def _edge(groups: _Groups) -> InYear:
    name = groups["edge"].strip("年").replace("尾", "底").replace("头", "初")
    return lambda year: calendars.window(year, calendars.PARTS_OF_YEAR[name])


def _month(groups: _Groups) -> InYear:
    written = groups["month"]
    if len(written) == len("七八") and not written.isascii() and "十" not in written:
        return lambda year: calendars.months(year, *map(calendars.number, written))
    month = calendars.number(written)
    last_month = calendars.number(groups.get("month2", written))
    if day := groups.get("only") or groups.get("day"):
        first, last = calendars.number(day), calendars.number(groups.get("day2", day))
        return lambda year: calendars.days_of_month(year, last_month, first, last)
    if part := groups.get("part"):
        return lambda year: units.part_of_month(year, last_month, part)
    return lambda year: calendars.months(year, month, last_month)


def _one(day: date) -> Days:
    return day, day


def _around(of: InYear) -> InYear:
    """A feast of one day with the days off around it."""

    def around(year: int) -> Days:
        first, last = of(year)
        return (first - timedelta(days=1), last + timedelta(days=1)) if first == last else (first, last)

    return around


_READERS: Final[Mapping[str, Callable[[_Groups], InYear]]] = {
    "feast": _feast,
    "quarter": _quarter,
    "q": _quarter,
    "half": _half,
    "season": _season,
    "nth": _new_year,
    "lunar": _lunar,
    "lunar2": _lunar,
    "week": _week,
    "edge": _edge,
    "month": _month,
}


def _winter(m: re.Match[str], _: date) -> When | None:
    """2017到2018年那个冬天, which is one."""
    first, last = int(m["first"]), int(m["last"])
    return When(units.season(first, "冬")) if last == first + 1 else None


def _short_year(m: re.Match[str], _: date) -> When:
    """22年; as like a number of years."""
    year = calendars.full_year(m["short"])
    return When(calendars.years(year, year), trust="weak")


def _listed_year(m: re.Match[str], _: date) -> When:
    """The first of "2021和2022年"."""
    return When(calendars.years(int(m["year"]), int(m["year"])))


RULES = (
    Rule(_WINTER, _winter, ("冬",)),
    Rule(_DATED, _dated),
    Rule(_LISTED_YEAR, _listed_year),
    Rule(_UNDATED, _undated),
    Rule(_SHORT_YEAR, _short_year),
)
"""In this order: where two claim the same words, the first has them."""
