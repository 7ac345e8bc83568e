"""Words that are spelt almost alike: which are found, in which order, and which are not."""

from __future__ import annotations

import random
from string import ascii_lowercase

import pytest

from rag.search import spelling


def known(*words: str) -> spelling.Spelt:
    """A dictionary that tells words by their beginning; the first is in the most passages."""
    counts = {word: len(words) - place for place, word in enumerate(words)}
    return lambda prefix: [(word, count) for word, count in counts.items() if word.startswith(prefix)]


def mistaken(word: str, place: int) -> set[str]:
    """The word with one mistake at a place that is not its first: each that there is."""
    swapped = word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]
    others = [word[:place] + letter + word[place + 1 :] for letter in ascii_lowercase]
    more = [word[:place] + letter + word[place:] for letter in ascii_lowercase]
    return {swapped, word[:place] + word[place + 1 :], *others, *more} - {word}


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("", "", 0),
        ("same", "same", 0),
        ("form", "from", 1),
        ("kuberentes", "kubernetes", 1),
        ("kubernets", "kubernetes", 1),
        ("runing", "running", 1),
        ("cat", "dog", 3),
        ("", "abc", 3),
        ("abcd", "badc", 2),
    ],
)
def test_mistakes_are_counted(one: str, other: str, count: int) -> None:
    """A letter more, less, or another is one, and so are two neighbours that changed places; either way round."""
    assert spelling.mistakes(one, other, 5) == spelling.mistakes(other, one, 5) == count
    assert spelling.mistakes(one, other, 1) == spelling.mistakes(other, one, 1) == min(count, 2)


@pytest.mark.parametrize("word", ["harvest", "kubernetes"])
def test_each_single_mistake_is_found(word: str) -> None:
    """Wherever it is, but in the first letter."""
    spelt = known(word, "unrelated")
    for place in range(1, len(word)):
        for typed in mistaken(word, place):
            assert (word, 1) in spelling.alike(typed, spelt), typed


def test_two_mistakes_are_found_in_long_words_only() -> None:
    """From eight letters on."""
    spelt = known("kubernetes", "harvest")
    assert spelling.alike("kuberentse", spelt) == [("kubernetes", 2)]
    assert spelling.alike("harvtse", spelt) == []


@pytest.mark.parametrize("typed", ["cat", "at", "a", ""])
def test_short_words_are_left_alone(typed: str) -> None:
    """Too many others are as near."""
    assert spelling.alike(typed, known("cart", "cats", "bat", "ate", "a")) == []


def test_the_nearest_come_first_then_the_frequent() -> None:
    """Equals in the order of the alphabet."""
    assert spelling.alike("contractt", known("contracts", "contract", "contrasts", "contrast")) == [
        ("contracts", 1),
        ("contract", 1),
        ("contrasts", 2),
        ("contrast", 2),
    ]
    everywhere: spelling.Spelt = lambda prefix: [  # noqa: E731 - a dictionary in which all are as frequent
        (word, 7) for word in ("lass", "lost", "loss") if word.startswith(prefix)
    ]
    assert spelling.alike("losh", everywhere) == [("loss", 1), ("lost", 1)]


def test_random_words_are_found_as_comparing_all_would() -> None:
    """Every word within one mistake that begins with the same letter; words are made of few letters, so many are near."""
    rng = random.Random(4)
    words = sorted({"".join(rng.choices("abc", k=rng.randint(4, 6))) for _ in range(300)})
    spelt = known(*words)
    for typed in rng.sample(words, 60):
        expected = {w for w in words if w[0] == typed[0] and spelling.mistakes(typed, w, 9) <= 1}
        assert {word for word, _ in spelling.alike(typed, spelt)} == expected
