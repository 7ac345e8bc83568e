"""Conversations with a chatbot that were pasted into notes: where each turn begins, and whose words it is.

Turns are told by marks at the start of a line (``User:``, ``**ChatGPT**``, ``## Assistant``, ``你说：``, ``Q:``).
One name proves nothing: both sides must speak, in turn, under marks of one shape. Where nothing but the words
tells a model's reply, only openings that hardly anybody else writes count ("您提出了一个很好的问题").

Questions and answers without any sign of a model (an FAQ, an interview) are split too, but whose words they are
stays open: their speaker is "".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from ingest.loaders.blocks import heading_text, headings, line_end
from rag.types import Section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ingest.loaders.blocks import Heading, Span
    from rag.types import Speaker

_Side = Literal["user", "model", "ask", "reply"]
_Shape = Literal["role", "heading", "bold", "said", "plain", "bare"]

_SIDES: dict[_Side, str] = {
    "user": "user|you|human|me|prompt|用户|用戶|使用者|人类|你|我",
    "model": (
        "assistant|ai[ ]?assistant|ai|bot|chatbot|model|llm|response|助手|ai[ ]?助手|模型|机器人|大模型|人工智能|"
        "chat[ ]?gpt|gpt|openai|claude|gemini|bard|copilot|bing|kimi|deep[ ]?seek|qwen|grok|perplexity|llama|mistral|"
        "豆包|通义千问|通义|文心一言|文心|星火|元宝|智谱清言|月之暗面"
    ),
    "ask": "q|question|问题|问|提问",
    "reply": "a|answer|答案|答|回答",
}
_BRAND = re.compile(
    r"chat ?gpt|\bgpt|openai|claude|gemini|bard|copilot|kimi|deep ?seek|qwen|grok|perplexity|豆包|通义|文心|元宝|智谱",
    re.IGNORECASE,
)
_SIGN = re.compile(rf"{_BRAND.pattern}|\bAI\b|\bLLM|语言模型|大模型|人工智能", re.IGNORECASE)
_ASKED = r"问了|问过|问一下|请教|聊|对话|交谈|交流|回复|的回答|说|\b(?:asked|ask|chat|talk|conversation|told|said|says|answered|replied)\b"
# A model that is only named is what the note is about: somebody must have talked to it.
_TALK = re.compile(
    rf"(?:{_ASKED})[^\n]{{0,40}}(?:{_SIGN.pattern})|(?:{_SIGN.pattern})[^\n]{{0,40}}(?:{_ASKED})",
    re.IGNORECASE,
)
_VERSION = (
    r"(?:[ -]?(?:v|r|o)?\d[\w.]{0,3}(?:[ -](?:turbo|mini|pro|plus|opus|sonnet|haiku|flash|max|preview))?)?"
)
_NAME = (
    "(?i:"
    + "|".join(
        f"(?P<{side}>(?:{names}){_VERSION if side == 'model' else ''})" for side, names in _SIDES.items()
    )
    + ")"
)
_STAMP = r"(?:[ \t]*[(（\[【][^()（）\[\]【】\n]{1,40}[)）\]】]|[ \t,，]*\d{1,4}[-/.:年][\d :年月日/.TZ+apmAPM-]{2,24})?"
_MARK = re.compile(
    rf"\n(?:[ \t]{{0,3}}(?P<hashes>#{{1,6}})[ \t]+)?(?P<stamp>\[?\d{{1,4}}[-/.:年][\d :年月日/.TZ+-]{{2,24}}\]?[ \t]+)?"
    rf"(?P<role>role::[ \t]*)?(?P<bold>\*\*|__)?{_NAME}(?P<said>[ \t]?(?:said|says|说|說))?{_STAMP}[ \t]*(?P<colon>[:：])?"
    r"(?P<closed>\*\*|__)?[ \t]*(?P<after>[:：])?(?P<rest>[^\n]*)"
)
_EXCHANGE = 2  # turns that do where the model goes by a product's name
_MANY = 3  # turns that it takes elsewhere: to and fro, and again
_TITLE = 60  # characters of a question that its answer's passages carry along
_READ = 4 * _TITLE  # characters of a question that its title is made of
_LONGEST_QUESTION = 4000  # characters above a bot's picture
_ABOVE = 300  # characters before the first turn, or a reply, that may say what it is

# How models open a reply, after an empty line, and people seldom anything.
_OPENS = re.compile(
    r"\n[^\S\n]*\n(?:(?:您|你)提(?:出|到)了?一?个?[^\n。！？]{0,16}(?:问题|想法|观点|要求|需求)"
    r"|(?:根据|基于|针对)(?:您|你)(?:的|所)?(?:提供|描述|提问|问题|要求|需求|背景|情况|观察|最新)"
    r"|(?:好的|当然|没问题|明白了|理解了|非常好|是的)[，,。！!][^\n。]{0,12}(?:我[^\n。]{0,8}(?:您|你)|(?:您|你)正在|以下是|下面是)"
    r"|我(?:理解|明白|了解)了?(?:您|你)的|(?:您|你)的(?:问题|想法|观察|理解|观点)(?:非常|很|十分)"
    r"|非?常?感谢您的(?:提问|问题|要求|指正|纠正)"
    r"|(?:Certainly|Absolutely|Of course|Sure(?: thing)?)(?:! (?:Here|Below|Let|I)|[,.] (?:here (?:is|are)|below))"
    r"|Great question[!,.] |(?:As|I'm) an AI (?:language )?model"
    r"|I(?:'d| would) be (?:happy|glad) to (?:help|explain)|You(?:'ve| have) (?:asked|raised) an? )"
)
_FAMILIAR = re.compile("你(?!好)")  # friends and diaries say so too: it takes a model's name in the note
_LETTER = re.compile(r"尊敬的|亲爱的|敬爱的|此致|敬礼|敬上|\bDear |\b(?:regards|[Ss]incerely|[Yy]ours)\b")
_CLOSES = re.compile(
    r"(?:随时(?:告诉|问|联系|向)我|祝(?:您|你)[^\n]{0,30}[！!。]|希望(?:这|以上)[^\n。]{0,30}(?:对(?:您|你)|能?帮到(?:您|你))"
    r"|[Hh]ope this helps|[Ll]et me know if|[Ff]eel free to ask)[^\n]*\n?"
)
_PICTURE = re.compile(r"\n(?:[\w.() -]{2,40}的机器人图片|Bot image for [\w.() -]{2,40})[^\S\n]*(?=\n|\Z)")
_PROMPT = re.compile(r"\n[\w.-]+@[\w.-]+:[^\s$#]*[$#] ")
_NEAR = 120  # characters from a bot's picture to the words that it opens with
_LONG_REPLY = 200  # characters; a shorter one may be anybody's

# Where the note's own words may begin after a reply. Each is matched at the start of a line.
_APART = 2  # empty lines
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_SIGNS = r"[ \t>#*_+=-]*+"  # Markdown's, before the first word
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DATE = r"[(（\[【]{0,2}(?:(?:19|20)\d\d ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,2}|(?:19|20)\d{6}\b)"
_DAY = (
    rf"(?:{_DATE}|(?:19|20)\d\d ?[-/.年] ?\d{{1,2}}|\d{{1,2}} ?月 ?\d{{1,2}} ?[日号]|[今昨][天日早晚]|刚[才刚]|后来"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH} \d{{1,2}}\b|(?:周|星期|礼拜)[一二三四五六日天]"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Today|Yesterday|Tonight|Later|This (?:morning|evening))\b)"
)
_OPENS_ANEW = re.compile(
    r"[ \t]{0,3}(?:[-*_=~—–·][ \t]*+){3,}+$"  # a ruler
    rf"|{_SIGNS}(?:{_DAY}|!?\[\[|\[[ xX]\]|\[!"
    r"|(?:总结|總結|小结|结论|結論|备注|備註|补充|感想|感受|心得|反思|想法|评论|笔记|记录|行动|待办|更新)[^\n]{0,8}?(?:[:：*]|$)"
    r"|(?i:(?:summary|conclusion|notes?|remarks?|comments?|thoughts?|takeaways?|verdict|todo|to do|update|edit|result"
    r"|outcome|decision|next steps?|tl;?dr)\b[^\n]{0,12}?(?:[:：*]|$)))"
)
_FEW_WORDS = r"(?:[A-Za-z'’-]{1,16}[,:;]? ){0,4}"
_I = (
    r"(?:(?<![让讓请請问問诉訴给給向叫《])我(?![们們])|[我咱][们們]家|我[们們](?:决定|決定|最[后後]|后来|昨|今|打算|准备|买|選|选)"
    r"|I(?![.)\w-]| hope (?:this|that|it) helps)|[Mm]y\b|[Mm]ine\b|[Mm]yself\b|Our\b"
    r"|[Ww]e (?:decided|chose|bought|went|tried|ended|agreed|picked|will|did)\b)"
)
_OWN = re.compile(
    rf"{_SIGNS}(?:{_DATE}[^\n]{{0,16}}$|(?:[A-Za-z]{{1,16}}, )?{_I}"
    r"|(?:本人|笔者|筆者|咱|俺|(?:[个個]人|自己)(?:的|觉得|覺得|认为|認為|感觉|结论|看法|想|决定|總結|总结|体会|感受|试|买))"
    r"|后记|後記|附记|又及|批注|按语|日记|日記|随想|自评|编者"
    r"|(?i:p\.? ?s\b|postscript\b|afterthought|note to self|own\b|personal(?:ly)?\b|diary\b|journal\b))"
)
_MAYBE_OWN = re.compile(rf"{_SIGNS}(?:[^\n我]{{0,10}}|{_FEW_WORDS}){_I}")  # where nothing bounds the reply
# ... which a model says too, where it offers something.
_OFFERS = re.compile(
    rf"{_SIGNS}(?:[^\n我]{{0,10}}我(?:[^\n，,我]{{0,4}}(?:建议|建議|推荐|推薦)"
    r"|(?:可以|能够?|很?乐意)[^\n，,我]{0,4}[帮为给替])[你您妳]"
    rf"|{_FEW_WORDS}I(?:['’]d| would| can| could)? ?(?:recommend|suggest|help)(?: that)? you\b)"
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The start of a turn; what is said begins at ``body``."""

    start: int
    body: int
    shape: tuple[_Shape, int]
    side: _Side
    certain: bool  # the name is a product's, or "said" stands with it: no mere word


class _Turn(NamedTuple):
    start: int
    end: int
    title: str
    speaker: Speaker


def find(text: str, view: str) -> tuple[Section, ...]:
    """Where turns begin in a note, in order; each speaker holds until the next section, the note goes on at "".

    ``view`` is ``text`` with its code, front matter and other masked parts blanked: no turn begins there.
    """
    marks = _conversation(list(_marks(view)))
    turns = list(_marked(text, view, marks)) if marks else list(_unmarked(text, view))
    sections: list[Section] = []
    for turn, following in pairwise([*turns, _Turn(len(text), 0, "", "")]):
        sections.append(Section(turn.start, turn.title, 0, turn.speaker))
        if turn.end < following.start and view[turn.end : following.start].strip():
            sections.append(Section(turn.end, ""))
    return tuple(sections)


def is_mark(heading: str) -> bool:
    """Whether a heading says no more than who speaks."""
    return any(True for _ in _marks(f"# {heading}"))


def asked(words: str) -> str:
    """A question as its answer's title: its beginning, on one line."""
    line = heading_text(" ".join(words[:_READ].split()))
    if len(line) <= _TITLE:
        return line
    cut = line[:_TITLE]
    space = cut.rfind(" ")
    return (cut[:space] if space > _TITLE // 2 else cut).rstrip("，,。.：: ") + "…"


# --- marks -------------------------------------------------------------------------------------------------------


def _marks(view: str) -> Iterator[_Mark]:
    for m in _MARK.finditer("\n" + view):
        shape = _shape(m)
        if shape is None:
            continue
        side: _Side = next(one for one in _SIDES if m[one])
        certain = shape[0] == "said" or (side == "model" and _BRAND.search(m[side]) is not None)
        yield _Mark(m.start(), m.start("rest") - 1, shape, side, certain)


def _shape(m: re.Match[str]) -> tuple[_Shape, int] | None:
    """How a mark is written; None for a line that only begins with such a word."""
    colon = m["colon"] or m["after"]
    alone = not m["rest"].strip()
    level = len(m["hashes"] or "")
    fits: dict[_Shape, bool] = {  # in this order
        "role": alone and not colon,  # as an Obsidian plugin writes it: ``role::user``
        "heading": alone,
        "said": bool(colon),
        "bold": bool(colon) or alone,
        "plain": colon == "：" or not m["rest"].startswith("/"),
        "bare": alone and not (m["ask"] or m["reply"]),
    }
    written = {"role": m["role"], "heading": level, "said": m["said"], "bold": m["bold"], "plain": colon}
    shape: _Shape = next((one for one in fits if written.get(one)), "bare")
    return (shape, level) if fits[shape] and bool(m["bold"]) == bool(m["closed"]) else None


def _conversation(marks: Sequence[_Mark]) -> list[_Mark]:
    """The marks of the most frequent shape in which both sides speak in turn; none where that is in doubt."""
    best: list[_Mark] = []
    for shape in dict.fromkeys(mark.shape for mark in marks):
        for ours in (("user", "model"), ("ask", "reply")):
            first = "" if shape[0] == "role" else ours[0]
            kept = _in_turn([m for m in marks if m.shape == shape and m.side in ours], first)
            if len(kept) > len(best) and _convincing(kept):
                best = kept
    return best


def _in_turn(marks: Sequence[_Mark], first: str) -> list[_Mark]:
    """From the first question on; a second mark of the same side in a row goes on with its turn."""
    kept: list[_Mark] = []
    for mark in marks:
        if kept[-1].side != mark.side if kept else first in {"", mark.side}:
            kept.append(mark)
    return kept


def _convincing(marks: Sequence[_Mark]) -> bool:
    if len(marks) >= _MANY:
        return True
    if marks[:1] and marks[0].shape[0] == "role":
        return True
    return len(marks) == _EXCHANGE and marks[-1].certain and marks[0].shape[0] != "bare"


def _marked(text: str, view: str, marks: Sequence[_Mark]) -> Iterator[_Turn]:
    """The turns of a marked conversation."""
    neutral = marks[0].side == "ask" and not _TALK.search(
        text[max(0, marks[0].start - _ABOVE) : marks[0].start]
    )
    outline = headings(view)
    tops = {heading.start for heading in outline}
    question = ""
    lead = _lead(view, marks[0])
    if lead:
        question = asked(text[lead.start : min(lead.end, lead.start + _READ)])
        yield lead
    for mark, following in pairwise([*marks, None]):
        assert mark is not None  # noqa: S101 - only the last ``following`` is
        asking = mark.side in {"user", "ask"}
        speaker: Speaker = "" if neutral else "user" if asking else "model"
        until = following.start if following else len(view)
        topic = _next_topic(view, outline, mark, until, last=following is None)
        bounded = following is not None and topic == until
        end = _said_until(text, view, (mark.body, topic), tops, bounded=bounded, model=speaker == "model")
        yield _Turn(mark.start, end, "" if asking else question, speaker)
        if asking:
            question = asked(text[mark.body : min(end, mark.body + _READ)])


def _lead(view: str, first: _Mark) -> _Turn | None:
    """The plugin that marks roles leaves the first question unmarked: it is all that stands before the answer."""
    start = len(view) - len(view.lstrip())
    if first.shape[0] != "role" or first.side != "model" or start >= first.start:
        return None
    return _Turn(start, first.start, "", "user")


def _said_until(
    text: str, view: str, turn: Span, tops: Collection[int], *, bounded: bool, model: bool
) -> int:
    """Where a turn ends: at words that a person more likely wrote than the model that speaks.

    Where no mark follows (it is not ``bounded``), it also ends at two empty lines and at whatever may open the
    note's own words, as a heading or a ruler: a reply that loses its speaker there is a smaller harm than a person's
    words told as a model's. ``tops`` is where headings start.
    """
    empty, said, hidden, closed = 0, False, False, False
    for start, end in _lines(text, turn):
        line = view[start:end]
        if not text[start:end].strip():
            empty += 1
            continue
        before, hidden = hidden, not line.strip()
        apart = empty >= _APART and not (before and hidden and not _FENCE.match(text, start, end))
        unsure = not bounded and (apart or closed or start in tops or _OPENS_ANEW.match(line))
        if said and (unsure or (model and _is_own(line, bounded=bounded))):
            return start
        empty, said, closed = 0, True, model and _CLOSES.search(line) is not None
    return turn[1]


def _lines(text: str, span: Span) -> Iterator[Span]:
    start, last = span
    while start < last:
        end = min(last, line_end(text, start))
        yield start, end
        start = end + 1


def _is_own(line: str, *, bounded: bool) -> bool:
    """Whether a line opens as a person's remark on a conversation does."""
    remark = _OWN.match(line) or (not bounded and _MAYBE_OWN.match(line))
    return bool(remark) and not _OFFERS.match(line)


def _next_topic(view: str, outline: Sequence[Heading], mark: _Mark, end: int, *, last: bool) -> int:
    """Where a heading of the note itself follows a turn: one that stands beside or above the conversation's.

    Within a conversation it must open the next turn; after its last turn it need not.
    """
    first, stop = (bisect_left(outline, (at,)) for at in (mark.body, end))
    before = bisect_left(outline, (mark.start,))
    level = mark.shape[1] if mark.shape[0] == "heading" else outline[before - 1].level + 1 if before else 1
    if not last:
        first = max(first, stop - 1)  # any other heading has that one below it
    for heading in outline[first:stop]:
        if heading.level < level and (last or not view[heading.end : end].strip()):
            return heading.start
    return end


# --- replies without marks ---------------------------------------------------------------------------------------


def _unmarked(text: str, view: str) -> Iterator[_Turn]:
    """Replies told by how they open, or by the bot's picture that Poe copies along with them.

    A reply ends where the next turn begins, at two empty lines, after a closing phrase, or before a shell prompt:
    what stands below may be the note's own. Above a bot's picture stands what it was asked.
    """
    pictured = {m.start(): _paragraph_above(view, m.start()) for m in _PICTURE.finditer("\n" + view)}
    asking = {start for start, end in pictured.values() if start < end}
    pictures = sorted(pictured)
    named = _SIGN.search(text) is not None
    opened = {
        at
        for m in _OPENS.finditer("\n\n" + view)
        for at in (m.start() + m[0].index("\n", 1) - 1,)
        if bisect_left(pictures, at - _NEAR) == bisect_left(pictures, at)
        and (named or not _FAMILIAR.search(m[0]))
    }
    tops = {heading.start for heading in headings(view)} if opened or pictured else set()
    for start, following in pairwise([*sorted(asking | opened | pictured.keys()), len(view)]):
        end = _reply_end(text, view, (start, following), tops)
        if start in pictured:
            yield _Turn(start, end, asked(text[slice(*pictured[start])]), "model")
        elif start in asking:
            yield _Turn(start, following, "", "user")
        elif len(view[start:end].strip()) >= _LONG_REPLY and not _LETTER.search(
            view, max(0, start - _ABOVE), end
        ):
            yield _Turn(start, end, "", "model")


def _paragraph_above(view: str, at: int) -> Span:
    """The lines right above up to an empty one, which may also stand between."""
    floor = max(0, at - _LONGEST_QUESTION)
    end = floor + len(view[floor:at].rstrip())
    start = view.rfind("\n\n", floor, end)
    return (start + 2 if start >= 0 else floor), end


def _reply_end(text: str, view: str, reply: Span, tops: Collection[int]) -> int:
    start, following = reply
    body = len(view[start:following]) - len(view[start:following].lstrip()) + start
    closing = _CLOSES.search(view, body, following)
    prompt = _PROMPT.search(view, body, following)
    return min(
        _said_until(text, view, (body, following), tops, bounded=False, model=True),
        closing.end() if closing else following,
        prompt.start() + 1 if prompt else following,
    )
