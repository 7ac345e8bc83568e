"""What speaks for each of some candidates of a question, as numbers that a small scorer can weigh.

All of it is read from the built-in model's tokens and their vectors, which are there already: no text is analysed anew.
Numbers lie between 0 and 1 and mean the same for long and short questions. Words that many candidates have tell nothing
between them, so a token weighs by the square of its vector's length (which falls with frequency) and by how rare it is
among the candidates.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.models.sheet import Reader, Sheet
    from rag.types import Hit

    Numbers = NDArray[np.float32]
    Places = NDArray[np.int64]

# Others were tried and earned nothing beside these: docs/decisions/0008-reranking.md.
FEATURES: Final = ("score", "window", "echo", "chorus")
"""The columns of what ``features`` gives."""

_BLOCK: Final = 10  # tokens
_WINDOW: Final = 2  # blocks: a sentence
_SAME: Final = 0.7  # cosine from which on two tokens are forms of one word
_TERMS: Final = 30  # of an echo
_ECHO: Final = (3, 2)  # candidates that are listened to, and the power of their scores
_CHORUS: Final = (20, 4)
_BEST: Final = 10
_TINY: Final = 1e-9


def features(question: str, hits: Sequence[Hit], reader: Reader) -> Numbers:
    """One row a candidate, best first as they come, one column each of ``FEATURES``.

    - ``score``: as it came.
    - ``window``: how much of the question has its like in the best 20 tokens on end.
    - ``echo``, ``chorus``: of what the best 3, the best 20 candidates say beyond the question, the share that this
      one says too (pseudo-relevance feedback, Lavrenko and Croft 2001); the less, the more the scores tell apart.
    """
    text = reader.sheet(question, [hit.chunk.index_text for hit in hits])
    score = np.array([hit.score for hit in hits], dtype=np.float32)
    return np.stack([score, _window(text), *_echoes(text, score)], axis=1)


def _window(text: Sheet) -> Numbers:
    """``window``: each of the question's tokens by its nearest like there."""
    if not len(text.terms) or not len(text.places):
        return np.zeros(text.passages, dtype=np.float32)
    begins, owner = _blocks(text.starts)
    blocks = np.maximum.reduceat(text.alike[:, text.places], begins, axis=1)
    having = (_best(blocks, owner, text.passages) > _SAME).sum(axis=1)
    weight = _weights(text.length[text.terms], having, text.passages)
    return _best(weight @ _joined(blocks, owner), owner, text.passages)


def _weights(length: Numbers, having: NDArray[np.int64], count: int) -> Numbers:
    """What each token of the question weighs, 1 in all; ``having``: candidates that have it, of ``count``."""
    weight = length**2 * np.log(1 + (count - having + 0.5) / (having + 0.5))
    return np.asarray(weight / max(float(weight.sum()), _TINY), dtype=np.float32)


def _blocks(starts: Places) -> tuple[Places, Places]:
    """Where each block of tokens begins, and which passage it belongs to; a passage without tokens has none."""
    begins = [np.arange(a, b, _BLOCK) for a, b in pairwise(starts.tolist())]
    return np.concatenate(begins), np.repeat(np.arange(len(begins)), [len(each) for each in begins])


def _joined(blocks: Numbers, owner: Places) -> Numbers:
    """The maximum over each block and those that follow it in its passage, a window in all."""
    found = blocks.copy()
    for step in range(1, _WINDOW):
        follows = owner[step:] == owner[:-step]
        np.maximum(found[:, :-step], blocks[:, step:], out=found[:, :-step], where=follows)
    return found


def _best(blocks: Numbers, owner: Places, count: int) -> Numbers:
    """The maximum of each passage's blocks, along the last axis; 0 where it has none."""
    found = np.zeros((*blocks.shape[:-1], count), dtype=np.float32)
    filled, first = np.unique(owner, return_index=True)
    found[..., filled] = np.maximum.reduceat(blocks, first, axis=-1)
    return found


# The candidates among themselves


def _echoes(text: Sheet, score: Numbers) -> list[Numbers]:
    """``echo`` and ``chorus``."""
    bags, long = text.counts, np.diff(text.starts)
    rarity = np.log(1 + text.passages / np.maximum(np.count_nonzero(bags, axis=0), 1))
    rarity[text.asked] = 0
    norm = (0.4 + 0.6 * long / max(float(long.mean()), 1.0))[:, None]
    even = _evenness(score)
    return [even * _echo(bags, norm, rarity, _voices(score, *which)) for which in (_ECHO, _CHORUS)]


def _evenness(score: Numbers) -> np.float32:
    """How little the scores tell the best ten apart, from 0 to 1: the square of their mean over the best one."""
    best = np.sort(np.maximum(score, 0))[::-1][:_BEST]
    return np.float32((float(best.mean()) / max(float(best[0]), _TINY)) ** 2)


def _voices(score: Numbers, heard: int, power: int) -> NDArray[np.float64]:
    """How much each candidate is listened to: the best by a power of their scores, 1 in all."""
    found = np.zeros(len(score))
    best = np.argsort(-score, kind="stable")[:heard]
    found[best] = np.maximum(score[best], 0) ** power
    return found / max(float(found.sum()), _TINY)


def _echo(
    bags: NDArray[np.int64],
    norm: NDArray[np.float64],
    rarity: NDArray[np.float64],
    voices: NDArray[np.float64],
) -> Numbers:
    """Of the tokens that some candidates say most, the share that each one says; repeats and length damped."""
    heard = np.flatnonzero(voices)
    said = voices[heard] @ (bags[heard] / (bags[heard] + norm[heard])) * rarity
    kept = np.argsort(-said, kind="stable")[:_TERMS]
    damped = bags[:, kept] / (bags[:, kept] + norm)
    return np.asarray(damped @ said[kept] / max(float(said[kept].sum()), _TINY), dtype=np.float32)
