"""Finds the times that a text names, in Chinese and English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import calendars
from ingest.dates.moments import Moment, Shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.dates.moments import Unit


class Mention(NamedTuple):
    """A span of a text and the time that it names."""

    start: int
    end: int
    moment: Moment


class _Rule(NamedTuple):
    """A pattern and its meaning; a text in which none of the clues stands is not searched, which is the fast way."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Moment | None]
    clues: tuple[str, ...]
    digits: bool = False


# How surely the words are a date, and how near it comes to the time of what they stand in.
_DAY, _MONTH, _SEASON, _YEAR, _VAGUE, _DECADE = 0.8, 0.7, 0.6, 0.45, 0.4, 0.25
_NUMBERS_ONLY = 0.9  # of a month or a day without letters: may be something else
_OLDEST, _NEWEST = 1950, 2050  # what a bare number may mean as a year
_MOST_YEARS_AGO = 60

_N = "[0-9]{1,2}|[一二三四五六七八九十廿]{1,3}"
_Y4 = "(?:1[89]|20)[0-9]{2}"
_TO = r"\s?(?:[-~–—～]{1,2}|至|到)\s?"

# --- Chinese ---------------------------------------------------------------------------------------------

_ZH_YEAR = rf"""(?:
      (?P<year>{_Y4}|[一二][九零〇○][一二三四五六七八九零〇○]{{2}})\s?年
    | 民[国國]\s?(?P<minguo>[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})\s?年
    | (?P<word>大前年|(?<![之以从目])前年|(?<!过)去年|今年|本年|明年)(?![轻龄代终度级会])
)"""
_ZH_START = r"(?<![0-9.第一二三四五六七八九十每逢满包近共·])(?<![0-9][-/:])"
_ZH_MONTH = re.compile(
    rf"""{_ZH_START}(?:{_ZH_YEAR}(?:的|\s)?\s?|['’]?(?P<short>[0-9]{{2}})\s?年\s?)?
    (?P<month>{_N})(?:(?:{_TO}|[、和])(?P<month2>{_N}))?\s?月
    (?![亮球饼薪租供卡票费经光嫂老后内龄]|天(?!气)|大(?![概约])|革命|怀胎|[一两二三几][次回本篇更])
    (?:\s?(?P<day>{_N})(?:\s?[日号號])?(?:{_TO}|[、和])(?P<day2>{_N})\s?[日号號]
      |\s?(?P<only>{_N})\s?[日号號]
      |\s?份?(?:的|\s)?(?P<part>中上旬|中下旬|上旬|中旬|下旬|初|底|末|中(?![国学文心间的旬]))
      |\s?份)?""",
    re.VERBOSE,
)
_ZH_YEARS = re.compile(
    rf"""{_ZH_START}{_ZH_YEAR}(?:{_TO}(?P<year2>{_Y4})\s?年)?度?
    (?:(?:的|\s)?\s?(?:
        (?P<half>上半年|下半年)
      | 第?(?P<quarter>[一二三四1-4])季度|Q(?P<q>[1-4])(?![0-9])
      | (?P<season>[春夏秋冬])(?:[天季]|(?![一-鿿]))
      | (?P<feast>大年初一|大年三十|年三十|除夕|春节|过年|新年|元旦|元宵|清明|端午|劳动节|五一|七夕|中秋|国庆|双十一|双11|十一(?!月)|圣诞|暑假|寒假)
      | 年?(?P<edge>[初底末])
    ))?""",
    re.VERBOSE,
)
_ZH_FEAST = re.compile(
    r"(?P<feast>除夕|春节|元旦|元宵|清明|端午|五一|七夕|中秋|国庆|双十一|圣诞|暑假|寒假)节?(?:期间|假期|长假|的时候|那天|当天|前夕|前后|回家|放假|过后)"
)
_ZH_DECADE = re.compile(
    r"(?<![0-9一二三四五六七八九十])(?:(?:二十|20)\s?世纪\s?)?(?:(?P<digits>(?:19|20)?[0-9]0)|(?P<tens>[二三四五六七八九])十)\s?年代"
)
_ZH_DAY = re.compile(r"(?P<back>大前天|前天(?!赋)|昨[天日晚夜])|(?P<now>今天|今[日晚早](?![一-鿿]*头条))")
_ZH_STEP = re.compile(
    r"""(?<![以如])(?:
      (?P<week>上上个?|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?![期围边年遭岁])(?P<weekday>[一二三四五六日天末])?
    | (?P<month>上上个|上个?|这个|本|下个)月(?![亮球饼台光])
    )""",
    re.VERBOSE,
)
_ZH_AGO = re.compile(
    r"(?<![0-9.一二三四五六七八九十百千万第多几数])(?P<n>[0-9]{1,2}|[一二两三四五六七八九十]{1,3}|半)\s?(?P<unit>天|周|个?星期|个?礼拜|个月|年)\s?(?:以|之)?前(?![端后台面置言往来进景沿提辈夫妻任])"
)
_STEPS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_YEAR_STEPS = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1}
_DAY_STEPS = {"大前天": -3, "前天": -2, "昨": -1}
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


def _read_zh_month(m: re.Match[str]) -> Moment:
    year, shift = _year_of(m)
    month = calendars.number(m["month"])
    if m["only"] or m["day"]:
        first = calendars.number(m["only"] or m["day"])
        last = calendars.number(m["day2"]) if m["day2"] else None
        month = calendars.number(m["month2"]) if m["month2"] else month
        return Moment(_DAY, year, month, first, last_day=last, shift=shift)
    if m["part"] and not m["month2"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"]]
        return Moment(_MONTH, year, month, first, last_day=last, shift=shift)
    last_month = calendars.number(m["month2"]) if m["month2"] else None
    return Moment(_MONTH, year, month, last_month=last_month, shift=shift)


def _read_zh_year(m: re.Match[str]) -> Moment:
    year, shift = _year_of(m)
    if m["quarter"] or m["q"]:
        last = 3 * calendars.number(m["quarter"] or m["q"])
        return Moment(_SEASON, year, last - 2, last_month=last, shift=shift)
    part = m["half"] or m["edge"]
    window = calendars.PARTS_OF_YEAR.get(part or "") or calendars.SEASONS.get(m["season"] or "")
    window = window or calendars.FEASTS.get(m["feast"] or "")
    if window:
        return Moment(_SEASON, year, part=window, shift=shift)
    if year is None:
        return Moment(_VAGUE, shift=shift, present=shift == ("year", 0))
    return Moment(_YEAR, year, last_year=calendars.number(m["year2"]) if m["year2"] else None)


def _read_zh_decade(m: re.Match[str]) -> Moment | None:
    if m["tens"] or len(m["digits"]) == 2:  # noqa: PLR2004 - 90年代
        tens = calendars.number(m["tens"]) * 10 if m["tens"] else int(m["digits"])
        first = 1900 + tens
        return Moment(_DECADE, first, last_year=first + 9) if tens > 10 else None  # noqa: PLR2004 - 10年代 is of this century
    first = int(m["digits"])
    return Moment(_DECADE, first, last_year=first + 9)


def _read_zh_day(m: re.Match[str]) -> Moment:
    if m["back"]:
        back = m["back"] if m["back"] in _DAY_STEPS else "昨"
        return Moment(_DAY, shift=Shift("day", _DAY_STEPS[back]))
    return Moment(_VAGUE, shift=Shift("day", 0), present=True)


def _read_zh_step(m: re.Match[str]) -> Moment:
    count = _STEPS[(m["week"] or m["month"]).rstrip("个")]
    weekday = "天末".find(m["weekday"]) if m["weekday"] else -1
    trust = _MONTH if count < 0 else _VAGUE
    if m["month"]:
        return Moment(trust, shift=Shift("month", count), present=not count)
    if m["weekday"] is None or m["weekday"] == "末":
        return Moment(trust, shift=Shift("week", count), present=not count)
    weekday = 6 if weekday == 0 else _WEEKDAYS.index(m["weekday"])
    return Moment(_MONTH, shift=Shift("week", count), weekday=weekday)


def _read_ago(n: str, unit: Unit) -> Moment | None:
    if n == "半":
        return Moment(_VAGUE, shift=Shift("month", -6)) if unit == "year" else None
    count = calendars.number(n)
    if not 0 < count <= _MOST_YEARS_AGO:
        return None
    return Moment(_DAY if unit == "day" else _VAGUE, shift=Shift(unit, -count))


# --- Numbers ---------------------------------------------------------------------------------------------

_ISO = re.compile(
    rf"(?<![\w.+/-])(?:(?<=T)|)(?P<year>{_Y4})(?P<sep>[-/.])(?P<month>0?[1-9]|1[0-2])(?:(?P=sep)(?P<day>3[01]|[12][0-9]|0?[1-9])(?![0-9]|[-./][0-9])|(?<=[0-9]{{2}})(?![0-9]|[-./][0-9]))"
)
_PLANNED = re.compile(
    r"(?m)^[ \t>#*-]*(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12][0-9]|0?[1-9])\s?[-~–—]\s?(?P<month2>1[0-2]|0?[1-9])\.(?P<day2>3[01]|[12][0-9]|0?[1-9])[ \t:：]*$"
)
_AFTER_NAME = re.compile(r"[A-Za-z][ \t_-]?\Z")


def _read_iso(m: re.Match[str]) -> Moment | None:
    year, month = int(m["year"]), int(m["month"])
    # "PyCharm 2022.1.3" is a version.
    if m["sep"] == "." and _AFTER_NAME.search(m.string, max(0, m.start() - 2), m.start()):
        return None
    if m["day"]:
        return Moment(_DAY, year, month, int(m["day"]))
    return Moment(_MONTH * _NUMBERS_ONLY, year, month)


def _read_planned(m: re.Match[str]) -> Moment:
    """``8.29-9.21``, with the line to itself."""
    span = (int(m["month"]), int(m["day"]), int(m["month2"]), int(m["day2"]))
    return Moment(_MONTH * _NUMBERS_ONLY, part=span)


# --- English ---------------------------------------------------------------------------------------------

_MON = r"(?P<{}>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)(?![a-z])"
_M1, _M2 = _MON.format("month"), _MON.format("month2")
_D = r"(?:3[01]|[12][0-9]|0?[1-9])"
_EN_YEAR = rf"(?P<year>{_Y4})(?![0-9]|[-./][0-9])"
_EN_DAY = re.compile(
    rf"""\b(?:
      {_M1}\.?\s(?P<day>{_D})(?:st|nd|rd|th)?(?![0-9\w%]|[:.][0-9])(?:\s?[-–—]\s?(?P<day2>{_D})(?:st|nd|rd|th)?(?![0-9\w]))?(?:,?\s{_EN_YEAR})?
    )""",
    re.VERBOSE,
)
_EN_DAY_FIRST = re.compile(
    rf"(?<![\w.,:/-])(?P<day>{_D})(?:\s?[-–—]\s?(?P<day2>{_D}))?(?:st|nd|rd|th)?[ -](?:of )?{_M1}\.?(?:,?[ -]{_EN_YEAR})?"
)
_EN_MONTH = re.compile(
    rf"\b(?:(?P<part>[Ee]arly|[Mm]id|[Ll]ate|[Ee]nd of)[- ])?{_M1}\.?(?:\s?[-–—]\s?{_M2}\.?)?(?:,?\s(?:of )?|['’]|-){_EN_YEAR}"
)
_EN_YEAR_MONTH = re.compile(rf"(?<![\w.-])(?P<year>{_Y4})[ -](?i:{_M1})(?![\w])")
_EN_WORD_MONTH = re.compile(
    rf"\b(?:(?P<word>[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Dd]uring|[Ff]rom|[Ll]ast|[Tt]hroughout|[Bb]ack in|[Ee]nd of)\s|(?P<part>[Ee]arly|[Mm]id|[Ll]ate)[- ])(?:the (?:end|beginning|middle) of )?{_M1}(?![\w'’]|-[A-Za-z])(?!\s[0-9A-Z])"
)
_EN_WORD_YEAR = re.compile(
    rf"\b(?:[Ii]n|[Ss]ince|[Dd]uring|[Uu]ntil|[Bb]y|[Ff]rom|[Bb]ack in|[Ee]nd of|[Yy]ear|(?P<edge>[Ee]arly|[Mm]id|[Ll]ate)[ -]?|(?P<season>[Ss]pring|[Ss]ummer|[Ff]all|[Aa]utumn|[Ww]inter|Christmas)(?:\sof)?|\bQ(?P<q>[1-4]))\s?{_EN_YEAR}(?!s?['\w%]|,[0-9])"
)
_EN_QUARTER = re.compile(
    rf"(?<![\w.-])(?P<year>{_Y4})[ -]?(?:Q(?P<q>[1-4])|H(?P<half>[12])|(?P<season>[Ss]pring|[Ss]ummer|[Ff]all|[Aa]utumn|[Ww]inter))(?!\w)"
)
_EN_DECADE = re.compile(r"(?<![\w.-])(?P<first>(?:19|20)[0-9]0)['’]?s\b")
_EN_DAY_WORD = re.compile(r"\b(?:(?P<back>[Yy]esterday|[Ll]ast night)|(?P<now>[Tt]oday|[Tt]onight))\b")
_EN_STEP = re.compile(
    r"\b(?P<step>(?<!the )(?<!The )[Ll]ast|[Tt]his|[Nn]ext) (?:(?P<unit>week|month|year)|(?P<season>spring|summer|fall|autumn|winter|Christmas)|(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday))\b(?! of)"
)
_EN_AGO = re.compile(
    r"\b(?P<n>[0-9]{1,2}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a couple of|half a) (?P<unit>day|week|month|year)s? (?:ago|earlier)\b",
    re.IGNORECASE,
)
_EN_STEPS = {"last": -1, "this": 0, "next": 1}
_EN_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EN_UNITS: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}


def _given_year(m: re.Match[str]) -> int | None:
    return int(m["year"]) if m["year"] else None


def _read_en_day(m: re.Match[str]) -> Moment:
    last = int(m["day2"]) if m["day2"] else None
    month = calendars.month_number(m["month"])
    return Moment(_DAY, _given_year(m), month, int(m["day"]), last_day=last)


def _read_en_month(m: re.Match[str]) -> Moment:
    month = calendars.month_number(m["month"])
    if m["part"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"].lower().removesuffix(" of")]
        return Moment(_MONTH, int(m["year"]), month, first, last_day=last)
    last_month = calendars.month_number(m["month2"]) if m["month2"] else None
    return Moment(_MONTH, int(m["year"]), month, last_month=last_month)


def _read_en_year_month(m: re.Match[str]) -> Moment:
    return Moment(_MONTH, int(m["year"]), calendars.month_number(m["month"]))


def _read_en_word_month(m: re.Match[str]) -> Moment:
    month = calendars.month_number(m["month"])
    if m["part"]:
        first, last = calendars.PARTS_OF_MONTH[m["part"].lower()]
        return Moment(_MONTH, None, month, first, last_day=last)
    return Moment(_MONTH * _NUMBERS_ONLY, None, month)


def _read_en_year(m: re.Match[str]) -> Moment | None:
    groups = m.groupdict()
    year = int(m["year"])
    if groups.get("q"):
        last = 3 * int(groups["q"])
        return Moment(_SEASON, year, last - 2, last_month=last)
    if groups.get("half"):
        last = 6 * int(groups["half"])
        return Moment(_SEASON, year, last - 5, last_month=last)
    edge = calendars.PARTS_OF_YEAR.get((groups.get("edge") or "").lower())
    season = (groups.get("season") or "").lower()
    window = edge or calendars.SEASONS.get(season) or calendars.FEASTS.get(season)
    if not _OLDEST <= year <= _NEWEST:
        return None
    return Moment(_SEASON, year, part=window) if window else Moment(_YEAR, year)


def _read_en_decade(m: re.Match[str]) -> Moment:
    return Moment(_DECADE, int(m["first"]), last_year=int(m["first"]) + 9)


def _read_en_day_word(m: re.Match[str]) -> Moment:
    if m["back"]:
        return Moment(_DAY, shift=Shift("day", -1))
    return Moment(_VAGUE, shift=Shift("day", 0), present=True)


def _read_en_step(m: re.Match[str]) -> Moment:
    count = _EN_STEPS[m["step"].lower()]
    if m["weekday"]:
        # "last Friday" may be of this week: the week before is only likely.
        return Moment(_VAGUE, shift=Shift("week", count), weekday=_EN_WEEKDAYS.index(m["weekday"].lower()))
    if m["season"]:
        season = m["season"].lower()
        part = calendars.SEASONS.get(season) or calendars.FEASTS[season]
        return Moment(_SEASON, shift=Shift("year", count), part=part)
    unit = _EN_UNITS[m["unit"]]
    trust = _MONTH if count < 0 and unit != "year" else _VAGUE
    return Moment(trust, shift=Shift(unit, count), present=not count)


def _read_en_ago(m: re.Match[str]) -> Moment | None:
    n = m["n"].lower()
    return _read_ago("半" if n == "half a" else n, _EN_UNITS[m["unit"].lower()])


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FOUR_DIGITS = re.compile("[0-9]{4}")
# The order decides between rules that claim the same words.
_RULES = (
    _Rule(_ZH_MONTH, _read_zh_month, ("月",)),
    _Rule(_ZH_DECADE, _read_zh_decade, ("年代",)),
    _Rule(_ZH_YEARS, _read_zh_year, ("年",)),
    _Rule(_ISO, _read_iso, ("-", "/", "."), digits=True),
    _Rule(_PLANNED, _read_planned, (".",)),
    _Rule(_EN_DAY_FIRST, _read_en_day, _MONTH_NAMES),
    _Rule(_EN_DAY, _read_en_day, _MONTH_NAMES),
    _Rule(_EN_MONTH, _read_en_month, _MONTH_NAMES, digits=True),
    _Rule(
        _EN_YEAR_MONTH,
        _read_en_year_month,
        ("an", "eb", "ar", "pr", "ay", "un", "ul", "ug", "ep", "ct", "ov", "ec"),
        digits=True,
    ),
    _Rule(_EN_WORD_MONTH, _read_en_word_month, _MONTH_NAMES),
    _Rule(_EN_WORD_YEAR, _read_en_year, (" ",), digits=True),
    _Rule(_EN_QUARTER, _read_en_year, ("Q", "H", "ring", "mer", "all", "umn", "ter"), digits=True),
    _Rule(_EN_DECADE, _read_en_decade, ("0s", "0's", "0’s"), digits=True),
    _Rule(
        _ZH_FEAST,
        lambda m: Moment(_VAGUE, part=calendars.FEASTS[m["feast"]]),
        ("期", "候", "天", "前", "回", "放", "后"),
    ),
    _Rule(_ZH_AGO, lambda m: _read_ago(m["n"], _UNITS[m["unit"][-1]]), ("前",)),
    _Rule(_ZH_DAY, _read_zh_day, ("天", "昨", "今")),
    _Rule(_ZH_STEP, _read_zh_step, ("周", "星期", "礼拜", "月")),
    _Rule(_EN_AGO, _read_en_ago, (" ago", " Ago", " earlier")),
    _Rule(_EN_DAY_WORD, _read_en_day_word, ("esterday", "night", "oday")),
    _Rule(_EN_STEP, _read_en_step, ("ast ", "his ", "ext ")),
)


def mentions(text: str) -> list[Mention]:
    """The times that a text names, in order; where two readings overlap, the first rule's."""
    found: list[Mention] = []
    taken = bytearray(len(text))
    digits = _FOUR_DIGITS.search(text) is not None
    for rule in _RULES:
        if (digits or not rule.digits) and any(clue in text for clue in rule.clues):
            for mention in _read(rule, text):
                if not any(taken[mention.start : mention.end]):
                    taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
                    found.append(mention)
    return sorted(found, key=lambda m: m.start)


def _read(rule: _Rule, text: str) -> Iterator[Mention]:
    for m in rule.pattern.finditer(text):
        try:
            moment = rule.read(m)
        except (ValueError, KeyError):
            continue  # a 13th month
        if moment is not None:
            yield Mention(m.start(), m.end(), moment)
