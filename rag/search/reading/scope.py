"""Whose time a question asks about, and what is left of it without the words of its time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rag.search.reading.view import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_ME = re.compile(
    r"我国|我方|我军|我市|我省|我党|自我|我想(?:知道|了解|问)|告诉我们?|给我们?|帮我们?|教我|让我们?|问我|我(?:应该|该|可以|能|要怎么|怎么)"
    r"|(?:^|[,;:.?!]\s?|\b(?:please|you|to|and|just|now|then|also)\s)(?:tell|show|give|let|help|remind|teach|walk|find|get)\s(?:me|us)\b|\b(?:I\s(?:want|need)|I'd\slike)\sto\sknow\b|\b(?:can|could|should|may|must|how\sdo)\sI\b(?!\sever)",
    re.IGNORECASE,
)
_ME = re.compile(
    rf"我|咱|俺|本人|笔者|博主|(?<![{PLAIN}的书])作者(?!是谁|是哪|是什么人|叫什么|的?名字|简介|为)|日记|笔记|随笔|日志|手记|周报|流水账"
    r"|(?:^|[,;:(]\s?|\b(?!type|class|phase|stage|group|grade|war|part|level)[a-z][\w']*\s|\b(?:Did|Have|Had|Was|Am|Were|Would|Will|What|When|Where|Who|Why|How|Which|That|If|And|Things|Books|Films|Movies|Places|People)\s)I(?:'\w+)?\b"
    r"|(?:^|\s)i(?:'ve|'d|'m)?\s[a-z]|\b(?:[Ww]e|[Mm]y|[Oo]ur|[Mm]yself|[Oo]urselves|me|us)\b|\bthe\s(?:author|writer|diarist)\b(?!\sof)|\b(?:diary|journal)\b|\b(?:the|these)\snotes\b"
)
_BORN = re.compile(r"\s?的?(?:过?生日|出生|诞生)|[^，。,.?？]{0,6}(?:多大|几岁)|\sbirthday")
_SENTENCE = re.compile(r"[。！？!?]+\s*(?=[^\s。！？!?])")
_VERBS: Final = "看|读|写|去|做|干|买|吃|喝|学|见|玩|住|参加|完成|开始|搬|跑|听|用|换|花|认识|经历|记|想|考|聊|遇|旅|过得|忙|折腾|收获|研究|准备|入手|拍|练|逛|待|思考|关注|整理|解决|修"
# Chinese leaves "I" out: 上个月读了什么书.
_DROPPED = re.compile(
    rf"[\s，,、]*(?:都|主要|一共|总共|到底|究竟|在|曾经?|还|最|有没有|第一次|每天|又|先|刚)*(?:{_VERBS})(?:了|过|完|的|什么|哪|些|啥|多少|几|得|到|书|笔记|$)|[\s，,、]*都?有(?:哪些|什么|啥)(?:新|重要)?的?(?:收获|感想|感悟|进展|安排|计划|变化|成就|事|想法|目标)"
)
_SAID_OF_A_THING = re.compile(
    r"(?:关于|有关|对于?|\b(?:about|on|of)\sthe|生日(?:是|在|是在)?|出生[在于]|born(?:\son|\sin)?)\s?\Z",
    re.IGNORECASE,
)
_SCAFFOLD = re.compile(
    rf"""(?:[^\w{PLAIN}]
    | 我们?|咱们?|作者|笔者|自己|大家|在|做|干|搞|过[得的]?|了|些|什么|啥|嘛|哪|事情?|发生|的|都|主要|有|呢|吗|啊|呀|经历|忙[些着]?|日记|笔记|记录|流水账
    | 总结|回顾|盘点|梳理|概括|复盘|一下|请|帮|给|列出|列举|所有|全部|内容|写|记|情况|怎么?样?|怎么|度过|如何|是|里|生活|日子|说|大事记?|一些|期间|[这那]一?[天日]|当[天日]|这|那|段|时间|比较|对比|不同|区别|变化|和|与
    | \b(?:what|which|did|do|does|done|doing|was|were|is|are|am|have|had|has|been|being|be|i|we|me|us|my|our|you|the|author|writer|happened|happening|happens?|going|on|up|to|get|got|with|in|of|at|for|from|during|and|or|a|an|tell|about|show|give|list|summari[sz]e|sum|summary|recap|review|overview|compare|everything|anything|something|all|notes?|diary|journal|entries|entry|things?|stuff|how|life|spend|spent|please|go|went|events?|there|any|write|wrote|written|record(?:ed)?|note[ds]?|time|look|like|back|know|that|i've|i'd|'s|s|'ve|busy|new|major|main|key|highlights|it|they|them)\b
    )*""",
    re.VERBOSE | re.IGNORECASE,
)
_HAN_BORDERS = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_EDGES = " ，,、:：;；"


def is_personal(text: str) -> bool:
    """Whether a question speaks of its writer, who is the notes' writer."""
    return _ME.search(_NOT_ME.sub(" ", text)) is not None


def drops_the_subject(text: str) -> bool:
    """Whether what stands beside a Chinese question's time begins with what somebody did, and that is the writer."""
    return _DROPPED.match(text) is not None


def of_a_thing(text: str, start: int, end: int) -> bool:
    """Whether a time belongs to a thing that is spoken about, or a birth: 我对2022年世界杯的看法."""
    return _BORN.match(text, end) is not None or _SAID_OF_A_THING.search(text, 0, start) is not None


def last_words(text: str) -> int:
    """Where what is asked begins in a text of more than two sentences; 0 in a shorter one."""
    ends = [m.end() for m in _SENTENCE.finditer(text)]
    return ends[-1] if len(ends) > 1 else 0


def says_nothing(text: str) -> bool:
    """Whether a text without its times asks for no more than "what happened"."""
    return _SCAFFOLD.fullmatch(text) is not None


def without(text: str, cuts: Sequence[tuple[int, int]]) -> str:
    """A text without some of its spans, white space mended."""
    if not cuts:
        return text
    kept, at = "", 0
    for start, end in (*sorted(cuts), (len(text), len(text))):
        piece = text[at:start]
        if kept and piece and not (_HAN_BORDERS.match(kept[-1]) or _HAN_BORDERS.match(piece)):
            kept += " "
        kept, at = kept + piece, max(at, end)
    return " ".join(kept.split()).strip(_EDGES).removeprefix("的").strip(_EDGES)
