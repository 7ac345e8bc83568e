"""A question as the rules read it: of the same length, in one width and script, without what is none of its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

FILTER: Final = "\ufffc"
"""Stands where a typed filter does: neither a word nor white space."""
PLAIN: Final = "\ufffb"
"""Stands for words that are only looked for: names in quotes, and what the user switched off."""

_TRADITIONAL: Final = "週個號兩節慶聖誕禮這後從時雙勞動間過開來內陽臘總國園學寫讀書買幾們於歲還裡裏麼見觀聽記錄結顧發點離現處樣遊歷舊農陰復萬壽會鐘長無當氣剛無筆電產個關對運訂換認識話說談論給與隨選寶親媽婦兒師參舉統計盤彙憶電單畫劇場電圖館條種趟總曆"
_SIMPLIFIED: Final = "周个号两节庆圣诞礼这后从时双劳动间过开来内阳腊总国园学写读书买几们于岁还里里么见观听记录结顾发点离现处样游历旧农阴复万寿会钟长无当气刚无笔电产个关对运订换认识话说谈论给与随选宝亲妈妇儿师参举统计盘汇忆电单画剧场电图馆条种趟总历"
_SAME_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_KEPT = {ord(c): c for c in "？！，：；"}
_TABLE: Final[dict[int, int | str]] = {
    **_SAME_WIDTH,
    **_KEPT,
    **str.maketrans(_TRADITIONAL, _SIMPLIFIED),
    **dict.fromkeys(map(ord, "\u3000\u00a0\t\n\r"), " "),
    **dict.fromkeys(map(ord, "’‘＇"), "'"),
}
_NAMES = re.compile(r"《[^《》]*》|“[^“”]*”|「[^「」]*」|『[^『』]*』|`[^`]*`|\S+://\S+")

MAY_NAME_A_TIME: Final = re.compile(
    r"[0-9]{4}|[0-9]/[0-9]|'[0-9]{2}\b|[年月周节天号日夏冬秋春昨今前近]|星期|礼拜|季度|除夕|清明|端午|中秋|元[旦宵]|国庆|五一|七夕|重阳|腊八|圣诞|暑假|寒假|长假|平安夜|双|冬至|黑五|光棍|618|六一"
    r"|[那当]晚|\b(?:[Qq][1-4]|[Hh][12])\b|\b(?:yr|mth|wk)s?\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|day|week|month|quarter|year|night|morning|spring|summer|autumn|fall\b|winter|decade|fortnight|tomorrow|ago\b|recent|lately|easter|christ|xmas|hallow|thanksg|single|solstice|dongzhi|duanwu|valentine|festival|qixi|qingming|golden|mid-autumn|[0-9]0'?s\b|[0-9](?:st|nd|rd|th)\b|ties\b|half",
    re.IGNORECASE,
)
"""Whether the rules of dates, which take a while to load, are worth asking."""
_MAY_ASK_FOR_ALL: Final = re.compile(
    r"我|咱|俺|本人|笔者|博主|作者|记|随笔|日志|手记|周报|流水账|列|盘点|汇总|总结|概括|归纳|回顾|梳理|统计|找出|复盘"
    r"|\b(?:i|we|my|our|author|writer|diarist|diary|journal|notes|list|summary|summari[sz]e|sum up|enumerate|recap|review|walk|show|find|tell|give|overview|timeline|compare)\b",
    re.IGNORECASE,
)
_MAY_HOLD_A_FILTER: Final = re.compile(r'[:：#＃"“「]')
HAN: Final = re.compile("[\u4e00-\u9fff]")
LATIN: Final = re.compile("[A-Za-z]|20[0-9]{2}")


def may_mean_more(question: str) -> bool:
    """Whether a question is worth asking the rules; a cheap look that is right where it says no."""
    text = even(question)
    looks = (_MAY_HOLD_A_FILTER, MAY_NAME_A_TIME, _MAY_ASK_FOR_ALL)
    return any(look.search(text) for look in looks)


def viewed(question: str, filters: Iterable[tuple[int, int]], plain: Iterable[tuple[int, int]]) -> str:
    """The question for the rules of dates and lists; spans of filters and of plain words, and quoted names, blanked."""
    text = without_filters(question, filters)
    for start, end in plain:
        text = blanked(text, start, end, PLAIN)
    return _NAMES.sub(lambda m: PLAIN * len(m[0]), text)


def without_filters(question: str, filters: Iterable[tuple[int, int]]) -> str:
    """The question in one width and script, its filters blanked."""
    text = even(question)
    for start, end in filters:
        text = blanked(text, start, end, FILTER)
    return text


def even(text: str) -> str:
    """A text in one width and script, of the same length."""
    return text.translate(_TABLE)


def blanked(text: str, start: int, end: int, mark: str) -> str:
    """The text with ``mark`` all over a span."""
    return text[:start] + mark * (end - start) + text[end:]
