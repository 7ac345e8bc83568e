"""Words that are spelt almost alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Spelt = Callable[[str], Iterable[tuple[str, int]]]
    """Known words that begin with a prefix, each with how often it occurs."""

_SHORTEST: Final = 4  # letters of a word that may be mistyped
_LONG: Final = 8  # letters from which on a word may have two mistakes


def alike(word: str, spelt: Spelt) -> list[str]:
    """Known words within one mistake of a word of 4 to 7 letters, two of a longer one; only the nearest, the frequent first.

    Their first two letters are the word's own, or its first and third; where there is none such, the first letter is.
    """
    if len(word) < _SHORTEST:
        return []
    most = 2 if len(word) >= _LONG else 1
    prefixes = dict.fromkeys((word[:2], word[0] + word[2]))
    near = [one for prefix in prefixes for one in _near(word, spelt(prefix), most)]
    near = near or list(_near(word, spelt(word[0]), most))
    least = min((distance for distance, _, _ in near), default=0)
    return [text for distance, _, text in sorted(set(near)) if distance == least]


def _near(word: str, known: Iterable[tuple[str, int]], most: int) -> Iterable[tuple[int, int, str]]:
    """(distance, minus frequency, text) of what is within ``most`` mistakes."""
    letters = set(word)
    for text, count in known:
        if abs(len(text) - len(word)) > most or len(letters ^ set(text)) > 2 * most:
            continue
        distance = mistakes(word, text)
        if distance <= most:
            yield distance, -count, text


def mistakes(one: str, other: str) -> int:
    """Letters to add, drop, replace or swap with their neighbour, to make one word of the other (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, before, earlier = [i], row, before
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
