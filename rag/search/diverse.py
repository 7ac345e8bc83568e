"""What is shown first should not repeat itself: no note fills the list, no passage stands there twice.

Nothing is dropped: what repeats moves behind what is shown, in its order.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Hit

_LOOKED_AT: Final = 50  # hits: nobody reads on
_ALIKE: Final = 0.9  # share of words in common (Jaccard) from which on two passages are one
_SHORTEST: Final = 8  # words; short passages are alike by chance
# The analysis of full text would take ten times as long, and tell no more.
_WORDS: Final = re.compile(r"[^\W_\u3400-\u9fff]+")
_PAIRS_OF_HAN: Final = re.compile(r"(?=([\u3400-\u9fff]{2}))")


class Moved(NamedTuple):
    """A hit that makes room, and the better one that says the same; None: its note fills its places already."""

    hit: Hit
    twin: Hit | None


def diverse(hits: Sequence[Hit], per_note: int, k: int) -> tuple[Hit, ...]:
    """The hits, with at most ``per_note`` of a note and no near-duplicates among the first k, then the rest.

    A near-duplicate shares nine tenths of its words and every number with a better hit. The scores of what moves are
    lowered to the last one's before it, so that the order stays that of the scores.
    """
    kept, moved = parted(hits, per_note, k)
    if not moved:
        return tuple(hits)
    floor = kept[-1].score
    below = [replace(hit, score=min(hit.score, floor)) for hit, _ in moved]
    return (*kept, *below, *hits[len(kept) + len(moved) :])


def parted(hits: Sequence[Hit], per_note: int, k: int) -> tuple[list[Hit], list[Moved]]:
    """At most k hits that stay, and those before the last of them that make room, and why; each in their order."""
    kept: list[Hit] = []
    moved: list[Moved] = []
    counts: Counter[str] = Counter()
    said: list[frozenset[str]] = []
    for hit in hits[:_LOOKED_AT]:
        if len(kept) == k:
            break
        words = _words(hit)
        twin = next((one for one, other in zip(kept, said, strict=True) if _alike(words, other)), None)
        if twin is not None or counts[hit.chunk.doc_id] >= per_note:
            moved.append(Moved(hit, twin))
            continue
        counts[hit.chunk.doc_id] += 1
        said.append(words)
        kept.append(hit)
    return kept, moved


def _words(hit: Hit) -> frozenset[str]:
    body = hit.chunk.body.casefold()
    return frozenset((*_WORDS.findall(body), *_PAIRS_OF_HAN.findall(body)))


def _alike(words: frozenset[str], other: frozenset[str]) -> bool:
    small, large = (len(words), len(other)) if len(words) < len(other) else (len(other), len(words))
    if small < _SHORTEST or small < _ALIKE * large:
        return False
    return len(words & other) >= _ALIKE * len(words | other) and _numbers(words) == _numbers(other)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if any(map(str.isdigit, word)))
