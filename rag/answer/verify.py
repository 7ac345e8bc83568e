"""Checks what a language model wrote: every ``[n]`` must lead to a sentence of a passage that it was shown.

What the cited words must hold of a sentence, :mod:`rag.answer.support` says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rag.answer.cite import MARKER, citation_for, known_days, readable
from rag.answer.facts import counted, numbers
from rag.answer.question import content, features
from rag.answer.sentences import ends, sentences
from rag.answer.support import Source, Support, judge
from rag.store.tokens import common, fold
from rag.types import SentenceSupport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rag.answer.sentences import Span
    from rag.protocols import Comparer, Inference
    from rag.types import Chunk, Citation

_LONGEST_SENTENCE = 3000  # characters
_WINDOW = 3  # a claim is proven by at most so many sentences in a row
_NUMBER_WEIGHT, _GRAMMAR_WEIGHT = 2.0, 0.2
_NEAR = 0.75  # another place says at least this share of what the best says
_PLACES = 3  # so many are looked at for one that supports the claim
_LENGTHEN = 0.12  # share of the claim's words that each further sentence must add
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


def verify(text: str, passages: Sequence[Chunk], comparer: Comparer | None = None) -> Verified:
    """Check a whole text against the passages it may cite: ``[n]`` means ``passages[n - 1]``."""
    verifier = Verifier(passages, comparer)
    clean = "".join(verifier.feed(sentence) for sentence in whole_sentences([text]))
    return verifier.result(clean)


class Verifier:
    """Checks a text sentence by sentence, as it is written.

    The markers that come out are numbered anew from 1, one number for each cited span.
    """

    def __init__(
        self,
        passages: Sequence[Chunk],
        comparer: Comparer | None = None,
        inference: Inference | None = None,
    ) -> None:
        self._passages = passages
        self._inference = inference
        self._comparer = comparer
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
        return {n: self._citation(n, self._place(claim, n)) for n in dict.fromkeys(numbers)}

    def _place(self, claim: str, n: int) -> Span:
        """The place in a passage that supports a claim by itself; where none does, the one that says most of it."""
        places = narrow(claim, self._passages[n - 1], _PLACES)
        sentence = _bare(claim)
        return next(
            (place for place in places if len(places) > 1 and self._judged(sentence, {n: place}).supported),
            places[0],
        )

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
        sentence = _bare(claim)
        if not content(sentence) or (not cited and sentence.endswith((":", "："))):
            return
        markers = tuple(dict.fromkeys(citation.marker for citation in cited.values()))
        places = {
            n: (c.start - self._passages[n - 1].start, c.end - self._passages[n - 1].start)
            for n, c in cited.items()
        }
        found = self._judged(sentence, places, self._inference) if cited else Support(supported=False)
        self._support.append(SentenceSupport(sentence, markers, *found))

    def _judged(
        self, sentence: str, places: Mapping[int, Span], inference: Inference | None = None
    ) -> Support:
        cited = [(self._passages[n - 1], place) for n, place in places.items()]
        source = Source(
            quotes="\n".join(passage.text[slice(*place)] for passage, place in cited),
            context="\n".join(passage.context for passage, _ in cited),
            dates=tuple(day for passage, _ in cited for day in known_days(passage)),
            around="\n".join(readable(passage) for passage, _ in cited),
        )
        return judge(sentence, source, self._comparer, inference)


def _bare(claim: str) -> str:
    """A sentence without the sign or the number of its list item."""
    return _ORDINAL.sub("", claim).strip()


def narrow(claim: str, passage: Chunk, most: int = 1) -> list[Span]:
    """Where a passage says most of a claim: a sentence, or a few in a row; the whole where none does.

    The best ``most`` such places, best first. A number counts twice, however it is written, a word of grammar little.
    """
    text = readable(passage)
    units = [(span, _weighed(text[slice(*span)])) for span in sentences(text)]
    wanted = _weighed(claim)
    whole = max(1.0, sum(wanted.values()))
    found: list[tuple[float, Span]] = []
    for i in range(len(units)):
        said: dict[str, float] = {}
        best = 0.0
        for j, (span, words) in enumerate(units[i : i + _WINDOW]):
            said |= {word: wanted[word] for word in words.keys() & wanted.keys()}
            value = sum(said.values()) / whole - _LENGTHEN * j
            if value > best:
                best = value
                found.append((value, (units[i][0][0], span[1])))
    found.sort(key=lambda one: -one[0])
    near = [span for value, span in found[:most] if value >= _NEAR * found[0][0]]
    return near or [(0, len(passage.text))]


def _weighed(text: str) -> dict[str, float]:
    """What a text offers to match, numbers once more by their value."""
    little = common()
    values = counted(numbers(fold(text)))
    return {word: _GRAMMAR_WEIGHT if word in little else 1.0 for word in features(text)} | {
        f"#{n.value}": _NUMBER_WEIGHT for n in values
    }


def whole_sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces of a stream and cut them after each sentence and the markers that belong to it."""
    pending = ""
    for piece in pieces:
        pending += piece
        while cut := _first_cut(pending) or _forced_cut(pending):
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending


def _forced_cut(text: str) -> int:
    """Where a text without end is cut: between words, where there are any; 0 while it may be a sentence."""
    if len(text) <= _LONGEST_SENTENCE:
        return 0
    return max(text.rfind(" ", 0, _LONGEST_SENTENCE), 0) or _LONGEST_SENTENCE


def _first_cut(text: str) -> int:
    """Where the first sentence surely ends; 0 where that is not known yet."""
    for end in sorted((*ends(text, 0, len(text)), *(m.start() for m in _BREAK.finditer(text)))):
        after = _MARKERS.match(text, end)
        cut = after.end() if after else end
        is_image = text[cut - 1] == "!" and text.startswith("[", cut)
        if text[cut:].strip() and not is_image and not _HALF_MARKER.match(text, cut):
            return cut
    return 0
