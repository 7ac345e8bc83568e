"""Checks what a language model wrote: every ``[n]`` must lead to a sentence of a passage that it was shown.

The checks are deterministic: numbers must stand in what is cited, and so must half of the words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rag.answer.cite import MARKER, citation_for, known_days, readable
from rag.answer.question import content, features, is_chinese
from rag.answer.sentences import ends, sentences
from rag.store.tokens import fold
from rag.types import SentenceSupport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rag.answer.sentences import Span
    from rag.types import Chunk, Citation

_WINDOW = 3  # a claim is proven by at most so many sentences in a row
_LENGTHEN = 0.12  # share of the claim's words that each further sentence must add
_SUPPORTED = 0.5
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ORDINAL = re.compile(r"^\s*(?:[-*+•>#]+\s*)*(?:\d{1,2}[.)、]\s+)?")
_MARKERS = re.compile(rf"(?:[ \t]*(?:{MARKER.pattern}))*")
_BREAK = re.compile(r"(?<=\S)[ \t]*\n")
_HALF_MARKER = re.compile(r"[ \t]*[\[［【][ \t\d,，、;；^]*$")
_SPACED_MARKER = re.compile(rf"[ \t]*(?:{MARKER.pattern})")


class Marker(NamedTuple):
    """A citation marker in a text, and the numbers in it: ``[1, 2]`` has two."""

    start: int
    end: int
    numbers: tuple[int, ...]


class Verified(NamedTuple):
    """What is left of a text after the check; ``removed`` counts invented markers."""

    text: str
    citations: tuple[Citation, ...]
    support: tuple[SentenceSupport, ...]
    removed: int


def parse_markers(text: str) -> list[Marker]:
    """The markers of a text: ``[1]``, ``[1,2]``, ``[^1]``, ``【1】``, ``［1］``."""
    return [Marker(*m.span(), tuple(int(n) for n in re.findall(r"\d+", m[1]))) for m in MARKER.finditer(text)]


def verify(text: str, passages: Sequence[Chunk]) -> Verified:
    """Check a whole text against the passages it may cite: ``[n]`` means ``passages[n - 1]``."""
    verifier = Verifier(passages)
    clean = "".join(verifier.feed(sentence) for sentence in whole_sentences([text]))
    return verifier.result(clean)


class Verifier:
    """Checks a text sentence by sentence, as it is written.

    The markers that come out are numbered anew from 1, one number for each cited span.
    """

    def __init__(self, passages: Sequence[Chunk]) -> None:
        self._passages = passages
        self._citations: dict[tuple[int, Span], Citation] = {}
        self._support: list[SentenceSupport] = []
        self._removed = 0
        self._begun = False
        self._gap = ""

    def feed(self, sentence: str) -> str:
        """The sentence with proven markers only; white space around it waits for the next one."""
        sentence = self._without_invented(sentence)
        claim = _SPACED_MARKER.sub("", sentence)
        cited = self._cite(claim, [n for marker in parse_markers(sentence) for n in marker.numbers])
        clean = _SPACED_MARKER.sub(lambda m: self._renumbered(m, cited), sentence)
        self._judge(claim, cited)
        waiting = self._gap + clean
        body = waiting.rstrip() if self._begun else waiting.strip()
        if not body.strip():
            self._gap = waiting if self._begun else ""
            return ""
        self._gap = waiting[len(waiting.rstrip()) :]
        self._begun = True
        return body

    def result(self, text: str) -> Verified:
        """What was found so far, for the text that ``feed`` gave."""
        return Verified(text, tuple(self._citations.values()), tuple(self._support), self._removed)

    def _without_invented(self, sentence: str) -> str:
        """The sentence without numbers that name no passage; ``[[9]1]`` takes two turns."""
        while True:
            invented = sum(not self._known(n) for marker in parse_markers(sentence) for n in marker.numbers)
            if not invented:
                return sentence
            self._removed += invented
            sentence = _SPACED_MARKER.sub(self._known_only, sentence)

    def _known(self, n: int) -> bool:
        return 1 <= n <= len(self._passages)

    def _known_only(self, match: re.Match[str]) -> str:
        known = [n for n in re.findall(r"\d+", match[1]) if self._known(int(n))]
        space = match[0][: len(match[0]) - len(match[0].lstrip())]
        return f"{space}[{','.join(known)}]" if known else ""

    def _cite(self, claim: str, numbers: Iterable[int]) -> dict[int, Citation]:
        return {n: self._citation(n, narrow(claim, self._passages[n - 1])) for n in dict.fromkeys(numbers)}

    def _citation(self, n: int, span: Span) -> Citation:
        known = self._citations.get((n, span))
        if known is None:
            known = citation_for(self._passages[n - 1], span, len(self._citations) + 1)
            self._citations[n, span] = known
        return known

    @staticmethod
    def _renumbered(match: re.Match[str], cited: Mapping[int, Citation]) -> str:
        space = match[0][: len(match[0]) - len(match[0].lstrip())]
        markers = dict.fromkeys(cited[int(n)].marker for n in re.findall(r"\d+", match[1]))
        return space + "".join(f"[{n}]" for n in markers)

    def _judge(self, claim: str, cited: Mapping[int, Citation]) -> None:
        sentence = _ORDINAL.sub("", claim).strip()
        if not content(sentence) or (not cited and sentence.endswith((":", "："))):
            return
        quotes = "\n".join(citation.quote for citation in cited.values())
        context = "\n".join(_context(self._passages[n - 1]) for n in cited)
        markers = tuple(dict.fromkeys(citation.marker for citation in cited.values()))
        proven = bool(cited) and supports(sentence, quotes, context)
        self._support.append(SentenceSupport(sentence, markers, supported=proven))


def narrow(claim: str, passage: Chunk) -> Span:
    """The sentence of a passage, or the few in a row, that say most of a claim; the whole if none does."""
    text = readable(passage)
    units = [(span, features(text[slice(*span)])) for span in sentences(text)]
    wanted = features(claim)
    best, score = (0, len(passage.text)), 0.0
    for i in range(len(units)):
        said: frozenset[str] = frozenset()
        for j, (span, words) in enumerate(units[i : i + _WINDOW]):
            said |= words & wanted
            value = len(said) / max(1, len(wanted)) - _LENGTHEN * j
            if value > score:
                best, score = (units[i][0][0], span[1]), value
    return best


def supports(sentence: str, quotes: str, context: str = "") -> bool:
    """Whether the quotes, with titles, headings and dates as context, hold a sentence's numbers and half its words.

    Where sentence and quotes are in different languages, a shared number or name has to do.
    """
    evidence = f"{context}\n{quotes}"
    numbers = _numbers(sentence)
    if not numbers <= _numbers(evidence):
        return False
    wanted, said = content(sentence), features(evidence)
    shared = [word for word in wanted if word in said or (is_chinese(word) and said.issuperset(word))]
    if is_chinese(sentence) != is_chinese(quotes):
        return bool(numbers or shared)
    return len(shared) >= _SUPPORTED * len(wanted)


def _context(passage: Chunk) -> str:
    days = (f"{day.first} {day.last}" for day in known_days(passage))
    return " ".join((passage.context, *days))


def whole_sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces of a stream and cut them after each sentence and the markers that belong to it."""
    pending = ""
    for piece in pieces:
        pending += piece
        while cut := _first_cut(pending):
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending


def _first_cut(text: str) -> int:
    """Where the first sentence surely ends; 0 where that is not known yet."""
    for end in sorted((*ends(text, 0, len(text)), *(m.start() for m in _BREAK.finditer(text)))):
        after = _MARKERS.match(text, end)
        cut = after.end() if after else end
        if text[cut:].strip() and not _HALF_MARKER.match(text, cut):
            return cut
    return 0


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "").lstrip("0") or "0" for number in _NUMBER.findall(fold(text))}
