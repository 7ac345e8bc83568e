"""Front matter and inline fields as relations of the note: ``director: X``, ``rating: 9``, lists, links in values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.extract import chinese, english
from graph.extract.listed import words
from graph.extract.marked import is_name
from graph.model import Alias, Mention, Relation
from ingest.loaders.properties import is_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph.model import EntityKind
    from rag.types import Document, MetaValue

# Keys (lower case, without - _ and spaces) that the catalogue has by other means, or that every note of a blog has.
_OWN: Final = words("""
    title name slug permalink url link website source sourceurl description desc summary excerpt subtitle abstract intro
    tags tag categories category keywords keyword 标签 分类 关键词 标题 描述 摘要 简介 链接 网址 来源
    date dates created createdat createtime creationdate datecreated ctime updated updatedat updatetime dateupdated
    modified modifiedat datemodified lastmod lastmodified mtime published publishdate pubdate expirydate time日期 日期 创建日期
    创建时间 更新时间 修改时间 created日期 lang language语言 locale weight isbn isbn13 imdb doi asin md5 hash
    files gallery photos resources gitbook music books x y
    """)
_SAME: Final = words(
    "alias aliases aka 别名 又名 原名 originaltitle originalname othertitle englishname 英文名 中文名 全称 简称"
)
_PERSONS: Final = words("""
    director directors author authors actor actors cast speaker speakers writer writers translator editor artist artists
    singer composer host guest guests people person attendees by with participants mentor from to cc
    导演 作者 演员 主演 编剧 译者 翻译 编辑 歌手 嘉宾 主持人 人物 参与者 参会人
    """)
_PLACES: Final = words("""
    place places location city country region venue address 地点 城市 国家 地区 位置 产地 国家地区 制片国家
    """)
_ORGANISATIONS: Final = words("""
    publisher company organisation organization org school university employer studio label brand client team
    出版社 出版 公司 学校 机构 组织 单位 品牌 团队
    """)
_WORKS: Final = words("""
    book movie film series album song game project 书名 书籍 电影 专辑 游戏 项目 系列 丛书
    """)
_TECHNOLOGIES: Final = words("""
    tool tools software framework programminglanguage platform stack tech technology model 工具 软件 平台 框架 技术 插件
    """)
_TOPICS: Final = words("""
    genre genres topic topics subject subjects theme field area 类型 主题 领域 题材 学科
    """)
_KINDS: Final[dict[str, EntityKind]] = {
    **dict.fromkeys(_TOPICS, "concept"),
    **dict.fromkeys(_TECHNOLOGIES, "technology"),
    **dict.fromkeys(_WORKS, "work"),
    **dict.fromkeys(_ORGANISATIONS, "organisation"),
    **dict.fromkeys(_PLACES, "place"),
    **dict.fromkeys(_PERSONS, "person"),
}
_WIKILINK = re.compile(r"!?\[\[([^\[\]|#\n]+)(?:#[^\[\]|\n]*)?(?:\|[^\[\]\n]*)?\]\]")
_LABELLED = re.compile(r"\[([^\[\]\n]+)\]\([^()\s]*\)")
_BORDER = re.compile(r"\s*[,，、;；\n]\s*|\s+[/|]\s+")
_SLASHED = re.compile(r"\s*[,，、;；/|\n]\s*")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]\d{1,2}:.*)?|\d{1,2}:\d{2}(:\d{2})?")
_ADDRESS = re.compile(
    r"[a-z][\w+.-]*://|www\.|^/|^[\w./-]+\.(?:png|jpe?g|gif|webp|svg|js|css|html?|pdf)$", re.IGNORECASE
)
_HASH = re.compile(r"[0-9a-fA-F-]{16,}|tt\d{6,}")
_SENTENCE = re.compile(r"[。！？!?]|\. [A-Z]|[，,].*[，,]")
_LONGEST = 60
_SHORT = 24
_MOST = 60
_LONGEST_KEY = 32
_NOTHING = frozenset({"undefined", "null", "none", "n/a", "nan", "todo", "tbd", "-"})
_LETTER = re.compile(r"[^\W\d_]")

_KEY_LINE = re.compile(r"(?m)^[\"']?([^\s:=\"'\-#\[\]{}][^:=\n]{0,80}?)[\"']?[ \t]*(?:[:=]|$)")
_JSON_KEY = re.compile(r'"([^"\n]{1,80})"[ \t]*:')


class Read(NamedTuple):
    """What a note's properties say."""

    relations: list[Relation]
    mentions: list[Mention]
    aliases: list[Alias]


def read(document: Document, begin: int) -> Read:
    """A note's properties; ``begin``: where its body begins. Each span is the property's, with its values."""
    found = Read([], [], [])
    if not document.meta:
        return found
    places = _places(document.text, begin)
    for key, value in document.meta.items():
        plain = _plain(key)
        if plain in _OWN or len(key) > _LONGEST_KEY or is_layout(key, value) or value is None:
            continue
        start, end = places.get(key) or places.get(key.partition(".")[0]) or _field(document.text, key, begin)
        values = list(dict.fromkeys(_values(value, plain)))
        if plain in _SAME:
            found.aliases.extend(
                Alias(start, end, document.title, name)
                for name, _ in values
                if document.title and name != document.title and is_name(name)
            )
            continue
        for name, kind in values[:_MOST]:
            found.relations.append(Relation(start, end, "", key.strip().casefold(), name, "property", 0.9))
            if kind:
                found.mentions.append(Mention(start, end, name, kind, "property", 0.9))
    return found


@lru_cache(maxsize=1 << 12)
def _plain(key: str) -> str:
    return re.sub(r"[-_. ]", "", key.casefold())


def _places(text: str, begin: int) -> dict[str, tuple[int, int]]:
    """Where each property of the front matter stands, its nested lines included."""
    if not begin:
        return {}
    front = text[:begin]
    keys = list((_JSON_KEY if front.startswith("{") else _KEY_LINE).finditer(front))
    ends = [*(m.start() for m in keys[1:]), max(front.rfind("\n"), 0)]
    return {
        m[1].strip(): (m.start(), m.start() + len(front[m.start() : end].rstrip("-+. \n\t")))
        for m, end in reversed(list(zip(keys, ends, strict=True)))
    }


def _field(text: str, key: str, begin: int) -> tuple[int, int]:
    """Where ``key:: value`` stands; a property that is not written in the text has no place."""
    start = text.find(f"{key}::", begin)
    if start < 0:
        return 0, 0
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end


def _values(value: MetaValue, key: str) -> Iterator[tuple[str, EntityKind | None]]:
    """What a property says, each with its kind where it names something."""
    if isinstance(value, tuple):
        for item in value:
            yield from _values(item, key)
    elif isinstance(value, bool):
        yield str(value).lower(), None
    elif isinstance(value, (int, float)):
        yield f"{value:.15g}", None
    elif isinstance(value, str):
        yield from _said(value.strip(), key)


def _said(value: str, key: str) -> Iterator[tuple[str, EntityKind | None]]:
    known = _KINDS.get(key)
    linked = [target.strip() for target in _WIKILINK.findall(value)]
    if linked:
        yield from ((name, known or _kind(name) or "concept") for name in linked if is_name(name))
        return
    for piece in _pieces(_LABELLED.sub(r"\1", value), split=_SLASHED if known else _BORDER):
        name = piece.strip(" \"'“”《》*")
        if (
            not 0 < len(name) <= _LONGEST
            or name.lower() in _NOTHING
            or _DATE.fullmatch(name)
            or _ADDRESS.search(name)
            or _HASH.fullmatch(name)
        ):
            continue
        named = _LETTER.search(name) is not None and is_name(name)
        yield name, (known or _kind(name)) if named else None


def _pieces(value: str, split: re.Pattern[str]) -> list[str]:
    """A value that lists several short ones; a sentence is none."""
    pieces = [piece for piece in split.split(value) if piece.strip()]
    if len(pieces) > 1 and all(len(piece) <= _SHORT or split is _SLASHED for piece in pieces):
        return pieces
    return [] if len(value) > _LONGEST or _SENTENCE.search(value) else [value]


def _kind(name: str) -> EntityKind | None:
    """The kind of a value under a key that does not tell it: None, unless it looks like a name."""
    if not name.isascii():
        found = chinese.kind(name)
        return found if found != "concept" else None
    words = name.split()
    found_names = [m for m in english.names(f"as {name}", han=False) if m.name == name]
    return english.kind(name, words) if found_names and found_names[0].confidence >= 0.6 else None  # noqa: PLR2004 - surer than a guess
