"""What is asked: small corpora made of training pairs, and the development questions of evaluation sets."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from rag.evals import corpus as set_corpus
from rag.evals import datasets
from rag.evals.datasets import Question
from rag.types import Document
from training import corpus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_T = TypeVar("_T")
_TALK: Final = frozenset({"audrey-transcript"})
_NEWS: Final = frozenset({"crud-news-title", "crud-news-lead"})
_HEALTH: Final = frozenset({"medquad"})
_ABSTRACTS: Final = frozenset({"pubmedqa"})
_DICTIONARY: Final = frozenset({"wordnet-en"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a corpus is made of.

    Attributes:
        pairs: the file of questions with their passages.
        sources: only these; none: all but ``without``.
        rows: how many pairs are drawn, each of which brings its passage.
        passages: a file of passages, of which ``more`` are drawn too.
    """

    name: str
    pairs: str
    rows: int
    sources: Collection[str] = ()
    without: Collection[str] = ()
    passages: str = ""
    more: int = 0


RECIPES: Final = (
    Recipe("health-en", "pairs-qa-en", 3_000, sources=_HEALTH),
    Recipe("abstracts-en", "pairs-qa-en", 1_000, sources=_ABSTRACTS, passages="passages-en", more=2_000),
    Recipe("manuals-en", "pairs-qa-en", 2_500, without=_HEALTH | _ABSTRACTS | _TALK),
    Recipe("headings-en", "pairs-heading-en", 4_000, without=_DICTIONARY),
    Recipe("manuals-zh", "pairs-qa-zh", 3_000, without=_TALK),
    Recipe("talk-zh", "pairs-qa-zh", 2_000, sources=_TALK),
    Recipe("news-zh", "pairs-heading-zh", 2_000, sources=_NEWS, passages="passages-zh", more=3_000),
    Recipe("headings-zh", "pairs-heading-zh", 3_000, without=_NEWS),
)


@dataclass(frozen=True, slots=True)
class Pool:
    """A corpus, its questions, and by question id the ids of the documents that answer."""

    name: str
    root: str
    documents: Sequence[Document]
    questions: Sequence[Question]
    answers: Mapping[str, Collection[str]]


def drawn(data: Path, recipe: Recipe, asked: int, seed: int) -> Pool:
    """Draw a corpus and at most ``asked`` questions, the same for the same seed; equal passages are one."""
    rng = random.Random(f"{recipe.name} {seed}")  # noqa: S311 - drawing, no secrets
    pairs = _drawn(rng, list(_rows(data, recipe)), recipe.rows)
    more = _drawn(rng, list(_passages(data, recipe)), recipe.more)
    texts = dict.fromkeys([*(pair.right for pair in pairs), *more])
    documents = {
        text: _document(f"{recipe.name}/{number:05}", text) for number, text in enumerate(sorted(texts))
    }
    answers: dict[str, set[str]] = {}
    for pair in pairs:
        answers.setdefault(pair.left, set()).add(documents[pair.right].id)
    questions = [Question(text, text) for text in sorted(answers)]
    rng.shuffle(questions)
    return Pool(recipe.name, recipe.name, list(documents.values()), questions[:asked], answers)


def developed(folder: Path) -> Pool:
    """An evaluation set with the questions of its development split."""
    data = datasets.load(folder)
    rows = {row_id: doc_id for doc_id, row_id in data.row_ids.items()}
    answers = {
        question: {rows[row] for row, grade in graded.items() if grade > 0}
        for question, graded in data.qrels.items()
    }
    documents = [set_corpus.document(row) for row in data.rows]
    return Pool(data.name, data.root, documents, data.chosen("dev", None), answers)


def _document(name: str, text: str) -> Document:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Document(id=name, text=text, sha256=sha256, title="", format="text")


def _rows(data: Path, recipe: Recipe) -> Iterator[corpus.Row]:
    (file,) = (file for file in corpus.FILES if file.name == recipe.pairs)
    for row in corpus.rows(data, file):
        if (not recipe.sources or row.source in recipe.sources) and row.source not in recipe.without:
            yield row


def _passages(data: Path, recipe: Recipe) -> Iterator[str]:
    for file in corpus.FILES:
        if file.name == recipe.passages:
            yield from (row.left for row in corpus.rows(data, file))


def _drawn(rng: random.Random, items: list[_T], count: int) -> list[_T]:
    return rng.sample(items, min(count, len(items)))
