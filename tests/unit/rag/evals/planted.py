"""A set of many questions, and an engine that ranks their rows as a table says: losses and noise can be planted."""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import NO_FILTERS, Chunk, Filters, Hit, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from rag.types import Document

LAST = 20  # rank of a row that is as good as lost
_RANKS, _SHARES = (1, 2, 3, 5, 10, LAST), (60, 15, 8, 7, 5, 5)


def make_set(folder: Path, count: int) -> Path:
    """A set of ``count`` questions, each with one right row."""
    folder.mkdir(parents=True)
    rows = [{"_id": f"d{i}", "title": f"Note {i}", "text": f"The answer is {i}."} for i in range(count)]
    asked = [{"_id": f"q{i}", "text": f"What is {i}?"} for i in range(count)]
    for name, records in (("corpus.jsonl", rows), ("queries.jsonl", asked)):
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    (folder / "qrels.tsv").write_text("".join(f"q{i}\td{i}\t1\n" for i in range(count)), "utf-8")
    return folder


def ranks(count: int, seed: int, *, noise: float = 0.0, lost: float = 0.0) -> list[int]:
    """The rank of each question's right row: the same for all, then some drawn anew, and some of the first put third."""
    table, other = random.Random(0), random.Random(seed)
    drawn = table.choices(_RANKS, _SHARES, k=count)
    drawn = [other.choices(_RANKS, _SHARES)[0] if other.random() < noise else rank for rank in drawn]
    firsts = [place for place, rank in enumerate(drawn) if rank == 1]
    for place in other.sample(firsts, round(lost * count)):
        drawn[place] = 3
    return drawn


@dataclass
class TableEngine:
    """Ranks by a table; every search finds the same rows else."""

    ranks: list[int]

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        return sum(document.id.startswith(root) for document in documents)

    def search(
        self, question: str, k: int = 10, *, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Retrieval:
        number = int(question.removeprefix("What is ").removesuffix("?"))
        others = [(number + step) % len(self.ranks) for step in range(1, k)]
        others.insert(self.ranks[number] - 1, number)
        hits = tuple(_hit(each, 1 / rank) for rank, each in enumerate(others, 1))
        return Retrieval(Query(question, filters, today), hits, stages={"lexical": hits})


def _hit(number: int, score: float) -> Hit:
    text = f"The answer is {number}."
    return Hit(Chunk(f"many/_/d{number}", 0, len(text), text, text, f"Note {number}", (1, 1)), score)


@dataclass
class TableOpener:
    """Opens engines with one table."""

    ranks: list[int]

    @contextmanager
    def __call__(
        self, home: Path | None = None, *, settings: Mapping[str, object] | None = None
    ) -> Iterator[TableEngine]:
        assert home is not None
        assert settings is not None
        home.mkdir(parents=True, exist_ok=True)
        yield TableEngine(self.ranks)
