"""Whether what is cited supports what is claimed, without a language model.

Numbers, days and names of the claim must be found, and nothing may be denied that is said; then it is a matter of how many
of its words, or of words that mean the same, stand in the source.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rag.answer import facts, polarity
from rag.answer.question import content, features
from rag.errors import ModelError
from rag.store.tokens import fold, terms, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from ingest.dates.moments import Moment
    from rag.protocols import Comparer, Inference
    from rag.types import DateRange

# Chosen on the first half of the pairs of tests/data/claims.
_SUPPORTED: Final = 0.42  # share of a claim that its source says
_PARTLY: Final = 0.22
_WORDS: Final = 0.5  # the same, where only words can be compared
_ALIKE: Final = 0.3  # how near a word's nearest in the source must come to it to count at all
_AROUND: Final = 0.6  # what a word counts that only the passage around the quotes says
_UNLIKE: Final = 0.1  # a noun whose nearest in the source is not nearer is none of it
_UNLIKE_NAME: Final = 0.25  # the same of a word that begins an English sentence
_NEARER: Final = 0.3  # how much better a clause must fit a claim, for its number to be the one that is meant
_ELSEWHERE: Final = "text"  # source of a date that some sentence of the passage names, maybe not a cited one
_TELLING: Final = 4  # words from which on a quote tells its language
_SURE: Final = 0.9  # from where on a model of inference is believed
_HAN: Final = re.compile("[\u3400-\u9fff]")
_NAMING: Final = "nae"  # jieba's tags of nouns, adjectives and foreign words begin so
_ORDINAL: Final = re.compile(r"^\s*\d{1,2}[.)、]\s")


class Support(NamedTuple):
    """How far a claim is supported, and what of it is missing in its source, as the claim writes it."""

    supported: bool
    partly: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """What a claim rests on.

    Attributes:
        quotes: the cited words.
        context: titles and headings that they stand under.
        dates: of the cited passages.
        around: the passages that the quotes stand in.
    """

    quotes: str
    context: str = ""
    dates: tuple[DateRange, ...] = ()
    around: str = ""

    @cached_property
    def text(self) -> str:
        """All that is known of it, folded."""
        return fold(f"{self.context}\n{self.quotes}")

    @cached_property
    def words(self) -> frozenset[str]:
        """What it offers to match."""
        return features(f"{self.context}\n{self.quotes}")

    @cached_property
    def told(self) -> str:
        """The quotes; where they have hardly a word, such as a table's row, with what stands around them."""
        telling = sum(word[0].isalpha() for word in content(self.quotes)) >= _TELLING
        return self.quotes if telling or not self.around else f"{self.context}\n{self.around}"

    @cached_property
    def is_chinese(self) -> bool:
        """Their language."""
        return facts.is_chinese(self.told)

    @cached_property
    def clauses(self) -> list[str]:
        """The quotes clause by clause."""
        return polarity.clauses(_plain(self.quotes))

    @cached_property
    def words_around(self) -> frozenset[str]:
        """What the passages offer to match."""
        return features(self.around)

    @cached_property
    def names_around(self) -> frozenset[str]:
        """What of it belongs to a name."""
        return frozenset().union(*map(features, facts.latin_names(self.around)))

    @cached_property
    def times(self) -> facts.Times:
        """The days that it names, and those of its passages."""
        base = (self.dates[0].first, self.dates[0].last) if self.dates else None
        named = facts.times(_plain(f"{self.context}\n{self.quotes}"), base)
        own = frozenset((d.first, d.last) for d in self.dates if not d.source.startswith(_ELSEWHERE))
        return facts.Times(named.days | own, named.partial)

    @cached_property
    def numbers(self) -> frozenset[object]:
        """The values that stand in it, and the years that it is from."""
        around = fold(facts.without_times(_plain(self.context)))
        years = (day.year for d in self.dates for day in (d.first, d.last))
        told = (n.value for text in (around, fold(self.quotes)) for n in facts.numbers(text, strict=False))
        return frozenset((*told, *years, *facts.hours(fold(self.quotes))))


def judge(
    claim: str, source: Source, comparer: Comparer | None = None, inference: Inference | None = None
) -> Support:
    """How far a source supports a claim.

    Args:
        claim: a sentence without markers.
        source: what it cites.
        comparer: tells how near words are to a text, so that paraphrases and translations count; without it a
            translated claim needs a number or a name in common.
        inference: reads what has no missing fact, and is sure of some of it.
    """
    missing = tuple(
        dict.fromkeys(
            (*_facts(claim, source), *polarity.contradictions(_plain(claim), _plain(source.quotes)))
        )
    )
    if missing:
        return Support(supported=False, missing=missing)
    share = _coverage(claim, source, comparer)
    doubtful = tuple(dict.fromkeys((*_replaced(claim, source, comparer), *_unheard(claim, source, comparer))))
    supported = share >= (_SUPPORTED if comparer else _WORDS) and not doubtful
    found = Support(supported, partly=share >= _PARTLY and not supported, missing=doubtful)
    return _read(found, claim, source, inference) if inference else found


def _read(found: Support, claim: str, source: Source, inference: Inference) -> Support:
    """What was found, unless a model that reads both is sure of something else; one that fails says nothing."""
    try:
        entails, contradicts = inference.judge(source.quotes, claim)
    except ModelError:
        return found
    if contradicts >= _SURE:
        return Support(supported=False, missing=(claim,))
    return Support(supported=True) if entails >= _SURE else found


def _facts(claim: str, source: Source) -> Iterator[str]:
    """The days, numbers and names of a claim that its source does not tell, or tells of something else."""
    for clause in polarity.clauses(_plain(_ORDINAL.sub("", claim))):
        rest = clause
        for moment, named in facts.told_days(clause):
            rest = rest.replace(named, " ")
            if not facts.is_told(moment, source.times) or _is_elsewhere(
                clause, named, source, partial(_tells_day, moment), _days
            ):
                yield named
        for number in facts.counted(facts.numbers(fold(rest))):
            named = fold(rest)[number.start : number.end].strip()
            if number.value not in source.numbers or _is_elsewhere(
                fold(rest), named, source, partial(_tells_value, number.value), _values
            ):
                yield named
        yield from _names(clause, source)


def _is_elsewhere(
    clause: str, named: str, source: Source, tells: Callable[[str], bool], speaks: Callable[[str], set[Any]]
) -> bool:
    """Whether what a clause tells is told in its source only of something else.

    So it is where the source's clause that speaks of the same tells another such thing (``speaks``), and one that tells this
    (``tells``) speaks much less of the same.
    """
    rest = clause.replace(named, " ")
    best, share = polarity.best_clause(rest, source.clauses)
    if not speaks(best) or tells(best) or speaks(best) & speaks(rest):
        return False
    having = [other for other in source.clauses if tells(other)]
    return bool(having) and share - polarity.best_clause(rest, having)[1] >= _NEARER


def _tells_day(moment: Moment, text: str) -> bool:
    return facts.is_told(moment, facts.times(text))


def _tells_value(value: Decimal, text: str) -> bool:
    return value in _values(text)


def _tells_name(name: str, text: str) -> bool:
    return name in fold(text)


def _values(text: str) -> set[Decimal]:
    return {number.value for number in facts.counted(facts.numbers(fold(text)))}


def _days(text: str) -> set[Moment]:
    return {moment for moment, _ in facts.told_days(text)}


def _names(clause: str, source: Source) -> Iterator[str]:
    foreign = facts.is_chinese(clause) != source.is_chinese
    for name in facts.names(clause):
        folded = fold(name).removesuffix("'s")
        is_han = _HAN.match(folded) is not None
        if foreign and (is_han or source.is_chinese) and not re.search(r"[\d_]", folded):
            continue  # Su He is 苏禾 there
        found = folded in source.text or features(folded) <= source.words
        if not found or (
            folded in facts.people(clause)
            and _is_elsewhere(clause, name, source, partial(_tells_name, folded), facts.people)
        ):
            yield name


def _replaced(claim: str, source: Source, comparer: Comparer | None) -> Iterator[str]:
    """Words of a claim in whose place the source has another one: the green teapot, where it is the blue one."""
    own, written = features(claim), _written(claim)
    acts = {
        word
        for word, tag in facts.tagged(claim)
        if tag[0] not in _NAMING or len(word) == 1 or word in facts.LABELS
    }
    told = list(pairwise(words(source.quotes)))
    for word, head in pairwise(words(claim)):
        before = [other for other, one in told if one == head]
        if (
            before
            and word not in acts
            and _is_content(word)
            and _is_content(head)
            and all(_is_content(other) and other not in own for other in before)
            and not _says(word, written.get(word, word), source, comparer)
        ):
            yield written.get(word, word)


def _unheard(claim: str, source: Source, comparer: Comparer | None) -> Iterator[str]:
    """What may be a name, and nothing in the source is like it: an English sentence's first word, a Chinese noun."""
    if comparer is None or facts.is_chinese(claim) != source.is_chinese:
        return
    leading = facts.leading(claim)
    nouns = [(word, _UNLIKE) for word in facts.nouns(claim)]
    for word, limit in (*([(leading, _UNLIKE_NAME)] if leading else ()), *nouns):
        known = features(word) <= (source.words | source.words_around - source.names_around)
        if not known and comparer.compare(word, [f"{source.context} {source.quotes}"]).coverage[0] < limit:
            yield word


def _is_content(word: str) -> bool:
    return bool(content(word)) and word not in facts.MEASURE and not facts.numbers(word, strict=False)


def _coverage(claim: str, source: Source, comparer: Comparer | None) -> float:
    """The share of a claim that its source says: of its words, or of their meaning, whichever is more."""
    rest = fold(_ORDINAL.sub("", claim))
    for number in reversed(facts.numbers(rest)):  # they were judged
        rest = rest[: number.start] + " " + rest[number.end :]
    wanted = [word for word in content(rest) if not word[0].isdigit() and word not in facts.MEASURE]
    foreign = facts.is_chinese(claim) != source.is_chinese
    if foreign:  # names are written otherwise there
        wanted = [word for word in wanted if word not in facts.people(claim)]
    if not wanted:
        return 1.0
    written = _written(claim)
    said = [_says(word, written.get(word, word), source, comparer) for word in wanted]
    if comparer is None:
        return 1.0 if foreign and (1.0 in said or facts.numbers(fold(claim))) else sum(said) / len(said)
    meant = comparer.compare(claim, [source.told]).coverage[0]
    return max(meant, sum(said) / len(said))


def _written(claim: str) -> dict[str, str]:
    """The words of a claim as it writes them, by their stems."""
    return {term.text: claim[term.start : term.end] for term in reversed(terms(claim))}


def _says(word: str, written: str, source: Source, comparer: Comparer | None) -> float:
    """How far a source says a word, 0 to 1: by its stem, by its characters, by a word that means the same."""
    if word in source.words or (_HAN.match(word) and source.words.issuperset(word)):
        return 1.0
    if word in source.words_around:
        return _AROUND
    if comparer is None:
        return 0.0
    near = comparer.compare(written, [source.told]).coverage[0]
    return near if near >= _ALIKE else 0.0


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
