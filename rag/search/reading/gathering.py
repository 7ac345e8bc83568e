"""Whether a question asks for all things of a kind or a time, not for one."""

from __future__ import annotations

import re
from typing import NamedTuple

_DO = "do|doing|done|read|reading|watch|watching|watched|see|seen|eat|eating|eaten|buy|bought|write|writing|written|learn|learning|learned|learnt|visit|visited|cook|cooked|cooking|build|built|work|working|worked|think|thinking|study|studied|studying|finish|finished|complete|completed|accomplish|accomplished|achieve|achieved|play|played|playing|listen to|make|made|practise|practice|try|tried|start|started|get up to|get done|ship|shipped|publish|published|record|note|up to|going through|spend time on|busy with"
_ME = "(?:I|i|we|the author|the writer)"
_PLURAL = r"(?:[A-Za-z-]+[a-rt-z]s|people|movies|children|sheep|news)"
_MEASURE = "本|部|次|篇|个|家|座|场|位|条|首|趟|门|款|种|回|顿|天|公里"
_DONE = "看|读|写|去|做|干|买|吃|喝|学|见|玩|经历|忙|完成|聊|听|记|想|研究|准备|折腾|收获|整理|关注|参加|思考|搞|弄|解决|遇到|认识"

# Orders: they are meant whatever else is said.
_ORDER = re.compile(
    r"^[\s\ufffc]*(?:请|麻烦|帮忙|帮我?们?|给我?们?|为我|你?能不?能?|可以|来|我想要?|再|把)*\s?(?P<cue>(?:列出|列举|罗列|盘点|汇总|总结|概括|归纳|回顾|梳理|统计|找出(?:所有|全部))(?:一下)?)(?!的|报告|会|怎么|里|中|.*一[种个])"
    r"|(?P<cue2>(?:总结|回顾|盘点|梳理|汇总|复盘|归纳|列)(?:一下|出来))|(?P<cue3>(?:流水账|大事记|汇总|年度总结|年终总结|总结|回顾|盘点)[\s。！!？?]*$)"
    r"|^[\s\ufffc]*(?:(?:please|can you|could you|would you|help me|i want you to|now)[\s,]+)*(?P<cue4>list\s(?:all|every|the|my|our|everything|of|out|what|which|me)|summari[sz]e|enumerate|recap|sum\sup|review\s(?:my|our|what|everything|all)|walk\sme\sthrough|show\s(?:me\s)?(?:all|every|everything|a\slist|a\stimeline)|find\s(?:me\s)?(?:all|every)|tell\sme\severything|give\sme\s(?:all|every|an?\s(?:\w+\s)?(?:list|summary|overview|recap|review|timeline)))\b"
    r"|^[\s\ufffc]*(?P<cue5>(?:an?\s|the\s)?(?:list|summary|overview|recap|timeline)\sof)\b",
    re.IGNORECASE,
)
# What the writer did, read, saw: whole lists by their form.
_LISTS = re.compile(
    rf"(?P<cue>\b(?:which|what)\s(?:\w+\s){{0,3}}?{_PLURAL}\s(?:(?:did|do|have|had|were|was)\s{_ME}|{_ME}\b))"
    rf"|(?P<cue2>\bhow\smany\s(?:[\w-]+\s){{1,4}}?(?:did|do|have|had)\s{_ME}\b)"
    rf"|(?P<cue3>\b(?:all|every)\s(?:of\s)?(?:(?:the|my|our)\s)?(?:\w+\s){{0,2}}\w+(?=.*\b(?:{_ME}|my|our|notes)\b)|\beverything\s{_ME}\b|\b(?:all|every\sone)\sof\smy\s\w+)"
    rf"|(?P<cue4>^(?:the\s|all\s)?(?:\w+\s){{0,2}}{_PLURAL}\s(?:that\s|which\s)?{_ME}(?:'ve|\shave)?\s\w+)"
    r"|(?P<cue5>哪些|都有(?:什么|啥|谁)|有(?:什么|啥)(?!用|区别|关系|意义|影响|好处|办法|不同)"
    r"|都[^，。？?]{0,6}?(?:什么|谁|哪里?儿?|啥)|所有|全部的?|每一[个篇本部次]|一共[^，。？?]{0,4}(?:多少|几))"
    rf"|(?P<cue6>[了过](?:多少|几)(?:{_MEASURE}))",
    re.IGNORECASE,
)
# What was done in a time: these ask for all of it where the question names one.
_IN_TIME = re.compile(
    rf"(?P<cue>(?:{_DONE})(?:[了过完到着些下]|成了)*(?:些?什么|些?啥|哪里|哪儿|哪)(?![时天年月个种样用意位本部篇家首])[^，。,；;？?！!]{{0,6}}[\s。！!？?呢啊呀吗的]*$|发生了?(?:过|些)?(?:什么|啥)|怎么过|怎么度过|过得(?:怎|如何|好)|(?:忙|干|做|搞)(?:了|些|着)*(?:什么|啥|嘛))"
    rf"|(?P<cue2>\bwhat\s(?:all\s|else\s)?(?:did|have|had|was|were|am|are|do)\s{_ME}\s(?:been\s|mostly\s|mainly\s|actually\s)?(?:{_DO})\b)"
    r"|(?P<cue3>\b(?:what(?:\sall|\selse)?(?:\shas|'s)?\shappened|what\swas\s(?:going\son|happening)|what\swent\son)\b)"
    rf"|(?P<cue4>\b(?:where\s(?:all\s)?did\s{_ME}\s(?:go|travel|visit|eat)|whom?\s(?:all\s)?did\s{_ME}\s(?:meet|see|visit|talk\sto))\b)"
    rf"|(?P<cue5>\bhow\s(?:was|were|did)\s(?:my|our|{_ME})\b(?=[\s\w]*[?.]*$))",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"(?P<cue>\bcompared?\b|\bdifferen(?:ce|t)\b|对比|比较|相比|不同|区别|变化|差别|差异)", re.IGNORECASE
)


_COMPARE = re.compile(r"\W*(?:please\s)?compare\b|\W*(?:请|帮我)?(?:对比|比较)", re.IGNORECASE)


class Cue(NamedTuple):
    """The words that ask for all."""

    start: int
    end: int


def asks_for_all(text: str, *, personal: bool, times: int) -> Cue | None:
    """The words of a question that ask for all of something, or None.

    Args:
        text: the question's view, its times blanked.
        personal: it speaks of the notes' writer.
        times: how many times it names.
    """
    if found := _cue(_ORDER, text):
        return found
    if personal and (found := _cue(_LISTS, text) or (_cue(_IN_TIME, text) if times else None)):
        return found
    return _cue(_COMPARES, text) if times > 1 and (personal or _COMPARE.match(text)) else None


def _cue(pattern: re.Pattern[str], text: str) -> Cue | None:
    m = pattern.search(text)
    if m is None:
        return None
    return Cue(*next(m.span(name) for name in m.groupdict() if m[name]))
