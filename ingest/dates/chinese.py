"""Times in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.dates import calendars
from ingest.dates.moments import Moment, Shift
from ingest.dates.rules import DAY, DECADE, MONTH, SEASON, VAGUE, YEAR, YEAR_DIGITS, Rule, ago

if TYPE_CHECKING:
    from ingest.dates.moments import Unit

_N = "[0-9]{1,2}|[一二三四五六七八九十廿]{1,3}"
_TO = r"\s?(?:[-~–—～]{1,2}|至|到)\s?"

_YEAR = rf"""(?:
      (?P<year>{YEAR_DIGITS}|[一二][九零〇○][一二三四五六七八九零〇○]{{2}})\s?年
    | 民[国國]\s?(?P<minguo>[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})\s?年
    | (?P<word>大前年|(?<![之以从目])前年|(?<!过)去年|今年|本年|明年)(?![轻龄代终度级会])
)"""
_START = r"(?<![0-9.第一二三四五六七八九十每逢满包近共·])(?<![0-9][-/:])"
_MONTH = re.compile(
    rf"""{_START}(?:{_YEAR}(?:的|\s)?\s?|['’]?(?P<short>[0-9]{{2}})\s?年\s?|(?<=同年)|(?<=同年\s)|(?<!年)(?<!年\s))
    (?P<month>{_N})(?:(?:{_TO}|[、和])(?P<month2>{_N}))?\s?月
    (?![亮球饼薪租供卡票费经光嫂老后内龄]|天(?!气)|大(?![概约])|革命|怀胎|[一两二三几][次回本篇更])
    (?:\s?(?P<day>{_N})(?:\s?[日号號])?(?:{_TO}|[、和])(?P<day2>{_N})\s?[日号號]
      |\s?(?P<only>{_N})\s?[日号號]
      |\s?份?(?:的|\s)?(?P<part>中上旬|中下旬|上旬|中旬|下旬|初|底|末|中(?![国学文心间的旬]))
      |\s?份)?""",
    re.VERBOSE,
)
_YEARS = re.compile(
    rf"""{_START}(?:(?P<year1>{YEAR_DIGITS}){_TO})?{_YEAR}(?:{_TO}(?P<year2>{YEAR_DIGITS})\s?年)?度?
    (?:(?:的|\s)?\s?(?:
        (?P<half>上半年|下半年)
      | 第?(?P<quarter>[一二三四1-4])季度|Q(?P<q>[1-4])(?![0-9])
      | (?P<season>[春夏秋冬])(?:[天季]|(?![一-鿿]))
      | (?P<feast>大年初一|大年三十|年三十|除夕|春节|过年|新年|元旦|元宵|清明|端午|劳动节|五一|七夕|中秋|国庆|双十一|双11|十一(?!月)|圣诞|暑假|寒假)
      | 年?(?P<edge>[初底末])
    ))?""",
    re.VERBOSE,
)
_FEAST = re.compile(
    r"(?P<feast>除夕|春节|元旦|元宵|清明|端午|五一|七夕|中秋|国庆|双十一|圣诞|暑假|寒假)节?(?:期间|假期|长假|的时候|那天|当天|前夕|前后|回家|放假|过后)"
)
_DECADE = re.compile(
    r"(?<![0-9一二三四五六七八九十])(?:(?:二十|20)\s?世纪\s?)?(?:(?P<digits>(?:19|20)?[0-9]0)|(?P<tens>[二三四五六七八九])十)\s?年代"
)
_DAY = re.compile(r"(?P<back>大前天|前天(?!赋)|昨[天日晚夜])|(?P<now>今天|今[日晚早](?!头条))")
_STEP = re.compile(
    r"""(?<![以如])(?:
      (?P<week>上上个?|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?![期围边年遭岁])(?P<weekday>[一二三四五六日天末])?
    | (?P<month>上上个|上个?|这个|本|下个)月(?![亮球饼台光])
    )""",
    re.VERBOSE,
)
_AGO = re.compile(
    r"(?<![0-9.一二三四五六七八九十百千万第多几数])(?P<n>[0-9]{1,2}|[一二两三四五六七八九十]{1,3}|半)\s?(?P<unit>天|周|个?星期|个?礼拜|个月|年)\s?(?:以|之)?前(?![端后台面置言往来进景沿提辈夫妻任])"
)
_STEPS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_YEAR_STEPS = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1}
_DAY_STEPS = {"大前天": -3, "前天": -2, "昨": -1}
_OLDEST_SHORT_DECADE = 20  # 10年代 is of this century, or not a decade at all
_WEEKDAYS = "一二三四五六日"
_UNITS: dict[str, Unit] = {"天": "day", "周": "week", "期": "week", "拜": "week", "月": "month", "年": "year"}


def _year_of(m: re.Match[str]) -> tuple[int | None, Shift | None]:
    groups = m.groupdict()
    if groups.get("word"):
        return None, Shift("year", _YEAR_STEPS[groups["word"]])
    if groups.get("minguo"):
        return 1911 + calendars.number(groups["minguo"]), None
    written = groups.get("year") or groups.get("short")
    return (calendars.full_year(written), None) if written else (None, None)


def _read_month(m: re.Match[str]) -> Moment:
    year, shift = _year_of(m)
    month = calendars.number(m["month"])
    if m["only"] or m["day"]:
        first = calendars.number(m["only"] or m["day"])
        last = calendars.number(m["day2"]) if m["day2"] else None
        month = calendars.number(m["month2"]) if m["month2"] else month
        return Moment(DAY, year, month, first, last_day=last, shift=shift)
    if m["part"] and not m["month2"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"]]
        return Moment(MONTH, year, month, first, last_day=last, shift=shift)
    last_month = calendars.number(m["month2"]) if m["month2"] else None
    return Moment(MONTH, year, month, last_month=last_month, shift=shift)


def _read_year(m: re.Match[str]) -> Moment:
    year, shift = _year_of(m)
    if m["quarter"] or m["q"]:
        last = 3 * calendars.number(m["quarter"] or m["q"])
        return Moment(SEASON, year, last - 2, last_month=last, shift=shift)
    part = m["half"] or m["edge"]
    window = calendars.PARTS_OF_YEAR.get(part or "") or calendars.SEASONS.get(m["season"] or "")
    window = window or calendars.FEASTS.get(m["feast"] or "")
    if window:
        return Moment(SEASON, year, part=window, shift=shift)
    if year is None:
        return Moment(VAGUE, shift=shift, present=shift == ("year", 0))
    first = int(m["year1"]) if m["year1"] else year
    return Moment(YEAR, first, last_year=int(m["year2"]) if m["year2"] else year)


def _read_decade(m: re.Match[str]) -> Moment | None:
    decade = int(m["digits"]) if m["digits"] else 10 * calendars.number(m["tens"])
    if decade < _OLDEST_SHORT_DECADE:
        return None
    first = decade if decade >= calendars.FIRST_YEAR else 1900 + decade
    return Moment(DECADE, first, last_year=first + 9)


def _read_day(m: re.Match[str]) -> Moment:
    if m["back"]:
        back = m["back"] if m["back"] in _DAY_STEPS else "昨"
        return Moment(DAY, shift=Shift("day", _DAY_STEPS[back]))
    return Moment(VAGUE, shift=Shift("day", 0), present=True)


def _read_step(m: re.Match[str]) -> Moment:
    count = _STEPS[(m["week"] or m["month"]).rstrip("个")]
    trust = MONTH if count < 0 else VAGUE
    if m["month"]:
        return Moment(trust, shift=Shift("month", count), present=not count)
    if m["weekday"] in {None, "末"}:
        return Moment(trust, shift=Shift("week", count), present=not count)
    weekday = _WEEKDAYS.index(m["weekday"].replace("天", "日"))
    return Moment(MONTH, shift=Shift("week", count), weekday=weekday)


RULES = (
    Rule(_MONTH, _read_month, ("月",)),
    Rule(_DECADE, _read_decade, ("年代",)),
    Rule(_YEARS, _read_year, ("年",)),
    Rule(
        _FEAST,
        lambda m: Moment(VAGUE, part=calendars.FEASTS[m["feast"]]),
        ("期", "候", "天", "前", "回", "放", "后"),
    ),
    Rule(_AGO, lambda m: ago(m["n"], _UNITS[m["unit"][-1]]), ("前",)),
    Rule(_DAY, _read_day, ("天", "昨", "今")),
    Rule(_STEP, _read_step, ("周", "星期", "礼拜", "月")),
)
"""In this order: where two claim the same words, the first has them."""
