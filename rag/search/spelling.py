"""Words that are spelt almost alike."""

from __future__ import annotations

from os.path import commonprefix
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Spelt = Callable[[str], Iterable[tuple[str, int]]]
    """Known words that begin with a prefix, each with how often it occurs."""

_SHORTEST: Final = 4  # letters of a word that may be mistyped
_LONG: Final = 8  # letters from which on a word may have two mistakes


def alike(word: str, spelt: Spelt) -> list[tuple[str, int]]:
    """Known words within one mistake of a word of 4 to 7 letters, within two of a longer one, with their mistakes.

    The nearest come first, of these the frequent. The first letter is taken to be right; of words with two mistakes those
    that have both in their first three letters are not found.
    """
    if len(word) < _SHORTEST:
        return []
    most = 2 if len(word) >= _LONG else 1
    near = {one for prefix in _prefixes(word) for one in _near(word, spelt(prefix), most)}
    return [(text, distance) for distance, _, text in sorted(near)]


def _prefixes(word: str) -> set[str]:
    """How a word begins, or did before a mistake in its second letter: none, too many, swapped, missing, or another."""
    first, second, third = (word[place] for place in range(3))
    return {first + second, first + third, *(first + x + y for x in ascii_lowercase for y in (second, third))}


def _near(word: str, known: Iterable[tuple[str, int]], most: int) -> Iterator[tuple[int, int, str]]:
    """(mistakes, minus frequency, text) of what is within ``most`` mistakes."""
    letters = set(word)
    for text, count in known:
        # A mistake takes away one letter at most, and brings one at most.
        if abs(len(text) - len(word)) > most or len(letters.difference(text)) > most:
            continue
        if len(set(text) - letters) <= most and (distance := mistakes(word, text, most)) <= most:
            yield distance, -count, text


def mistakes(one: str, other: str, most: int) -> int:
    """Letters to add, drop, replace or swap with their neighbour, to make one word of the other (optimal string alignment).

    Where they are more than ``most``, that and one.
    """
    same = len(commonprefix((one, other)))  # noqa: RUF071 - characters are what is compared here
    one, other = one[same:], other[same:]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, before, earlier = [i], row, before
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            break
    return min(row[-1], most + 1)
