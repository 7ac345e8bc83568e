"""Words of a text and where they stand, for questions that are made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rag.answer.question import content
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALONE = re.compile(r"[\u3400-\u9fff]")


class Word(NamedTuple):
    """A word of a text: its folded, stemmed form and its span."""

    text: str
    start: int
    end: int


def spread(text: str) -> list[Word]:
    """The words of a text in reading order, none inside another."""
    found = iter(tokens.terms(text))
    words: list[Word] = []
    for wanted in tokens.words(text):
        end = words[-1].end if words else 0
        found_here = next((t for t in found if t.text == wanted and t.start >= end), None)
        if found_here is None:  # a part of an identifier that stands already
            found = iter([t for t in tokens.terms(text) if t.start >= end])
        else:
            words.append(Word(*found_here))
    return words


def telling(text: str) -> list[Word]:
    """Those of its words that carry meaning; most Han characters that stand alone are particles."""
    meant = set(content(text)) - tokens.common()
    return [word for word in spread(text) if word.text in meant and not _ALONE.fullmatch(word.text)]


def joined(text: str, words: Sequence[Word]) -> str:
    """Words as they are written in a text, one space between them."""
    return " ".join(text[word.start : word.end] for word in words)
