"""Words of a text and where they stand, for questions that are made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rag.answer.question import content
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_AHEAD = 64  # terms that may stand before a word: the parts of a long identifier
_ALONE = re.compile(r"[\u3400-\u9fff]")


class Word(NamedTuple):
    """A word of a text: its folded, stemmed form and its span."""

    text: str
    start: int
    end: int


def spread(text: str) -> list[Word]:
    """The words of a text in reading order, none inside another."""
    found = tokens.terms(text)
    words: list[Word] = []
    at = 0
    for wanted in tokens.words(text):
        end = words[-1].end if words else 0
        near = range(at, min(at + _AHEAD, len(found)))
        here = next((n for n in near if found[n].text == wanted and found[n].start >= end), None)
        if here is not None:  # else it is a part of an identifier that stands already
            words.append(Word(*found[here]))
            at = here + 1
    return words


def telling(text: str) -> list[Word]:
    """Those of its words that carry meaning."""
    meant = meaning(text)
    return [word for word in spread(text) if word.text in meant]


def meaning(text: str) -> set[str]:
    """The words of a text that carry meaning, folded and stemmed; most Han characters that stand alone are particles."""
    return {w for w in content(text) if not _ALONE.fullmatch(w)} - tokens.common()


def joined(text: str, words: Sequence[Word]) -> str:
    """Words as they are written in a text, one space between them."""
    return " ".join(text[word.start : word.end] for word in words)
