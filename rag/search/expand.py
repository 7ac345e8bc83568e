"""Help for weak questions: words that the notes do not have are looked for as the notes say them.

A Latin word that no passage has may be mistyped: words of the notes that are spelt almost like it are looked for, too.
Where full text finds little, words that no passage has are also looked for by what they mean, in Chinese and English,
but for those in quotes, which are names.
Whatever was looked for beside the question's own words is told, and is in a passage that the question's filters let
through.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from rag.search import spelling
from rag.store import tokens
from rag.store.lexical_fields import Beside
from rag.types import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.protocols import KeyFilter, Thesaurus
    from rag.search.fuse import Scored
    from rag.store.known import Allowed, Known
    from rag.types import Query


# Chosen on development questions: docs/decisions/0006-weak-questions.md.
_WEAK: Final = 0.2  # of the ceiling: what full text's best passage scores below this
_MOST: Final = 3  # words that one word is looked for as
_SPELT: Final = 0.8  # weight of a word that is spelt almost like one
_MEANT: Final = 0.5  # weight of a word that means the same, times its likeness
_AND: Final = ", "  # between words that are shown
_LATIN: Final = re.compile("[a-z]+")
_HAN: Final = re.compile("[\u3400-\u9fff]{2,}")
_QUOTED: Final = re.compile(
    r"""《[^《》]+》|“[^“”]+”|「[^「」]+」|『[^『』]+』|‘[^‘’]+’|(?<!\w)"[^"]+"(?!\w)|(?<!\w)'[^']+'(?!\w)"""
)
_ACRONYM: Final = 5  # letters of a word in capitals, up to which it is no word that could be mistyped


class Source(Protocol):
    """Full text that tells which words it knows."""

    def search(self, query: Query, k: int, beside: Sequence[Beside] = ()) -> list[Scored]:
        """At most k (chunk key, score) pairs, best first."""

    def ceiling(self, query: Query) -> float:
        """The score of a passage that said every term of the question."""

    def known(self, allowed: Allowed) -> Known | None:
        """Which words the index knows, and which stand in allowed passages."""


class Word(NamedTuple):
    """A word of a question: as it is written, folded, and as a term of the index; and whether it stands in quotes."""

    written: str
    folded: str
    term: str
    is_quoted: bool = False


class Expansion(NamedTuple):
    """Words that one word of the question is also looked for as, best first, each with its weight."""

    word: Word
    meant: tuple[tuple[str, float], ...]

    def part(self) -> Part:
        """As it is shown."""
        return Part("words", self.word.written, _AND.join(text for text, _ in self.meant))


def expanded(
    source: Source,
    query: Query,
    found: Sequence[Scored],
    depth: int,
    *,
    key_filter: KeyFilter,
    thesaurus: Thesaurus | None = None,
) -> tuple[list[Scored], tuple[Part, ...]]:
    """What full text finds when a weak question's words are also looked for in other words.

    Args:
        source: full text.
        query: the question.
        found: what ``source`` has found for it, best first.
        depth: how many passages are wanted.
        key_filter: tells which passages the question's filters let through; no word of another one is shown.
        thesaurus: knows what words mean; None: only their spelling helps.

    Returns:
        (key, score > 0) pairs, and what was looked for beside the question's words; where that is nothing, ``found``.
    """
    known = source.known(lambda: key_filter.allowed_keys(query.filters))
    if known is None:
        return list(found), ()
    is_weak = not found or found[0][1] < _WEAK * source.ceiling(query)
    words = content(query.text)
    expansions = [each for word in words if (each := _expansion(word, known, thesaurus, is_weak=is_weak))]
    if not expansions:
        return list(found), ()
    beside = [Beside(each.meant) for each in expansions]
    return source.search(query, depth, beside), tuple(each.part() for each in expansions)


def restated(question: str, parts: Iterable[Part]) -> str:
    """A question with the words that the notes have instead of its own, the best of each: to be read beside what was found."""
    for part in parts:
        if part.kind == "words":
            before, after = (f"(?{side}[A-Za-z])" for side in ("<!", "!"))
            pieces = re.split(f"{before}{re.escape(part.written)}{after}", question)
            question = part.meaning.partition(_AND)[0].join(pieces)
    return question


def content(text: str) -> list[Word]:
    """The words of a question that carry meaning, each once: Latin words without digits or parts, and Han words."""
    wanted = set(tokens.words(text)) - tokens.common()
    terms = [term for term in tokens.terms(text) if not _HAN.fullmatch(term.text) or term.text in wanted]
    words: dict[str, Word] = {}
    quoted = [m.span() for m in _QUOTED.finditer(text)]
    end = 0
    for term, after in zip_longest(terms, terms[1:]):
        is_part = term.start < end or (after is not None and after.start < term.end)
        end = max(end, term.end)
        written = text[term.start : term.end]
        folded = tokens.fold(written)
        if term.text in wanted and (_HAN.fullmatch(folded) or (_LATIN.fullmatch(folded) and not is_part)):
            is_quoted = any(first <= term.start and term.end <= last for first, last in quoted)
            words.setdefault(term.text, Word(written, folded, term.text, is_quoted))
    return list(words.values())


def _expansion(word: Word, known: Known, thesaurus: Thesaurus | None, *, is_weak: bool) -> Expansion | None:
    meant = _spelt(word, known) if _may_be_mistyped(word, known, thesaurus) else []
    if not (meant or word.is_quoted) and is_weak and thesaurus and not known.stands(word.folded):
        meant = _alike(word, known, thesaurus)
    return Expansion(word, tuple(meant)) if meant else None


def _may_be_mistyped(word: Word, known: Known, thesaurus: Thesaurus | None) -> bool:
    """Whether neither the notes nor a model know a Latin word; short words in capitals are not meant to be known."""
    if not _LATIN.fullmatch(word.folded) or known.knows(word.term):
        return False
    if word.written.isupper() and len(word.written) <= _ACRONYM:
        return False
    return thesaurus is None or not thesaurus.knows(word.folded)


def _spelt(word: Word, known: Known) -> list[tuple[str, float]]:
    """Words that are spelt most like one."""
    near = spelling.alike(word.folded, known.spelt)
    standing = _standing(near, word, known)
    return [(text, _SPELT) for text, mistakes in standing if mistakes == standing[0][1]]


def _alike(word: Word, known: Known, thesaurus: Thesaurus) -> list[tuple[str, float]]:
    """Words that mean what one means."""
    near = thesaurus.neighbours(word.folded)
    return [(text, _MEANT * likeness) for text, likeness in _standing(near, word, known)]


def _standing(near: Iterable[tuple[str, float]], word: Word, known: Known) -> list[tuple[str, float]]:
    """The first few that passages within the filters have, one of each stem, with what is told of them."""
    standing: dict[str, tuple[str, float]] = {}
    for text, told in near:
        stem = " ".join(tokens.words(text))
        if stem not in standing and stem != word.term and known.stands(text):
            standing[stem] = text, told
        if len(standing) == _MOST:
            break
    return list(standing.values())
