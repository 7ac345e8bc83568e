"""How sure it is that the passages answer a question at all: a number between 0 and 1, from what the search saw of them.

Four signs, weighed by logistic regression on development questions whose answer is there, and the same without the notes that
hold it (``benchmarks/sureness.py``, docs/decisions/0012-abstention.md). No one of them means the same in all notes; that the best
passage stands out among those that follow it (``even`` is low) comes nearest.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.answer.passages import units
from rag.answer.question import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.answer.question import Idf
    from rag.types import Hit

WEIGHTS: Final = {"score": 2.98, "even": -5.55, "words": 1.74, "window": 1.70}
BIAS: Final = -0.15
REFUSED: Final = 0.12  # below it the notes do not say
DOUBTED: Final = 0.44  # below it they may not
_COMPARED: Final = 10  # passages that the best one stands out among, itself being one of them
_READ: Final = 5  # passages of which the best window counts
_WINDOW: Final = "window"
_SEVERAL: Final = re.compile(r"[?？].*\w.*[?？]|[?？。；;].*另外|另外.*[?？]", re.DOTALL)


class Signs(NamedTuple):
    """What speaks for an answer, each from 0 to 1 but for ``even``, which speaks against it.

    Attributes:
        score: of the best passage.
        even: the mean score of the best ten over the best one's.
        words: of the question's words, by their inverse document frequency, the share that the best passage says, with its title
            and headings.
        window: how much of the question has its like in 20 tokens on end of one of the best five.
    """

    score: float
    even: float
    words: float
    window: float


def signs(question: str, hits: Sequence[Hit], idf: Idf) -> Signs | None:
    """What is seen of ``hits`` (best first); None where no model has read them, or several questions are asked in one."""
    if not hits or _WINDOW not in hits[0].features or _SEVERAL.search(question):
        return None
    weights = {word: weight for word, weight in idf(content_words(question)).items() if weight > 0}
    said = frozenset().union(*(unit.words | unit.above for unit in units(hits[0].chunk)))
    total = math.fsum(weights.values())
    scores = [hit.score for hit in hits[:_COMPARED]]
    return Signs(
        score=scores[0],
        even=math.fsum(scores) / len(scores) / max(scores[0], 1e-9),
        words=math.fsum(w for word, w in weights.items() if word in said) / total if total else 0.0,
        window=max(hit.features.get(_WINDOW, 0.0) for hit in hits[:_READ]),
    )


def sureness(seen: Signs) -> float:
    """The probability that the answer is there, as far as the development questions tell."""
    total = BIAS + math.fsum(WEIGHTS[name] * value for name, value in seen._asdict().items())
    return 1 / (1 + math.exp(-total))
