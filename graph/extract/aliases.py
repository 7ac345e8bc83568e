"""Two names that a text itself says are one: ``向量数据库（Vector Database）``, ``GPT-4 (GPT4)``, "A, also known as B".

Brackets say much else (an example, a remark, a date), so what they hold counts only where it can be seen to be the
same thing: an abbreviation by its initials, a translation by what kind of words it is made of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.extract import chinese, english
from graph.extract.listed import words
from graph.extract.names_en import FUNCTION, JUNK, PLACES, VERBS
from graph.extract.words_en import is_common
from graph.model import Alias, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graph.model import EntityKind

_BRACKET = re.compile(r"[（(]([^（()）\n]{2,60})[)）]")
_SAID = re.compile(
    r"^(?:also known as|a\.?k\.?a\.?|better known as|short for|abbreviated as|又名|又称|也称|亦称|也叫|别名|简称|全称|原名|英文名?|"
    r"英语|中文名?|Chinese|English)(?:为|叫|是)?\s*[:：]?\s*",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"[,，]\s?(?:also known as|a\.?k\.?a\.?|better known as|以下简称|又名|又称|也称为?|亦称|别名|简称|全称|原名|英文名)(?:为|叫|是)?\s?"
    r"[\"“「《]?(?P<other>[A-Z][\w.&'-]*(?: [A-Z][\w.&'-]*){0,5}|[\u4e00-\u9fff·]{2,12}(?=[\"”」》，。；、（(\n]))"
)
_FIRST = re.compile(r"\s*([^,，;；、]+)")
_HAN_BEFORE = re.compile(r"[\u4e00-\u9fff·]{2,16}$")
_LATIN_BEFORE = re.compile(r"[A-Za-z][\w.&’'\-]*(?: [\w&’'\-]+){0,9}$")
_HAN = re.compile(r"[\u4e00-\u9fff·]{2,12}$")
_LATIN = re.compile(r"[A-Za-z][\w.&’'+#\-]*(?: [\w.&’'+#\-]+){0,5}$")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9&]{1,6}s?$")
_PART = re.compile(r"[^ \-]+")
_CLOSING: Final = "》”」\"'"
_WINDOW = 120
_NOUNS = frozenset(
    {"n", "nr", "nrt", "nrfg", "nz", "ns", "nt", "vn", "an", "j", "l", "i", "b", "x", "ng", "g"}
)
_LITTLE = frozenset({"uj", "ul", "uz", "ud", "uv", "p", "c", "d", "r", "m", "y", "f", "q", "mq", "t", "zg"})
_LONGEST_PHRASE = 8
_LONGEST_NOUN = 10
_WIDEST = 16
_MOST_WORDS = 4
_SHORTEST_FOREIGN = 3
_SHORTEST_TERM = 4
_SMALL = words("of the and for in to on & a de")
# Verbs that stand before a term and are no part of it.
_TAKING = words(
    "遇到 学习 使用 称为 叫做 称作 包括 研究 记 应该 是 如 例如 比如 用 做 叫 通过 利用 采用 基于 支持 提供 进行 实现 输入 检查 所有 产生 写 看 有 加 "
    "需要 属于 包含 成为 作为 分为 引入 增加 添加 了解 介绍 参考 参加 加入 选择 打开 安装"
)
_DESCRIBING = re.compile(
    r"(?:插件|工具|软件|开源|平台|网站|公司|浏览器|版本?|强大|免费|收费|推荐|框架|语言|作者|文件|系统)$"
)


class Said(NamedTuple):
    """Two names of one thing, and where each stands."""

    alias: Alias
    mentions: tuple[Mention, Mention]


class _Name(NamedTuple):
    start: int
    end: int


def aliases(text: str, found: Mapping[int, Mention], *, han: bool) -> Iterator[Said]:
    """What a text says to be one; ``found``: the names in it, by where they end."""
    for m in _BRACKET.finditer(text):
        said = _in_brackets(text, m, found, han=han)
        if said:
            yield said
    for m in _PHRASE.finditer(text):
        first = _named(text, m.start(), found)
        if first:
            start, end = m.span("other")
            phrase = _said(text, first, _Name(start, start + len(m["other"].rstrip("."))), end)
            if phrase:
                yield phrase


def _in_brackets(text: str, m: re.Match[str], found: Mapping[int, Mention], *, han: bool) -> Said | None:
    prefix = _SAID.match(m[1])
    at = m.start(1) + (prefix.end() if prefix else 0)
    inner = _FIRST.match(text, at, m.end(1))
    if not inner:
        return None
    name = inner[1].strip(" .\"“”'‘’《》「」*_")
    start = text.index(name, at)
    other = _Name(start, start + len(name))
    if prefix and len(prefix[0]) > 1:
        first = _named(text, m.start(), found)
        return (
            _said(text, first, other, m.end()) if first and (_HAN.match(name) or _LATIN.match(name)) else None
        )
    if _LATIN.match(name):
        first = _before_latin(text, m.start(), name, found, han=han)
    elif han and _HAN.match(name):
        first = _before_han(text, m.start(), name)
    else:
        return None
    return _said(text, first, other, m.end()) if first else None


def _said(text: str, first: _Name, other: _Name, end: int) -> Said | None:
    one, two = text[first.start : first.end], text[other.start : other.end]
    if one == two or len(one) < 2 or len(two) < 2 or two.lower() in JUNK or one.lower() in JUNK:  # noqa: PLR2004 - a letter is no name
        return None
    kind = _kind(one, two)
    mentions = tuple(
        Mention(at.start, at.end, text[at.start : at.end], kind, "alias", 0.8) for at in (first, other)
    )
    return Said(Alias(first.start, end, one, two), (mentions[0], mentions[1]))


def _kind(one: str, two: str) -> EntityKind:
    kinds = [_kind_of_one(name) for name in (one, two)]
    return next((kind for kind in kinds if kind != "concept"), "concept")


def _kind_of_one(name: str) -> EntityKind:
    if _HAN.match(name):
        return chinese.kind(name)
    plain = all(is_common(w.lower()) for w in name.split())
    return "concept" if plain else english.kind(name, name.split())


def _named(text: str, end: int, found: Mapping[int, Mention]) -> _Name | None:
    """The name right before: one that was found, else the nouns."""
    while end and text[end - 1] in " *_" + _CLOSING:
        end -= 1
    if end in found:
        return _Name(found[end].start, end)
    return _nouns(text, end)


def _before_latin(
    text: str, bracket: int, name: str, found: Mapping[int, Mention], *, han: bool
) -> _Name | None:
    """What stands before a bracket with a Latin name, if it is the same thing."""
    end = bracket
    while end and text[end - 1] in " *_" + _CLOSING:
        end -= 1
    if not end:
        return None
    if text[end - 1].isascii():
        return _spelled_out(text, end, name) or _spelled_alike(end, name, found)
    if not han:
        return None
    return _named_before(text, end, name, found) if end in found else _term_before(text, end, name)


def _named_before(text: str, end: int, name: str, found: Mapping[int, Mention]) -> _Name | None:
    """卢曼（Niklas Luhmann）, 苏黎世（Zurich）."""
    known = found[end]
    if known.kind == "person":
        fits = all(w[0].isupper() and not _ACRONYM.match(w) for w in name.split())
    elif known.kind == "place":
        fits = name in PLACES
    else:
        return _term_before(text, end, name)
    return _Name(known.start, end) if fits else None


def _term_before(text: str, end: int, name: str) -> _Name | None:
    """检索增强生成（RAG）, 莱赫茨卡（Jiri Lehecka）, 向量数据库（vector database）."""
    words = name.split()
    sounding = chinese.sounding_before(text, end)
    if end - sounding >= _SHORTEST_FOREIGN and len(words) > 1 and english.kind(name, words) == "person":
        return _Name(sounding, end)
    if not (_ACRONYM.match(name) or _is_translation(words)):
        return None
    nouns = _nouns(text, end, verbs=_ACRONYM.match(name) is not None)
    if not nouns:
        return None
    length = end - nouns.start
    if _ACRONYM.match(name):
        return nouns if length >= max(_SHORTEST_TERM, len(name)) else None
    fits = 2 * len(words) <= length <= _LONGEST_NOUN
    return nouns if fits and len(words) <= len(chinese.tagged(text[nouns.start : end])) + 1 else None


def _is_translation(words: list[str]) -> bool:
    """Whether words are of the dictionary: a term in the other language, not the name of an example."""
    plain = [w.lower() for w in words if w.lower() not in FUNCTION]
    if len(plain) < 2 or plain[0] in VERBS or any(len(w) < 3 for w in plain):  # noqa: PLR2004 - one word may be an example
        return False
    return any(map(is_common, plain)) and all(part.isalpha() for w in plain for part in w.split("-"))


def _spelled_out(text: str, end: int, name: str) -> _Name | None:
    """``Retrieval-Augmented Generation (RAG)``, or the other way round."""
    if _ACRONYM.match(name):
        before = _LATIN_BEFORE.search(text, max(0, end - _WINDOW), end)
        start = _by_initials(before[0], name.removesuffix("s").lower()) if before else -1
        return _Name(before.start() + start, end) if before and start >= 0 else None
    start = max(text.rfind(" ", max(0, end - 10), end), text.rfind("\n", max(0, end - 10), end)) + 1
    short = text[start:end].strip('*_"“(（[')
    if _ACRONYM.match(short) and _by_initials(name, short.lower()) == 0:
        return _Name(end - len(short), end)
    return None


def _by_initials(words: str, initials: str) -> int:
    """Where the words begin whose first letters are ``initials``; -1: nowhere. Little words may be passed over."""
    left = len(initials)
    for word in reversed(list(_PART.finditer(words))):
        if left and word[0][0].lower() == initials[left - 1]:
            left -= 1
        elif word[0].lower() not in _SMALL:
            return -1
        if not left:
            return word.start()
    return -1


def _spelled_alike(end: int, name: str, found: Mapping[int, Mention]) -> _Name | None:
    """``GPT-4 (GPT4)``."""
    if end not in found:
        return None
    one = "".join(filter(str.isalnum, found[end].name)).lower()
    return _Name(found[end].start, end) if one == "".join(filter(str.isalnum, name)).lower() else None


def _before_han(text: str, bracket: int, name: str) -> _Name | None:
    """``RAG（检索增强生成）``, ``Vector Database（向量数据库）``."""
    before = _LATIN_BEFORE.search(text, max(0, bracket - 60), bracket)
    if not before:
        return None
    latin = before[0].strip()
    words = latin.split()
    tags = [token.tag for token in chinese.tagged(name)]
    if _LITTLE.intersection(tags):
        return None
    if _DESCRIBING.search(name):
        return None
    if _ACRONYM.match(words[-1]) and not is_common(words[-1].lower()) and len(name) >= len(words[-1]) + 2:
        return _Name(bracket - len(words[-1]), bracket) if text[bracket - 1] != " " else None
    person = chinese.kind(name) == "person"
    capital = 1 < len(words) <= _MOST_WORDS and all(w[0].isupper() for w in words)
    fits = capital and (person or (all(is_common(w.lower()) for w in words) and set(tags) <= _NOUNS))
    return _Name(before.start(), before.start() + len(latin)) if fits else None


def _nouns(text: str, end: int, *, verbs: bool = False) -> _Name | None:
    """The Chinese term right before: what follows the last little word, else as far as nouns reach.

    ``verbs``: it may end in one, as 检索增强生成 does.
    """
    run = _HAN_BEFORE.search(text, max(0, end - _WIDEST), end)
    if not run:
        return None
    tokens = chinese.tagged(run[0], run.start())
    after = 1 + max((i for i, t in enumerate(tokens) if t.tag in _LITTLE or t.word in _TAKING), default=-1)
    term = tokens[after:]
    if not term or not (term[-1].tag in _NOUNS or (verbs and term[-1].tag == "v" and len(term) > 1)):
        return None
    if 1 < end - term[0].start <= _LONGEST_PHRASE:
        return _Name(term[0].start, end)
    start = end
    for token in reversed(term):
        if token.tag not in _NOUNS:
            break
        start = token.start
    return _Name(start, end) if end - start > 1 else None
