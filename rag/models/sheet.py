"""A question and passages as places in one table of their distinct tokens: what is needed to read them against each other.

All of it comes from a model's tokens and their vectors; no text is analysed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]
    Places = NDArray[np.int64]

_TINY: Final = 1e-9


@runtime_checkable
class Reader(Protocol):
    """A model that reads texts token by token and has a vector for each token."""

    def sheet(self, question: str, texts: Sequence[str]) -> Sheet:
        """A question and passages, laid out to be read against each other."""


@dataclass(frozen=True)
class Sheet:
    """Passages one after another, and the question.

    Attributes:
        places: in ``table``, of all tokens of the passages.
        starts: where each passage begins in ``places``; one more at the end.
        asked: places of the question's tokens, in order.
        table: the vectors of the distinct tokens; not normalised: the longer, the rarer.
        length: of each of them.
    """

    places: Places
    starts: Places
    asked: Places
    table: Numbers = field(repr=False)
    length: Numbers = field(repr=False)

    @property
    def passages(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    @property
    def owner(self) -> Places:
        """The passage of each token."""
        return np.repeat(np.arange(self.passages), np.diff(self.starts))

    @cached_property
    def terms(self) -> Places:
        """The question's distinct tokens, in the order of their places."""
        return distinct(self.asked)[0]

    @cached_property
    def alike(self) -> Numbers:
        """How like each of the question's ``terms`` is to each token of the table: their cosine, at least 0."""
        unit = self.table[self.terms] / np.maximum(self.length[self.terms], _TINY)[:, None]
        cosine = unit @ self.table.T
        cosine /= np.maximum(self.length, _TINY)
        return np.maximum(cosine, 0, out=cosine)

    @cached_property
    def counts(self) -> Places:
        """How often each passage has each token of the table; shape (passages, tokens)."""
        width = len(self.table)
        found = np.bincount(self.owner * width + self.places, minlength=self.passages * width)
        return found.reshape(self.passages, width)

    def some(self, passages: Sequence[int]) -> Sheet:
        """The same with these passages only, in this order; what was computed of the question is kept."""
        bounds = [(self.starts[one], self.starts[one + 1]) for one in passages]
        parts = [self.places[first:end] for first, end in bounds]
        starts = np.array([0, *accumulate(map(len, parts))], dtype=np.int64)
        made = Sheet(np.concatenate([self.places[:0], *parts]), starts, self.asked, self.table, self.length)
        kept = {"terms": self.terms, "alike": self.alike, "counts": self.counts[list(passages)]}
        made.__dict__.update(kept)
        return made


def read(
    question: Sequence[int] | Places,
    passages: Sequence[Places],
    vectors: Callable[[Places], Numbers],
) -> Sheet:
    """Lay out a question and passages, given by their tokens.

    Args:
        question: its tokens, by number.
        passages: likewise.
        vectors: of tokens, each named once; shape (tokens, dimension).
    """
    asked = np.asarray(question, dtype=np.int64)
    tokens, places = distinct(np.concatenate([*passages, asked]))
    table = vectors(tokens)
    starts = np.array([0, *accumulate(map(len, passages))], dtype=np.int64)
    length = np.sqrt(np.einsum("ij,ij->i", table, table))
    return Sheet(places[: starts[-1]], starts, places[starts[-1] :], table, length)


def cosine(sheet: Sheet) -> Numbers:
    """Cosine of the question and each passage, a token that stands n times in a passage counted sqrt(n) times."""
    vectors = np.sqrt(sheet.counts, dtype=np.float32) @ sheet.table
    question = sheet.table[sheet.asked].sum(axis=0)
    length = np.linalg.norm(vectors, axis=1) * np.linalg.norm(question)
    return np.asarray(vectors @ question / np.maximum(length, _TINY), dtype=np.float32)


def coverage(sheet: Sheet) -> Numbers:
    """Share of the question that each passage covers: each token by its nearest in the passage, weighted by its length."""
    weight = sheet.length[sheet.terms]
    found = np.zeros(sheet.passages, dtype=np.float32)
    filled = np.flatnonzero(np.diff(sheet.starts))
    if len(filled):
        nearest = np.maximum.reduceat(sheet.alike[:, sheet.places], sheet.starts[filled], axis=1)
        found[filled] = weight @ nearest / max(float(weight.sum()), _TINY)
    return found


def distinct(tokens: Places) -> tuple[Places, Places]:
    """The tokens in order, each once, and for each given one its place there: ``np.unique`` without sorting (and without loading ``numpy.ma``)."""
    present = np.zeros(int(tokens.max(initial=-1)) + 1, dtype=np.bool_)
    present[tokens] = True
    found = np.flatnonzero(present)
    place = np.empty(len(present), dtype=np.int64)
    place[found] = np.arange(len(found))
    return found, place[tokens]
