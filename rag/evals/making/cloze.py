"""Cloze questions: what is left of a sentence without its rarest word, which is the answer, and without half of the others.

The whole sentence would be found by any search that knows words. Half of its words in their order, as somebody types who
remembers roughly what was written, is a question that a search can fail.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.answer.passages import Kind, units
from rag.evals.cases import Case, Gold, identity
from rag.evals.making.notes import mark
from rag.evals.making.words import joined, telling
from rag.store.script import is_chinese

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.answer.passages import Unit
    from rag.evals.making.notes import Note, Notes
    from rag.evals.making.words import Word

KIND = "cloze"
_FEWEST, _MOST = 6, 30  # words that carry meaning in a sentence
_LEFT = 3
_SHORTEST = {True: 2, False: 3}  # characters of the answer, in Chinese and otherwise
_SIGNS = re.compile(r"https?://|```|`|\]\(|\[\[|\$|[{}<>|=_\\]")
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = 0.6


def draft(notes: Notes) -> Iterator[Case]:
    """Cloze questions, note by note."""
    return notes.of(KIND, lambda note: _of(notes, note))


def _of(notes: Notes, note: Note) -> Iterator[Case]:
    salt = notes.salt(KIND)
    sentences = [unit for chunk in notes.passages(note) for unit in units(chunk) if _is_prose(unit)]
    for unit in sorted(sentences, key=lambda unit: mark(salt, unit.text)):
        quote = unit.text
        words = telling(quote)
        if not _FEWEST <= len({word.text for word in words}) <= _MOST:
            continue
        key = _rarest(notes, quote, words)
        left = _half(words, key, salt) if key else []
        if key is None or len(left) < _LEFT or not notes.is_unique(quote):
            continue
        question = joined(quote, left)
        yield Case(
            id=identity(KIND, question),
            kind=KIND,
            question=question,
            answer=quote[key.start : key.end],
            gold=(Gold(note.id, quote),),
        )


def _is_prose(unit: Unit) -> bool:
    """Whether a unit is a plain sentence that stands in its note as it is read: no code, link or table."""
    text = unit.text
    whole = unit.chunk.text[slice(*unit.span)] == text
    letters = len(_LETTER.findall(text)) >= _LETTERS * len(text)
    return unit.kind is Kind.PLAIN and whole and letters and not _SIGNS.search(text)


def _rarest(notes: Notes, quote: str, words: list[Word]) -> Word | None:
    """The word that says most, by inverse document frequency; the first of equals. It must not be a mere letter."""
    shortest = _SHORTEST[is_chinese(quote)]
    able = [word for word in words if word.end - word.start >= shortest]
    rarity = notes.engine.lexical.idf([word.text for word in able])
    return max(able, key=lambda word: (rarity.get(word.text, 0.0), -word.start), default=None)


def _half(words: list[Word], key: Word, salt: str) -> list[Word]:
    """Half of the words beside the answer, in their order; each once."""
    others = {word.text: word for word in reversed(words) if word.text != key.text}
    chosen = sorted(others.values(), key=lambda word: mark(salt, f"{key.text}:{word.text}"))
    return sorted(chosen[: max(_LEFT, len(chosen) // 2)], key=lambda word: word.start)
