"""What a question about the graph asks, in Chinese or English; by its form alone, without a model.

::

    director: 杨德昌            rating:>8                 notes by property
    我评分最高的电影             highest rated films       notes by property, ordered
    timeline of Qdrant          Qdrant 的时间线            passages by date
    path from A to B            A 和 B 有什么关系          a chain of edges
    people around A             和 A 有关的人              what stands beside a node, by kind
    A and B                     提到 A 和 B 的笔记         notes that name all of these
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form = Literal["naming", "timeline", "path", "neighbours", "property"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was understood.

    Attributes:
        names: of what it asks about.
        kinds: of nodes or entities that it wants; empty: any.
        predicate: the property that it asks for, as it was said.
        operator: ``=``, ``<``, ``<=``, ``>``, ``>=``, ``max`` or ``min``.
        value: what the property is compared with.
        sort: what the notes should be (``电影``, ``films``); empty: anything.
        is_mine: the asker's own rating is asked for, where there are others.
    """

    form: Form
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    predicate: str = ""
    operator: str = ""
    value: str = ""
    sort: str = ""
    is_mine: bool = False


_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "person": ("person", "persons", "people", "who", "人", "人物", "谁", "哪些人"),
        "place": ("place", "places", "地点", "地方", "哪里"),
        "organisation": (
            "organisation", "organisations", "organization", "organizations", "company", "companies",
            "组织", "机构", "公司", "团队",
        ),
        "work": (
            "work", "works", "book", "books", "film", "films", "movie", "movies", "project", "projects",
            "作品", "书", "电影", "项目",
        ),
        "technology": ("technology", "technologies", "tech", "tool", "tools", "技术", "工具", "软件"),
        "concept": ("concept", "concepts", "idea", "ideas", "term", "terms", "概念", "想法", "术语"),
        "tag": ("tag", "tags", "标签"),
        "note": ("note", "notes", "笔记"),
        "day": ("day", "days", "date", "dates", "日期", "日子"),
        "entity": ("entity", "entities", "thing", "things", "name", "names", "实体", "东西", "名字"),
    }
)  # fmt: skip
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
_ANY = r"neighbou?rs?|everything|anything|all|邻居|一切|内容"
_KIND = "|".join(sorted(map(re.escape, _KIND_OF), key=len, reverse=True))
_AND = re.compile(r"\s+(?:and|&|\+|AND)\s+|\s*[、;；]\s*|,\s+|，\s*|\s*(?:和|与|跟|及|以及|還有|还有)\s*")
_WEAK_AND = re.compile(r"\s*(?:和|与|跟|及|以及|还有)\s*|\s+(?:and|&)\s+")
_QUOTES = "\"'“”‘’「」『』"

_TIMELINE = (
    re.compile(r"(?:the\s+)?(?:timeline|history|chronology)\s+(?:of|for|about)\s+(?P<a>.+)", re.IGNORECASE),
    re.compile(r"(?P<a>.+?)\s*的?\s*(?:时间线|時間線|时间轴|時間軸|大事记|年表)"),
    re.compile(r"(?:时间线|時間線|时间轴|timeline)\s*[:：]\s*(?P<a>.+)", re.IGNORECASE),
    re.compile(r"(?P<a>.+?)(?:'s)?\s+timeline", re.IGNORECASE),
    re.compile(r"when\s+(?:did|was|were|do|have)\s+I\s+(?:\w+\s+){1,2}?(?:about|of|on)\s+(?P<a>.+)", re.IGNORECASE),
)  # fmt: skip
_PATH = (
    re.compile(r"(?:the\s+)?(?:shortest\s+)?(?:path|way|chain|connection|link)s?\s+from\s+(?P<a>.+?)\s+to\s+(?P<b>.+)", re.IGNORECASE),
    re.compile(r"(?:the\s+)?(?:shortest\s+)?(?:path|way|chain|connection|link)s?\s+between\s+(?P<a>.+?)\s+and\s+(?P<b>.+)", re.IGNORECASE),
    re.compile(r"how\s+(?:is|are)\s+(?P<a>.+?)\s+(?:and\s+(?P<b>.+?)\s+(?:connected|related|linked)|(?:connected|related|linked)\s+(?:to|with)\s+(?P<c>.+))", re.IGNORECASE),
    re.compile(r"从\s*(?P<a>.+?)\s*到\s*(?P<b>.+?)\s*(?:的\s*(?:最短)?(?:路径|路|联系|关系))?"),
    re.compile(r"(?P<a>.+?)\s*到\s*(?P<b>.+?)\s*的?\s*(?:最短)?路径"),
    re.compile(r"(?P<a>.+?)\s*(?:和|与|跟|同)\s*(?P<b>.+?)\s*(?:之间)?\s*(?:的\s*(?:最短)?(?:路径|联系|关系|关联)|(?:是|有|的)\s*(?:什么|怎样的?|何)\s*(?:关系|联系|关联)|(?:是)?(?:怎么|如何)\s*(?:联系|关联|连接)(?:起来)?的?)"),
)  # fmt: skip
_ARROW = re.compile(r"(?P<a>.+?)\s*(?:->|=>|→|⇒)\s*(?P<b>.+)")
_NEIGHBOURS = (
    re.compile(rf"(?P<k>{_KIND}|{_ANY})\s+(?:of|near|around|beside|with|related\s+to|connected\s+to|linked\s+to)\s+(?P<a>.+)", re.IGNORECASE),
    re.compile(rf"(?:和|与|跟|同)\s*(?P<a>.+?)\s*(?:有关|相关|有关系|一起出现|有联系)\s*的\s*(?P<k>{_KIND}|{_ANY})"),
    re.compile(rf"(?P<a>.+?)\s*(?:周围|附近|旁边|身边)\s*(?:的|有)?\s*(?:哪些)?(?P<k>{_KIND}|{_ANY})"),
    re.compile(rf"(?P<a>.+?)\s*(?:相关|有关)\s*的\s*(?P<k>{_KIND}|{_ANY})"),
    re.compile(r"(?P<a>.+?)\s*的\s*(?P<k>邻居)"),
)  # fmt: skip
_NAMING = (
    re.compile(r"(?:which\s+|all\s+|my\s+)?notes?\s+(?:that\s+|which\s+)?(?:name|names|naming|mention|mentions|mentioning|about|on|with)\s+(?:both\s+)?(?P<a>.+)", re.IGNORECASE),
    re.compile(r"(?:同时|都|既)?\s*(?:提到|提及|写到|讲到|说到|谈到|关于|包含)了?\s*(?P<a>.+?)\s*的\s*(?:所有|全部)?\s*(?:笔记|文章|日记|记录)"),
    re.compile(r"(?:哪些|哪篇|什么)\s*(?:笔记|文章|日记)\s*(?:里|中)?\s*(?:同时|都)?\s*(?:提到|提及|写到|讲到|说到|谈到|关于|包含)了?\s*(?P<a>.+)"),
)  # fmt: skip
_HIGH = r"highest|top|best|most|greatest|largest|biggest|max(?:imum)?|latest|newest"
_LOW = r"lowest|worst|least|smallest|min(?:imum)?|earliest|oldest"
_RATED = r"rated|scored|ranked"
_EXTREME = (
    re.compile(rf"(?:what\s+(?:is|are|was|were)\s+)?(?:my\s+|the\s+|all\s+)*(?:(?P<high>{_HIGH})|(?P<low>{_LOW}))[\s-]+(?P<rated>{_RATED})(?:\s+(?P<s>.+))?", re.IGNORECASE),
    re.compile(rf"(?:my\s+|the\s+|all\s+)*(?P<s>.+?)\s+(?:with|by|of)\s+(?:the\s+|my\s+)?(?:(?P<high>{_HIGH})|(?P<low>{_LOW}))\s+(?P<p>[\w-]+(?:\s[\w-]+)?)", re.IGNORECASE),
    re.compile(r"(?:max|highest)\s+(?P<high>)(?P<p>[\w-]+)|(?:min|lowest)\s+(?P<low>)(?P<p2>[\w-]+)", re.IGNORECASE),
    re.compile(r"(?:我的?|我给的?)?\s*(?P<p>[^\s的最]{1,8}?)\s*最\s*(?:(?P<high>高|大|多|好|晚|新|长|贵)|(?P<low>低|小|少|差|早|旧|短|便宜))\s*(?:的\s*(?P<s>.+?)?)?\s*(?:是(?:哪|什么).*|有哪些)?"),
    re.compile(r"(?:我的?)?\s*最\s*(?:(?P<high>高|大|多|好)|(?P<low>低|小|少|差))\s*(?:的)?\s*(?P<p>评分|分数|打分|星级)\s*(?:的\s*(?P<s>.+?))?"),
)  # fmt: skip
_MINE = re.compile(r"我|.*\bmy\b", re.IGNORECASE)
_PROPERTY = re.compile(
    r"(?P<p>[^\s:：<>=≤≥]{1,40}(?: [^\s:：<>=≤≥]{1,20})?)\s*(?:[:：]\s*(?P<o>>=|<=|=|>|<|≥|≤|＞|＜)?|(?P<o2>>=|<=|==?|>|<|≥|≤|＞|＜))\s*(?P<v>[^/].*)"
)
_SIGNS = {"≥": ">=", "≤": "<=", "＞": ">", "＜": "<", "==": "=", "": "="}
_SCHEMES = frozenset({"http", "https", "file", "ftp", "mailto", "obsidian", "entity", "tag", "note"})


def parse(text: str, known: Callable[[str], bool] = lambda _: False) -> Asked:
    """What a question asks; whatever has no other form asks for notes that name what it says.

    ``known``: whether something bears this name, so that "War and Peace" stays one.
    """
    text = unicodedata.normalize("NFC", text).strip().rstrip("?？。.!！").strip()
    if known(text):
        return Asked("naming", (text,))
    for reading in (_arrow, _property, _extreme, _timeline, _path, _neighbours):
        if asked := reading(text):
            return asked
    return _naming(text, known)


def _arrow(text: str) -> Asked | None:
    found = _ARROW.fullmatch(text)
    return Asked("path", (_name(found["a"]), _name(found["b"]))) if found else None


def _property(text: str) -> Asked | None:
    found = _PROPERTY.fullmatch(text)
    if not found or found["p"].casefold() in _SCHEMES or found["p"] in {"时间线", "timeline"}:
        return None
    sign = found["o"] or found["o2"] or ""
    value = _name(found["v"])
    return (
        Asked("property", predicate=_name(found["p"]), operator=_SIGNS.get(sign, sign), value=value)
        if value
        else None
    )


def _extreme(text: str) -> Asked | None:
    for form in _EXTREME:
        if found := form.fullmatch(text):
            said = found.groupdict()
            predicate = "rating" if said.get("rated") else said.get("p") or said.get("p2") or ""
            operator = "max" if said.get("high") is not None else "min"
            return Asked(
                "property",
                predicate=predicate,
                operator=operator,
                sort=_name(said.get("s") or ""),
                is_mine=_MINE.match(text) is not None,
            )
    return None


def _timeline(text: str) -> Asked | None:
    for form in _TIMELINE:
        if found := form.fullmatch(text):
            return Asked("timeline", (_name(found["a"]),))
    return None


def _path(text: str) -> Asked | None:
    for form in _PATH:
        if found := form.fullmatch(text):
            said = found.groupdict()
            return Asked("path", (_name(said["a"]), _name(said["b"] or said.get("c") or "")))
    return None


def _neighbours(text: str) -> Asked | None:
    for form in _NEIGHBOURS:
        if found := form.fullmatch(text):
            kind = _KIND_OF.get(found["k"].casefold())
            return Asked("neighbours", (_name(found["a"]),), (kind,) if kind else ())
    return None


def _naming(text: str, known: Callable[[str], bool]) -> Asked:
    for form in _NAMING:
        if found := form.fullmatch(text):
            text = found["a"]
            break
    if known(text):
        return Asked("naming", (_name(text),))
    return Asked("naming", tuple(name for part in _AND.split(text) if (name := _name(part))))


def _name(text: str) -> str:
    """A name without quotation marks and ``[[ ]]``."""
    text = text.strip()
    if text.startswith("[[") and text.endswith("]]"):
        text = text[2:-2].partition("|")[0]
    return text.strip(_QUOTES).strip()
