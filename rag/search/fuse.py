"""Mixing ranked lists.

Scores of each list are divided by its best score, then mixed by weight. Plain reciprocal rank fusion was
measured and lost 5 to 9 points of nDCG@10 against this, see docs/decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rag.types import Comparison

Scored = tuple[int, float]

# Chosen on development questions: docs/decisions/0003-built-in-model.md.
_COSINE: Final = 0.4
_FOREIGN: Final = 0.9
_KNOWN: Final = 0.3
_FOUND: Final = 0.1
_COSINE_ALONE: Final = 0.8
_TINY: Final = 1e-9
_DIGITS: Final = 6  # of a score; what lies beyond depends on which passages were computed together


def mix(lists: Mapping[str, Sequence[Scored]], weights: Mapping[str, float]) -> list[Scored]:
    """Weighted sum of scores normalised to each list's maximum.

    Args:
        lists: (key, score > 0) pairs by source, best first.
        weights: by source; a source that found nothing leaves its weight to the others.

    Returns:
        (key, score in 0..1) pairs, best first, ties by key.
    """
    present = {name: found for name, found in lists.items() if found and weights.get(name, 0.0) > 0}
    total = sum(weights[name] for name in present)
    mixed: dict[int, float] = {}
    for name, found in present.items():
        top = found[0][1]
        for key, score in found:
            mixed[key] = mixed.get(key, 0.0) + weights[name] / total * score / top
    rounded = [(key, round(score, _DIGITS)) for key, score in mixed.items()]
    return sorted(rounded, key=lambda pair: (-pair[1], pair[0]))


def blend(
    lexical: Sequence[Scored],
    ceiling: float,
    read: Sequence[int],
    compared: Comparison,
    foreign: Collection[int],
    share: float,
) -> list[Scored]:
    """Lexical scores and what a model saw when it read the passages against the question.

    ``(1 - share) * words + share * likeness``. Likeness is 0.4 cosine + 0.6 coverage. Words are the lexical score over
    the best one's, or over 0.3 of the ceiling where even the best is below that: a question that full text hardly
    knows gets no certainty from it. Below 0.1 of the ceiling the words are all but foreign to the notes, and the model's
    share grows to all, cosine's part in it to 0.8. Full text is blind to a passage in another language than the question's: there
    0.9 likeness stands for words.

    Args:
        lexical: (key, score > 0) pairs, best first.
        ceiling: the score of a passage that said all of the question.
        read: the keys that were compared, in the order of ``compared``; no other is returned.
        compared: from the model.
        foreign: the keys of passages in another language.
        share: of the model, from 0 to 1.

    Returns:
        (key, score in 0..1) pairs, best first, ties by key.
    """
    scores = dict(lexical)
    best = lexical[0][1] if lexical else 0.0
    top = max(best, _KNOWN * ceiling, _TINY)
    trust = min(1.0, best / (_FOUND * ceiling)) ** 2 if share and ceiling else 1.0
    share = 1 - (1 - share) * trust
    part = _COSINE_ALONE - (_COSINE_ALONE - _COSINE) * trust
    blended = []
    for key, cosine, coverage in zip(read, compared.cosine, compared.coverage, strict=True):
        likeness = max(0.0, part * cosine + (1 - part) * coverage)
        words = scores.get(key, 0.0) / top
        if key in foreign:
            words = max(words, _FOREIGN * likeness)
        blended.append((key, round((1 - share) * words + share * likeness, _DIGITS)))
    return sorted(blended, key=lambda pair: (-pair[1], pair[0]))


def ranks(lists: Mapping[str, Sequence[Scored]]) -> dict[int, dict[str, int]]:
    """1-based rank of every key in every list that holds it."""
    found: dict[int, dict[str, int]] = {}
    for name, pairs in lists.items():
        for rank, (key, _) in enumerate(pairs, 1):
            found.setdefault(key, {})[name] = rank
    return found
