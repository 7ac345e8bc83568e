"""A plan by a language model: a question that needs several notes is asked in parts, and what each finds is merged.

One request before the search, which shows the model the question and no note. Whatever goes wrong with it, the question is
searched as it stands, and the trace says so.
"""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rag.errors import LLMError
from rag.llama.reply import heard, values
from rag.messages import explain, say
from rag.types import Retrieval, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rag.types import Hit, Query

    AskLLM = Callable[[str, str], Iterable[str]]

PLAN = "plan"
MOST = 4
_LONGEST = 200
_SHAPE = '{"questions": ["…", "…"]}'
_KEYS = ("questions", "sub_questions", "subquestions", "queries", "问题", "子问题")
_SYSTEM = {
    "zh": (
        "你把关于用户笔记的问题拆成便于检索的子问题，只输出 JSON，不要解释，格式如下：\n"
        f"{_SHAPE}\n"
        f"- 需要两篇以上笔记才能回答时，写 2 到 {MOST} 个子问题；一篇笔记就能回答时，写空列表。\n"
        "- 每个子问题都能单独检索：写全名称，不用代词，不依赖别的子问题的答案。\n"
        "- 不要回答问题，不要加入问题里没有的事实。"
    ),
    "en": (
        "You split a question about the user's notes into sub-questions to search for. Reply with JSON only, without"
        " explanations, in this form:\n"
        f"{_SHAPE}\n"
        f"- Where the answer needs two notes or more, write 2 to {MOST} sub-questions; where one note answers it, an"
        " empty list.\n"
        "- Each can be searched for by itself: names in full, no pronouns, no answers of other sub-questions needed.\n"
        "- Do not answer the question, and add no facts that it does not hold."
    ),
}


def planned(search: Callable[[str], Retrieval], ask_llm: AskLLM, query: Query, k: int) -> Retrieval:
    """The k best passages for a question and for the parts that a model finds in it: the best of each, then the next.

    Args:
        search: the retrieval of a question's text.
        ask_llm: system and prompt in, pieces of the reply out; ``rag.protocols.AnswerStream.stream``.
        query: its filters and day are the caller's to keep in ``search``.
        k: how many hits are kept.
    """
    started = time.perf_counter()
    parts, note = _parts(ask_llm, query.text)
    asked_ms = 1000 * (time.perf_counter() - started)
    whole = search(query.text)
    found = [whole, *map(search, parts)]
    hits = _merged([one.hits for one in found]) if parts else whole.hits
    stage = Stage(PLAN, len(parts), round(asked_ms, 3), " | ".join(parts))
    notes = dict.fromkeys((*([note] if note else []), *(n for one in found for n in one.trace.notes)))
    stages = MappingProxyType({**whole.stages, PLAN: hits} if parts else dict(whole.stages))
    return Retrieval(
        query,
        hits[:k],
        replace(
            whole.trace,
            stages=(stage, *(s for one in found for s in one.trace.stages)),
            notes=tuple(notes),
            filters=tuple(dict.fromkeys(part for one in found for part in one.trace.filters)),
            sent=tuple(dict.fromkeys(sent for one in found for sent in one.trace.sent)),
        ),
        stages,
        sum(one.dropped for one in found),
    )


def _parts(ask_llm: AskLLM, question: str) -> tuple[list[str], str]:
    """The sub-questions, and what went wrong."""
    language = "zh" if any("\u3400" <= char <= "\u9fff" for char in question) else "en"
    prompt = f"{'问题：' if language == 'zh' else 'Question: '}{question}"
    try:
        reply = heard(ask_llm(_SYSTEM[language], prompt))
    except LLMError as e:
        return [], say("The question was searched without a plan: {reason}", reason=explain(e))
    lists = list(_lists(values(reply)))
    if not lists:
        return [], say("The question was searched without a plan: the model's reply holds none.")
    return _kept(lists[-1], question), ""


def _lists(found: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for value in found:
        items = (
            next((value[key] for key in _KEYS if key in value), None) if isinstance(value, dict) else value
        )
        if isinstance(items, list):
            yield items


def _kept(items: Sequence[Any], question: str) -> list[str]:
    """What can be searched for, each once; not the question itself."""
    texts = [" ".join(item.split()) for item in items if isinstance(item, str)]
    kept = dict.fromkeys(t for t in texts if t and len(t) <= _LONGEST and t.casefold() != question.casefold())
    return list(kept)[:MOST]


def _merged(lists: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Hits by their best rank in any list, ties in the order of the lists; the score is 1 / that rank."""
    best: dict[int, tuple[int, int, Hit]] = {}
    for place, hits in enumerate(lists):
        for rank, hit in enumerate(hits, 1):
            mine = (rank, place, hit)
            if mine[:2] < best.get(hit.chunk.key, (rank + 1, 0, hit))[:2]:
                best[hit.chunk.key] = mine
    ordered = sorted(best.values(), key=lambda one: one[:2])
    return tuple(replace(hit, score=1 / rank) for rank, _, hit in ordered)
