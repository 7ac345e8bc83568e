"""What a note is called, as other notes would say it in their text.

Not the same as ``rag.store.names``, which says by what a note can be linked to: a link may say ``index`` or
``2023-05-01``, and neither is a name that a sentence could mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from graph.keys import key_of
from rag.store import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.types import Document, MetaValue

WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""A character of a script that puts spaces between words."""
_BEGINNING = re.compile(rf"{WORD.pattern}+|(?=(\S.))", re.DOTALL)
_LONGEST = 100
_LEAST_LETTERS = 3
_LEAST_HAN = 2
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_BRACKETED = re.compile(r"(?P<name>\S.*?)\s*(?:\([^()]+\)|（[^（）]+）)")
_CALENDAR = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|january|february|march|april"
    r"|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|week|day|month|year|quarter|spring|summer|autumn|fall|winter|today|yesterday|tomorrow|st|nd|rd|th|am|pm"
    r"|[wqt](?=\d))\b|[wqth](?=\d)|(?<=\d)(?:st|nd|rd|th|am|pm)\b"
    r"|第[〇零一二三四五六七八九十百千两]+|[〇零一二三四五六七八九十百千两]+(?=[年月日周季号])"
    r"|星期[一二三四五六日天]?|周[一二三四五六日末]?|礼拜[一二三四五六日天]?|[上下]半年|[年月日号季第春夏秋冬天]",
    re.IGNORECASE,
)
_GENERIC_WORDS = """
index readme untitled note notes new-note todo todos to-do inbox home homepage draft drafts temp tmp test template
templates journal diary daily weekly monthly log changelog license about contents toc summary overview introduction
intro misc miscellaneous archive main default document page sheet1 slide image unnamed no-title untitled-note welcome
tags links references contributing faq
首页 主页 目录 索引 说明 自述 未命名 无标题 新建 新笔记 新建笔记 笔记 日记 日志 周记 周报 月报 日报 随笔 草稿 模板 测试 待办 收件箱
关于 简介 前言 引言 摘要 总结 概述 其他 杂项 归档 文档 附录 参考 参考资料 参考文献 想法 读书笔记 学习笔记 会议记录 会议纪要 备忘
备忘录 未命名笔记 无标题笔记 首頁 目錄 未命名筆記 筆記 日記
"""
_GENERIC = frozenset(key_of(word.replace("-", " ")) for word in _GENERIC_WORDS.split())
_ALIAS_KEYS = frozenset({"aliases", "alias"})


class Called(NamedTuple):
    """A name of a note; ``alias``: declared, its file's name, or its title without what stands in brackets."""

    label: str
    kind: Literal["title", "alias"]


def called(document: Document) -> list[Called]:
    """By what names other notes may speak of this one, each once, sorted; none for a page of a calendar."""
    found: dict[str, Called] = {}
    for name in (Called(document.title, "title"), *(Called(a, "alias") for a in _aliases(document))):
        label = " ".join(name.label.split())
        bare = _BRACKETED.fullmatch(label)
        for one in (Called(label, name.kind), *([Called(bare["name"], "alias")] if bare else [])):
            if is_name(one.label):
                found.setdefault(one.label, one)
    return sorted(found.values())


def is_name(label: str) -> bool:
    """Whether a title can be told from other words: long enough, and no date, number or word that says nothing."""
    if (
        len(label) > _LONGEST
        or key_of(label.replace("-", " ")) in _GENERIC
        or names.is_folder_page(names.folded(label))
    ):
        return False
    left = _CALENDAR.sub("", label)
    return len(_HAN.findall(left)) >= _LEAST_HAN or len(_LETTER.findall(left)) >= _LEAST_LETTERS


def beginning(label: str) -> str:
    """The first word of a name, or its first two characters where it begins with no letter of a spaced script."""
    return next(beginnings(label), "")


def beginnings(text: str) -> Iterator[str]:
    """The beginnings of all names that a text may say; some more than once."""
    small = folded(text)
    for found in _BEGINNING.finditer(small):
        yield found[1] or found[0]


def folded(text: str) -> str:
    """A text in small letters, of the same length."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _aliases(document: Document) -> Iterator[str]:
    for key, value in document.meta.items():
        if key.lower() in _ALIAS_KEYS:
            yield from _texts(value)
    stem = names.without_suffix(document.id.rpartition("/")[2])
    if document.format == "markdown" and not set("-_./%") & set(stem):  # else it is an address, not a name
        yield stem


def _texts(value: MetaValue) -> Iterator[str]:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and "/" not in one:
            yield one
