"""A question that leans on what was said before, written so that it can be asked alone.

Without a language model: an ellipsis ("那 2022 年呢？", "what about May?") takes the place of its like in the question before,
a pronoun becomes what that question was about, an ordinal becomes the note that it counts, and a bare question word is
asked of the question before. With one, it is asked, and its reply is kept where it reads like a question. A question that
stands alone is left as it is.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from rag.errors import LLMError
from rag.llama.reply import heard, spoken
from rag.search import reading
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rag.types import Turn

    AskLLM = Callable[[str, str], Iterable[str]]

_HAN: Final = re.compile("[\u3400-\u9fff]")
_ENDS: Final = " \t\n?？。.!！,，:：;；"
_ANY_DAY: Final = date(2000, 1, 1)
_LONGEST_ELLIPSIS: Final = 24  # characters of what is put in place
_LONGEST_REPLY: Final = 300
_REMEMBERED: Final = 4  # turns that a model is shown

_ELLIPSIS: Final = (
    re.compile(r"^(?:那么|那|再|还有|然后)?[,，\s]*(?P<what>[^呢?？]+?)[的\s]*呢[?？\s]*$"),
    re.compile(r"^(?:那么|那)[,，\s]*(?P<what>[^呢?？]+?)(?:怎么样|怎样|如何)[?？\s]*$"),
    re.compile(r"^(?:and\s+)?(?:what|how)\s+about\s+(?P<what>[^?]+?)\s*\??\s*$", re.IGNORECASE),
    re.compile(r"^(?:[Aa]nd|[Oo]r)\s+(?P<what>[A-Z][^?]*?)\s*\??\s*$"),
    re.compile(
        r"^(?:and|or)\s+(?P<what>(?:in|on|at|for|from|during|since|after|before|last|this|the)\s[^?]+?)\s*\??\s*$",
        re.IGNORECASE,
    ),
)
_BARE: Final = re.compile(
    r"^(?:那|那么|and|but|so|then)?[,，\s]*(?P<what>为什么|为何|什么时候|何时|在哪里?|哪里|谁|多少|多少钱|怎么做的?|具体呢|还有吗|还有呢|还有别的吗|然后呢|后来呢"
    r"|why(?: not)?|when(?: exactly)?|where|who|how(?: much| many| long| so)?|anything else|what else|which one)[呢\s]*[?？]*$",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(
    r"(?:第(?P<zh>[一二三四五六七八九十两\d]+)(?:个|篇|本|部|条|项|点|次)|最后(?P<zh_last>一)(?:个|篇|本|部|条|项|点))"
    r"|\b(?:the\s+)(?:(?P<en>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)|(?P<en_last>last))\s+(?:one|note|book|film|movie|item|point)\b",
    re.IGNORECASE,
)
_COUNTS: Final = {
    word: n
    for n, words in enumerate(
        (
            "first 一",
            "second 二 两",
            "third 三",
            "fourth 四",
            "fifth 五",
            "sixth 六",
            "seventh 七",
            "eighth 八",
            "ninth 九",
            "tenth 十",
        ),
        1,
    )
    for word in words.split()
}
_PRONOUN: Final = re.compile(
    r"(?P<zh>(?:这|那)(?:本书|部电影|部片子?|篇文章|篇笔记|个项目|个人|家店|座城市|个城市|次旅行|次比赛|件事情?|个东西|位(?:朋友|老师|作者)?)|它们?|他们?|她们?|这个|那个|那里|那儿|此人)"
    r"|\b(?P<en>(?:this|that|the same) (?:book|film|movie|article|note|project|person|city|trip|place|one)|its|it|his|him|he|hers?|she|theirs?|them|they|this|that|there)\b",
    re.IGNORECASE,
)
_OWNS: Final = frozenset({"its", "his", "her", "their", "hers", "theirs"})
# What "it" does not stand for: "is it raining", "what is it that", "that" that joins.
_EMPTY_IT: Final = re.compile(
    r"\b(?:that (?:I|we|you|he|she|it|they|the|a|my|was|is|are|were|has|have|had)\b|is there|are there|was there|were there|there (?:is|are|was|were)"
    r"|how long does it take|what time is it|is it (?:true|possible|raining))",
    re.IGNORECASE,
)
_ANTECEDENT: Final = 2  # words with a capital, or one in quotes, before a pronoun: it means those
_QUOTED: Final = re.compile(r"《([^》]{1,60})》|「([^」]{1,60})」|“([^”]{1,60})”|\"([^\"]{1,60})\"")
_NAME: Final = re.compile(
    r"(?<![\w.])(?:[A-Z][\w'’+#.-]*|[a-z]+[A-Z]\w*)(?:[ -](?:(?:of|the|and|de|van|von) )?[A-Z0-9][\w'’+#.-]*)*"
)
_CAPITALISED: Final = (
    "What Which Who Whom Whose When Where Why How Is Are Was Were Do Does Did Can Could Will Would Should Has Have Had I "
    "In On At And Or The A An My Our Tell List Show Summarize Find Give January February March April May June July August "
    "September October November December"
)
_QUESTION_WORDS: Final = frozenset(_CAPITALISED.split())
_DULL: Final = (
    "作者 时间 地方 名字 叫 在 是 有 做 看 去 说 写 买 读 用 会 能 要 想 到 里 中 上 下 和 与 跟 把 被"
)
_ASKING_ZH: Final = re.compile(
    r"什么时候|什么|怎么样?|如何|哪[里儿些个一]?|谁|多少|几[个次本部年月天]|为什么|是不是|有没有|吗|呢|[?？]|我们?|了|过"
)
_LEAD: Final = re.compile(r"(?:in|on|during|at|over|for)\s+", re.IGNORECASE)
_YEAR: Final = re.compile(
    r"(?:(?:[0-9]{2,4}|[〇零一二三四五六七八九]{2,4}|大?[去前今明])年)"
    r"|\b(?:[12][0-9]{3}|(?:last|this|next) year|the year before last)\b",
    re.IGNORECASE,
)
_SHIFTED: Final = re.compile(
    r"(?:last|this|next|yesterday|today|the|since|after|before|until|from)\b|\w+ \w+ ago\b", re.IGNORECASE
)
_SYSTEM: Final = {
    "zh": (
        "你把用户的追问改写成不依赖上文也能看懂的一个问题。只输出改写后的问题，不要解释，不要回答。"
        "如果它本来就能独立看懂，原样输出。不要加入对话里没有的事实。"
    ),
    "en": (
        "Rewrite the user's follow-up as one question that can be understood without the conversation. Reply with the "
        "question only: no explanation, no answer. If it stands alone already, repeat it. Add no fact that the "
        "conversation does not hold."
    ),
}


def rewritten(question: str, history: Sequence[Turn], ask_llm: AskLLM | None = None) -> str | None:
    """The question as it can be asked alone; None where it can be asked as it is.

    Args:
        question: the last one.
        history: the turns before it, the oldest first.
        ask_llm: system and prompt in, pieces of the reply out, where there is a language model; it is only asked about
            questions that seem to lean on what was said.
    """
    if not history:
        return None
    alone = _by_rules(question.strip(), history)
    if alone is None or alone == question:
        return None
    return (_by_model(question, history, ask_llm) if ask_llm else None) or alone


def _by_rules(question: str, history: Sequence[Turn]) -> str | None:
    before = history[-1]
    if bare := _BARE.match(question):
        return _joined(before.question, bare["what"])
    if ordinal := _ORDINAL.search(question):
        title = _counted(ordinal, before.titles)
        if title:
            return _instead(question, ordinal, title, before)
    for pattern in _ELLIPSIS:
        if (found := pattern.match(question)) and len(found["what"]) <= _LONGEST_ELLIPSIS:
            return _replaced(before.question, found["what"].strip(_ENDS))
    return _with_antecedent(question, before)


def _instead(question: str, ordinal: re.Match[str], title: str, before: Turn) -> str:
    """The note in place of "the second one"; alone ("what about the second one?"), the question before is asked of it."""
    for pattern in _ELLIPSIS:
        if (found := pattern.match(question)) and found["what"].strip(_ENDS) == ordinal[0].strip():
            return _joined(before.question, _marked(title))
    return question[: ordinal.start()] + _marked(title) + question[ordinal.end() :]


def _counted(ordinal: re.Match[str], titles: Sequence[str]) -> str:
    if ordinal["zh_last"] or ordinal["en_last"]:
        return titles[-1] if titles else ""
    written = (ordinal["zh"] or ordinal["en"]).lower()
    place = int(written) if written.isdigit() else _COUNTS.get(written, 0)
    return titles[place - 1] if 0 < place <= len(titles) else ""


def _replaced(before: str, what: str) -> str:
    """The question before with ``what`` in place of its like: a time for a time, a name for a name."""
    times = _times(before)
    new = _times(what)
    if new and not _rest(what, new):
        return before.replace(times[0], _of_its_year(times[0], what), 1) if times else _joined(before, what)
    topic = _topic(before)
    if topic and topic.casefold() != what.casefold():
        return before.replace(topic, _unquoted(what) if _QUOTED.search(before) else what, 1)
    return _joined(before, what)


def _of_its_year(old: str, new: str) -> str:
    """The new time in the old one's place, of its year where it leaves that open: "in March 2022" and "April"."""
    led = _led(old, new)
    years = {m[0] for m in _YEAR.finditer(old)}
    if len(years) != 1 or _YEAR.search(led):
        return led
    year, is_chinese = next(iter(years)), _HAN.search(new) is not None
    if is_chinese and year.isdigit():
        year += "年"
    elif not is_chinese and _HAN.search(year):
        year = year.removesuffix("年")
    told = f"{year}{led.removeprefix('在')}" if is_chinese else f"{led} {year}"
    return told if _times(told) == [told] else led


def _led(old: str, new: str) -> str:
    """The new time after the old one's preposition, where it has none: "in March" and "April"."""
    lead = _LEAD.match(old)
    is_bare = lead and not (_LEAD.match(new) or _SHIFTED.match(new) or _HAN.search(new))
    return f"{lead[0]}{new}" if lead and is_bare else new


def _unquoted(what: str) -> str:
    quoted = _QUOTED.fullmatch(what)
    return str(next(filter(None, quoted.groups()))) if quoted else what


def _times(question: str) -> list[str]:
    """The words of a question that name a time, as they are written."""
    read = reading.read(question, today=_ANY_DAY)
    return [part.written for part in read.parts if part.kind == "time" and part.written]


def _rest(what: str, times: Sequence[str]) -> str:
    for written in times:
        what = what.replace(written, " ")
    return re.sub(r"\b(?:in|on|at|during|for|from|the)\b|[的在于]", " ", what).strip(_ENDS)


def _with_antecedent(question: str, before: Turn) -> str | None:
    """What the question before was about in place of a pronoun."""
    pronoun = _PRONOUN.search(_EMPTY_IT.sub(lambda m: " " * len(m[0]), question))
    if pronoun is None or _topic(question[: pronoun.start()]):
        return None
    topic = _topic(before.question) or (before.titles[0] if before.titles else "")
    if not topic:
        return None
    name = _marked(topic) if pronoun["zh"] else topic
    if (pronoun["en"] or "").lower() in _OWNS:
        name = f"{topic}'s"
    return question[: pronoun.start()] + name + question[pronoun.end() :]


def _topic(question: str) -> str:
    """What a question is about: what it quotes, else its longest name, else its rarest-looking Chinese word."""
    if quoted := _QUOTED.search(question):
        return str(next(filter(None, quoted.groups())))
    names = [_trimmed(m[0]) for m in _NAME.finditer(question)]
    if longest := max((name for name in names if not name.isdigit()), key=len, default=""):
        return longest
    return _chinese_topic(question) if _HAN.search(question) else ""


def _trimmed(name: str) -> str:
    """A name without the question word that its sentence begins with."""
    words = name.split(" ")
    while words and words[0] in _QUESTION_WORDS:
        words = words[1:]
    return " ".join(words)


def _chinese_topic(question: str) -> str:
    for written in _times(question):
        question = question.replace(written, " ")
    pieces = [p for p in re.split(r"[\s,，]+|的", _ASKING_ZH.sub(" ", question)) if _HAN.search(p)]
    words = [word for word in tokens.words(pieces[0]) if word not in _dull()] if pieces else []
    return max((w for w in words if w in pieces[0]), key=len, default="") if words else ""


@cache
def _dull() -> frozenset[str]:
    return frozenset(_DULL.split()) | tokens.common()


def _joined(before: str, what: str) -> str:
    return f"{before.rstrip(_ENDS)} {what}" + ("？" if _HAN.search(before) else "?")


def _marked(title: str) -> str:
    return f"《{title}》" if _HAN.search(title) and "《" not in title else title


def _by_model(question: str, history: Sequence[Turn], ask_llm: AskLLM) -> str | None:
    """What a model makes of it, where it reads like a question."""
    language = "zh" if _HAN.search(question) else "en"
    said = "\n".join(
        f"- {turn.question}" + (f" ({'; '.join(turn.titles[:3])})" if turn.titles else "")
        for turn in history[-_REMEMBERED:]
    )
    labels = ("此前的问题", "追问") if language == "zh" else ("Questions before", "Follow-up")
    try:
        reply = heard(ask_llm(_SYSTEM[language], f"{labels[0]}:\n{said}\n{labels[1]}: {question}"))
    except LLMError:
        return None  # the rules' own reading is good enough
    text = " ".join(spoken(reply).split()).strip('"“”「」 ')
    return text if 0 < len(text) <= _LONGEST_REPLY else None
