"""Names of notes in a question: a time that is part of one, as in 《2022 年终总结》, limits nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.search.reading.view import HAN, blanked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rag.search.reading.times import Time

    Titles = Callable[[str], Iterable[str]]
    """Names of notes that hold a word, given in small letters."""

_LED: Final = re.compile(
    r"(?:(?:ever|in|on|at|during|over|throughout|within|for|from|since|after|before|until|till|by|the|of)\s)*",
    re.IGNORECASE,
)
_WORDS: Final = (re.compile("[0-9]+"), re.compile(f"{HAN.pattern}+"), re.compile(r"[^\W\d_]+"))


class Named(NamedTuple):
    """What names of notes say of a question's times.

    Attributes:
        places: words of the question that are the name of a note, or part of one, with a time in them.
        is_page: the question is the name of a note that is itself but a time, such as ``2018``.
    """

    places: tuple[tuple[int, int], ...] = ()
    is_page: bool = False


class Letters(NamedTuple):
    """Letters and digits of a text, small, each with its place in it."""

    text: str
    places: Sequence[int]


def named(text: str, times: Sequence[Time], titles: Titles | None) -> Named:
    """Looks for names of notes around a question's times.

    Args:
        text: the question as the rules read it, its filters blanked.
        times: what was read in it.
        titles: tells the names that hold a word; asked once a time.
    """
    if titles is None or not times:
        return Named()
    from rag.store.called import is_name

    asked = letters(text)
    bare = text
    for time in times:
        bare = blanked(bare, time.start, time.end, " ")
    says_more = is_name(bare)
    places: list[tuple[int, int]] = []
    for time in times:
        for title in titles(_word(text, time)):
            name = letters(title).text
            if name == asked.text and not says_more:
                return Named(is_page=True)
            if asked.text in name and says_more:
                return Named(((0, len(text)),))
            if is_name(title):
                places += (place for place in _said(text, asked, name) if _holds(place, text, time))
    return Named(tuple(places))


def _word(text: str, time: Time) -> str:
    """The word of a time that a name with the time in it surely has: a number, else the longest word."""
    core = text[_start(text, time) : time.end].lower()
    return next((max(found, key=len) for kind in _WORDS if (found := kind.findall(core))), core)


def _start(text: str, time: Time) -> int:
    led = _LED.match(text, time.start, time.end)
    return led.end() if led else time.start


def _holds(place: tuple[int, int], text: str, time: Time) -> bool:
    """Whether a name has all of the time but the word before it and the white space behind."""
    last = time.start + len(text[time.start : time.end].rstrip("的 "))
    return place[0] <= _start(text, time) and last <= place[1]


def _said(text: str, asked: Letters, name: str) -> Iterator[tuple[int, int]]:
    """Where a text says a name, in whole words."""
    at = asked.text.find(name)
    while at >= 0:
        start, end = asked.places[at], asked.places[at + len(name) - 1] + 1
        if not (_goes_on(text, start) or _goes_on(text, end)):
            yield start, end
        at = asked.text.find(name, at + 1)


def _goes_on(text: str, at: int) -> bool:
    """Whether a word of a spaced script goes on over a place."""
    return all(c.isalnum() and not HAN.match(c) for c in (text[at - 1 : at] or " ", text[at : at + 1] or " "))


def letters(text: str) -> Letters:
    """What names are compared by."""
    from rag.store.tokens import fold

    found = [(c, at) for at, char in enumerate(text) for c in fold(char) if c.isalnum()]
    return Letters("".join(c for c, _ in found), [at for _, at in found])
