"""Questions from headings and titles: a heading as it is written asks for the passage below it, a title for its note.

A search reads headings too, so these are easy; what makes them fair is that the text below must say most of the words
itself: the question could be answered with the heading held out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.answer.passages import Kind, units
from rag.evals.cases import Case, Gold, identity
from rag.evals.making.words import meaning
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.evals.making.notes import Note, Notes
    from rag.types import Chunk

KIND = "heading"
_SAID = 0.5  # share of a heading's words that the text must say
_FEWEST = 2  # words that carry meaning, or Han characters
_LONGEST = 60
_LONGEST_QUOTE = 300
_FENCES = ("```", "~~~")
_MARKUP = re.compile(r"[*_`~#\[\]]+|!?\[\[|\]\]|\(https?://[^)]*\)")
_NUMBERING = re.compile(
    r"^\s*(?:第?[\d一二三四五六七八九十]+(?:\.\d+)*[.、)）章节]\s*|\(?\d+\)\s*|[Cc]hapter\s+\d+[.:]?\s*)"
)
_DAY = re.compile(
    r"\d{4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*日?)?|(?:周|星期|礼拜)[一二三四五六日天]"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
_GENERIC_NAMES = (
    "总结 小结 目录 前言 引言 简介 介绍 概述 概要 摘要 背景 正文 结语 后记 附录 参考 参考资料 参考文献 链接 相关 备注 其他 其它 笔记 摘录"
    " 待办 杂记 想法 感想 日记 今日 今天 明天 昨天 本周 下周 计划 文档 资料 内容 说明 问题 回答 示例 例子 更新 修改记录 花费 工作 生活"
    " 首页 索引 年度总结 月度总结 周复盘 复盘 会议记录 结论 目标 步骤 方法 安装 使用 用法 配置 标签 好的 不好的"
    " TODO To-do Todos Introduction Intro Overview Summary Conclusion Conclusions Notes Note References Reference"
    " Links Contents TOC Table_of_contents Abstract Background Appendix Misc Miscellaneous Other Ideas Thoughts"
    " Today Tomorrow Yesterday Journal Diary Plan Plans Log Changelog Readme Index Home Usage Installation Setup"
    " Example Examples FAQ About Details Description Next Next_steps Done Results Discussion Related See_also"
    " Further_reading Tasks Agenda Attendees Minutes Untitled Went_well Highlights Quotes Review Weekly_review"
)
_GENERIC = frozenset(map(fold, _GENERIC_NAMES.split()))


def draft(notes: Notes) -> Iterator[Case]:
    """Heading and title questions, note by note."""
    return notes.of(KIND, lambda note: _of(notes, note))


def _of(notes: Notes, note: Note) -> Iterator[Case]:
    passages = notes.passages(note)
    if title := _title(note, passages):
        yield Case(identity(KIND, title), KIND, title, (Gold(note.id),))
    for chunk in passages:
        if asked := _asked(notes, note, chunk, passages):
            question, quote = asked
            if notes.is_unique(quote):
                yield Case(identity(KIND, question), KIND, question, (Gold(note.id, quote),))


def _title(note: Note, passages: list[Chunk]) -> str:
    """A note's title as a question; empty where it is none."""
    title = plain(note.title)
    said = "\n".join(_below(chunk, note.title) for chunk in passages)
    return title if is_telling(title) and _is_said(title, said) else ""


def _asked(notes: Notes, note: Note, chunk: Chunk, passages: list[Chunk]) -> tuple[str, str] | None:
    """A heading as a question, and what is quoted from below it; only of sections that are one passage."""
    if not chunk.heading or chunk.speaker or fold(chunk.heading[-1]) == fold(note.title):
        return None
    alike = [other for other in passages if other.heading[: len(chunk.heading)] == chunk.heading]
    heading = plain(chunk.heading[-1])
    below = _below(chunk, chunk.heading[-1])
    if len(alike) > 1 or not is_telling(heading) or not _is_said(heading, below):
        return None
    quote = _first_sentence(chunk)
    is_shared = notes.headings[fold(chunk.heading[-1])] > 1
    title = plain(note.title)
    return (f"{title} {heading}" if is_shared else heading, quote) if quote else None


def plain(heading: str) -> str:
    """A heading without markup, numbering and days."""
    return " ".join(_NUMBERING.sub("", _DAY.sub(" ", _MARKUP.sub("", heading))).split()).strip("：:—-– ")


def is_telling(heading: str) -> bool:
    """Whether a heading says what its text is about: no generic word, no mere date."""
    if not heading or len(heading) > _LONGEST or "_".join(fold(heading).split()) in _GENERIC:
        return False
    words = meaning(heading)
    return len(words) >= _FEWEST or any(len(word) > _FEWEST for word in words)


def _is_said(heading: str, text: str) -> bool:
    """Whether a text says most of a heading's words."""
    wanted = meaning(heading)
    return len(wanted & meaning(text)) >= _SAID * len(wanted)


def _below(chunk: Chunk, heading: str) -> str:
    """A passage without its heading lines and without the note's properties that repeat the title."""
    spoken = [unit.text for unit in units(chunk) if unit.kind in {Kind.PLAIN, Kind.ROW}]
    return "\n".join(text for text in spoken if fold(heading) != fold(text))


def _first_sentence(chunk: Chunk) -> str:
    """The first sentence below the heading, word for word; no code."""
    found = (chunk.text[slice(*unit.span)] for unit in units(chunk) if unit.kind is Kind.PLAIN)
    return next((t for t in found if _FEWEST <= len(t) <= _LONGEST_QUOTE and not t.startswith(_FENCES)), "")
