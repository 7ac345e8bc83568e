"""Which passages enter a prompt, and in which order: the best that fit, the most useful first and last."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answer.cite import readable
from rag.answer.fence import QUOTE
from rag.answer.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Chunk, Hit

_RESERVED = 1200  # tokens kept free for instructions, question and answer
_SMALLEST = 300
_WORTH = 120  # tokens from which on the beginning of a passage is worth its place
_MOST_PASSAGES = 20
_FENCE = 40  # tokens of the tags around a passage, its date among them
_HAN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]")
_SINGLE = re.compile(
    r"[^\w\s]|[\d_]|[^\W\x00-\x7f]"
)  # signs, digits, letters with accents and of other scripts


def estimated_tokens(text: str) -> int:
    """Estimated tokens, on the high side: a letter counts a third, any other character but white space 1.

    So it is no less than what common tokenizers make of Chinese, English and code; a server need not be asked.
    """
    single = len(_HAN.findall(text)) + len(_SINGLE.findall(_HAN.sub("", text)))
    return single + (len(text) - single) // 3 + 1


def prompt_budget(context_tokens: int) -> int:
    """Tokens of passages that fit a model's context beside instructions, question and answer."""
    return max(_SMALLEST, min(context_tokens - _RESERVED, context_tokens * 3 // 4))


def pack(hits: Sequence[Hit], budget: int) -> list[Chunk]:
    """The best passages that fit ``budget`` tokens, best first.

    Whole ones, but for the first that does not fit: of it the sentences that do, if they are worth it.
    """
    passages: list[Chunk] = []
    left, cut = budget, False
    for chunk in (hit.chunk for hit in hits if readable(hit.chunk).strip()):
        if len(passages) == _MOST_PASSAGES:
            break
        taken = chunk
        if (cost := _cost(chunk)) > left:
            room = left - (cost - _tokens(readable(chunk)))
            if cut or (passages and room < _WORTH):
                continue
            taken, cut = _shortened(chunk, max(1, room)), True
        passages.append(taken)
        left -= _cost(taken)
    return passages


def at_the_ends(passages: Sequence[Chunk]) -> list[Chunk]:
    """Best first as 1, 3, 5, ... 6, 4, 2: what stands in the middle of a long prompt is read least.

    Liu et al. 2023, "Lost in the Middle".
    """
    return [*passages[::2], *reversed(passages[1::2])]


def _cost(chunk: Chunk) -> int:
    return _tokens(readable(chunk)) + estimated_tokens(chunk.context) + _FENCE


def _tokens(text: str) -> int:
    """Of a text with its lines quoted."""
    return estimated_tokens(text) + len(QUOTE) * (text.count("\n") + 1)


def _shortened(chunk: Chunk, budget: int) -> Chunk:
    """The beginning of a passage: whole sentences where possible. It is still an exact span of its note."""
    text = readable(chunk)
    whole = _tokens(text)
    length = max(1, len(text) * budget // whole) if whole > budget else len(text)
    end = max((b for _, b in sentences(text) if b <= length), default=length)
    lines = (chunk.lines[0], chunk.lines[0] + chunk.text.count("\n", 0, end))
    return replace(chunk, end=chunk.start + end, text=chunk.text[:end], body=text[:end], lines=lines)
