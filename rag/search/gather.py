"""List questions: what all notes of a time, or of a kind, have to say, not the best few passages."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from rag.messages import say
from rag.search import timely
from rag.store import ties, tokens
from rag.types import Hit, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from rag.protocols import ChunkResolver, Retriever
    from rag.types import Chunk, Filters, Reading, Span

GATHERED: Final = "gathered"
DEEP: Final = 200  # passages that are looked at for what is asked, at least
MOST: Final = 2_000  # passages of the time that are looked at where nothing more is asked
_LEXICAL: Final = "lexical"
_FITTING: Final = 0.3  # share of the best fit to the time from which on a passage is of that time
_WHOLLY: Final = (
    0.25  # fit from which on it is so in any case: of a note that is "of 2022", in a list of 2022
)
_RELEVANT: Final = 0.35  # share of the best score from which on a note is one of those asked for
# Words that ask for a list and say nothing of what is in it; and those that say how one comes by such things.
_ASKS: Final = re.compile(
    r"我们?|作者|什[么麼]|哪[些几幾個个]|[总總][结結]|回[顾顧]|列出|列[举舉]|一下|[过過]|[经經][历歷]|[发發]生|事情?|都|所有|全部|[做干有了的在吗呢]"
    r"|(?<![a-z])(?:list|show|summari[sz]e|all|every|everything|things?|notes?|happen(?:ed|s)?|going on|been|author)(?![a-z])",
    re.IGNORECASE,
)
_DOES: Final = re.compile(
    r"[看去读讀写寫买買吃见見跑]|(?<![a-z])(?:watch(?:ed)?|saw|see|seen|read|wr[io]te|written|visit(?:ed)?|go|went|buy|bought|make|made"
    r"|met|meet|eat|ate|run|ran|learn(?:ed|t)?|stud(?:y|ied)|think|thought|work(?:ed)?|finish(?:ed)?|cook(?:ed)?|play(?:ed)?"
    r"|build|built|achieved?|complet(?:ed?)|practi[cs]ed?|try|tried|start(?:ed)?)(?:ing)?(?![a-z])"
    r"|[学學听聽玩想聊](?:到|会|會)?(?!\S)",
    re.IGNORECASE,
)
# What folders and tags of one kind are called in either language.
_KINDS: Final = (
    "film movie cinema 电影 影片 片子 观影",
    "book reading 书 书籍 读书 阅读 书单",
    "diary journal daily 日记 日志",
    "trip travel journey 旅行 旅游 游记 出行",
    "people person contact friend 人物 联系人 朋友",
    "project 项目",
    "recipe cooking 菜谱 食谱 做菜",
    "review retrospective 复盘 总结 回顾",
    "meeting 会议",
    "blog post article 博客 文章",
    "music album song 音乐 专辑 歌",
    "paper 论文",
)


class Notes(Protocol):
    """The catalogue, as gathering asks it."""

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """Passages by key."""

    def by_place(self, keys: Sequence[int]) -> list[int]:
        """The keys by note and place in it."""

    def in_order(self, filters: Filters, limit: int, *, newest_first: bool = True) -> list[int]:
        """Keys of the passages that the filters let through, by time."""

    def time_weights(
        self, spans: Sequence[Span], among: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Keys of the passages (``among`` some) that touch a span, sorted, and how surely and narrowly they are of it, from 0 to 1."""


class Gathering:
    """Answers a list question.

    Args:
        retriever: finds what is asked, where more than the time is asked.
        notes: knows all that the filters let through.
    """

    def __init__(self, retriever: Retriever, notes: Notes) -> None:
        self._retriever = retriever
        self._notes = notes

    def search(self, reading: Reading, filters: Filters, today: date | None, k: int) -> Retrieval:
        """At most k passages of as many notes as there are, by time; the trace says how many notes there were."""
        named, asked = _content(reading.rest)
        query = Query(" ".join(asked) or reading.text, filters, today)
        found = self._retriever.search(query, max(k, DEEP)) if asked else Retrieval(query, ())
        sure = fitting(self._notes, filters)
        hits = self._asked_for(list(asked), found, filters) if asked else self._all(filters, sure)
        hits = [hit for hit in hits if sure is None or hit.chunk.key in sure]
        notes = found.trace.notes
        if asked and not hits:
            hits, lacking = self._instead(asked, filters, sure, named=named)
            notes += lacking
        chosen = timely.in_order(_spread(hits, k), filters.spans)
        trace = replace(found.trace, notes=notes, in_range=_notes(hits), used=_notes(chosen))
        return replace(found, hits=chosen, trace=trace, stages={**found.stages, GATHERED: chosen})

    def _instead(
        self, asked: Mapping[str, str], filters: Filters, sure: Mapping[int, float] | None, *, named: bool
    ) -> tuple[list[Hit], tuple[str, ...]]:
        """What is listed where no note says the question's words, and a remark.

        All there is where they only say what was done ("what did I learn"); nothing where they name what is looked for.
        """
        everything = self._all(filters, sure)
        if not everything:
            return [], ()
        words = ", ".join(asked.values())
        if named:
            return [], (say("No note of that time or kind says: {words}.", words=words),)
        return everything, (say("No note of that time or kind says: {words}. All are listed.", words=words),)

    def _asked_for(self, asked: Sequence[str], found: Retrieval, filters: Filters) -> list[Hit]:
        """The best passage of each note that is asked for.

        Those are the notes that are tagged with, or lie in a folder called by, a word of the question; and those that
        say its words. Without words in common nothing is: a list holds no guesses.
        """
        said = {hit.chunk.key for hit in found.stages.get(_LEXICAL, ())}
        floor = _RELEVANT * found.hits[0].score if found.hits else 0.0
        relevant = [hit for hit in found.hits if hit.score >= floor and hit.chunk.key in said]
        return _best_of_notes((*self._of_kind(asked, filters), *relevant))

    def _of_kind(self, asked: Sequence[str], filters: Filters) -> list[Hit]:
        names = dict.fromkeys(name for word in asked for name in _called(word))
        narrower = [
            each
            for name in names
            for each in (replace(filters, tags=(*filters.tags, name)), _below(filters, name))
        ]
        found: dict[int, None] = {}
        for each in narrower:
            found |= dict.fromkeys(self._notes.in_order(each, MOST))
        return [Hit(chunk, 1.0) for chunk in _known(self._notes, list(found))]

    def _all(self, filters: Filters, sure: Mapping[int, float] | None) -> list[Hit]:
        if sure is None:
            keys = self._notes.in_order(filters, MOST)
        else:
            keys = [key for key, _ in ties.best(list(sure.items()), MOST, self._notes.by_place)]
        return [Hit(chunk, sure[chunk.key] if sure else 1.0) for chunk in _known(self._notes, keys)]


def fitting(notes: Notes, filters: Filters) -> Mapping[int, float] | None:
    """Passages that are of the time, with how well they fit: about as well as the best. None: of any time."""
    if not filters.spans:
        return None
    keys, weights = notes.time_weights(filters.spans)
    floor = min(_WHOLLY, _FITTING * max(weights.tolist(), default=0.0))
    return {key: w for key, w in zip(keys.tolist(), weights.tolist(), strict=True) if w >= floor}


def _below(filters: Filters, folder: str) -> Filters:
    return replace(filters, paths=(*filters.paths, f"/{folder}/"))


def _known(notes: ChunkResolver | Notes, keys: Sequence[int]) -> list[Chunk]:
    chunks = notes.chunks(keys)
    return [chunks[key] for key in keys if key in chunks]


def _content(text: str) -> tuple[bool, dict[str, str]]:
    """The words of a question that name what is looked for; where it names nothing, those that say what was done.

    Returns:
        Whether they name something, and each word with how it is written.
    """
    asked = _ASKS.sub(" ", text)
    named = _telling(_DOES.sub(" ", asked))
    return bool(named), named or _telling(asked)


def _called(word: str) -> tuple[str, ...]:
    """What a folder or a tag of this kind may be called: the word, and its like."""
    kinds = (kind.split() for kind in _KINDS)
    known = next((kind for kind in kinds if word in {w for name in kind for w in tokens.words(name)}), [])
    return (word, *(f"{name}{end}" for name in known for end in ("", "s") if name != word))


def _telling(text: str) -> dict[str, str]:
    written = {term.text: text[term.start : term.end] for term in tokens.terms(text)}
    words = (word for word in tokens.words(text) if word not in tokens.common())
    return {word: written.get(word, word) for word in words}


def _best_of_notes(hits: Iterable[Hit]) -> list[Hit]:
    """The first passage of each note."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.chunk.doc_id, hit)
    return list(best.values())


def _notes(hits: Iterable[Hit]) -> int:
    return len({hit.chunk.doc_id for hit in hits})


def _spread(hits: Sequence[Hit], k: int) -> list[Hit]:
    """At most k hits, in turn from each note, the surest notes first, and of each note its surest passages."""
    by_note: Mapping[str, list[Hit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda h: (-h.score, h.chunk.doc_id, h.chunk.start)):
        by_note[hit.chunk.doc_id].append(hit)
    rounds = max(map(len, by_note.values()), default=0)
    turns = (found[n] for n in range(rounds) for found in by_note.values() if n < len(found))
    return [hit for hit, _ in zip(turns, range(k), strict=False)]
