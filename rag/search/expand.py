"""Help for weak questions: words that the notes do not have are looked for as the notes say them.

A Latin word that no passage has may be mistyped: words of the notes that are spelt almost like it are looked for, too.
Where full text finds little, words are also looked for by what they mean, in Chinese and English. Whatever was looked
for beside the question's own words is told, and is in a passage that the question's filters let through.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from rag.search import spelling
from rag.store import tokens
from rag.store.lexical_fields import Beside
from rag.types import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rag.search.fuse import Scored
    from rag.store.known import Known
    from rag.types import Filters, Query

    Neighbours = Callable[[str], Sequence[tuple[str, float]]]
    """Words that mean nearly the same as one, each with its likeness, best first."""

# Chosen on development questions: docs/decisions/0006-understanding-questions.md.
_WEAK: Final = 0.2  # of the ceiling: what full text's best passage scores below this
_MOST: Final = 3  # words that one word is looked for as
_SPELT: Final = 0.8  # weight of a word that is spelt almost like one
_MEANT: Final = 0.5  # weight of a word that means the same, times its likeness
_LATIN: Final = re.compile("[a-z]+")
_HAN: Final = re.compile("[\u3400-\u9fff]{2,}")
_ACRONYM: Final = 5  # letters of a word in capitals, up to which it is no word that could be mistyped


class Source(Protocol):
    """Full text that tells which words it knows."""

    def search(self, query: Query, k: int, beside: Sequence[Beside] = ()) -> list[Scored]:
        """At most k (chunk key, score) pairs, best first."""

    def ceiling(self, query: Query) -> float:
        """The score of a passage that said every term of the question."""

    def known(self, filters: Filters) -> Known | None:
        """Which words the index knows."""


class Word(NamedTuple):
    """A word of a question: as it is written, folded, and as a term of the index."""

    written: str
    folded: str
    term: str


class Expansion(NamedTuple):
    """Words that one word of the question is also looked for as, best first, each with its weight."""

    word: Word
    meant: tuple[tuple[str, float], ...]

    def part(self) -> Part:
        """As it is shown."""
        return Part("words", self.word.written, ", ".join(text for text, _ in self.meant))


def expanded(
    source: Source, query: Query, found: Sequence[Scored], depth: int, neighbours: Neighbours | None
) -> tuple[list[Scored], tuple[Part, ...]]:
    """What full text finds when a weak question's words are also looked for in other words.

    Args:
        source: full text.
        query: the question.
        found: what ``source`` has found for it, best first.
        depth: how many passages are wanted.
        neighbours: what words mean; None: only their spelling helps.

    Returns:
        (key, score > 0) pairs, and what was looked for beside the question's words; where that is nothing, ``found``.
    """
    known = source.known(query.filters)
    if known is None:
        return list(found), ()
    is_weak = not found or found[0][1] < _WEAK * source.ceiling(query)
    meaning = neighbours if is_weak else None
    expansions = [each for word in content(query.text) if (each := _expansion(word, known, meaning))]
    if not expansions:
        return list(found), ()
    beside = [Beside(each.meant) for each in expansions]
    return source.search(query, depth, beside), tuple(each.part() for each in expansions)


def content(text: str) -> list[Word]:
    """The words of a question that carry meaning, each once: Latin words without digits or parts, and Han words."""
    wanted = set(tokens.words(text)) - tokens.common()
    terms = [term for term in tokens.terms(text) if not _HAN.fullmatch(term.text) or term.text in wanted]
    words: dict[str, Word] = {}
    for before, term, after in zip([None, *terms], terms, [*terms[1:], None], strict=False):
        is_part = (before and before.end > term.start) or (after and after.start < term.end)
        written = text[term.start : term.end]
        folded = tokens.fold(written)
        if term.text in wanted and (_HAN.fullmatch(folded) or (_LATIN.fullmatch(folded) and not is_part)):
            words.setdefault(term.text, Word(written, folded, term.text))
    return list(words.values())


def _expansion(word: Word, known: Known, neighbours: Neighbours | None) -> Expansion | None:
    meant = list(_spelt(word, known)) or list(_meant(word, known, neighbours))
    return Expansion(word, tuple(meant)) if meant else None


def _spelt(word: Word, known: Known) -> Iterator[tuple[str, float]]:
    """Words of the notes that are spelt almost like one that they do not have."""
    if not _LATIN.fullmatch(word.folded) or known.knows(word.term):
        return
    if word.written.isupper() and len(word.written) <= _ACRONYM:
        return
    alike = spelling.alike(word.folded, known.spelt)
    yield from ((text, _SPELT) for text in _standing(alike, known))


def _meant(word: Word, known: Known, neighbours: Neighbours | None) -> Iterator[tuple[str, float]]:
    if neighbours is None:
        return
    likeness = dict(neighbours(word.folded))
    yield from ((text, _MEANT * likeness[text]) for text in _standing(likeness, known))


def _standing(texts: Iterable[str], known: Known) -> list[str]:
    """The first of the texts that a passage within the filters has, one of each stem."""
    standing: dict[str, str] = {}
    for text in texts:
        stem = " ".join(tokens.words(text))
        if stem not in standing and known.stands(text):
            standing[stem] = text
        if len(standing) == _MOST:
            break
    return list(standing.values())
