"""Asks the engine the questions of a corpus, and keeps what speaks for each of the best candidates.

Negatives are thus what our own retrieval, graph included, puts beside the right passage.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.engine import Engine
from rag.models.static import StaticEmbedder
from rag.search.evidence import features
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from training.rerank.pools import Pool

DEPTH: Final = 50
_ROOT: Final = "pool"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's candidates.

    Attributes:
        numbers: shape (candidates, features), best first.
        notes: which note each candidate is of, numbered by their first appearance.
        right: which notes answer.
        answers: how many notes would.
    """

    numbers: NDArray[np.float32]
    notes: NDArray[np.int64]
    right: NDArray[np.bool_]
    answers: int


def mined(pool: Pool, home: Path) -> Iterator[Asked]:
    """Every question of which a right passage is among the candidates: no weights could help the others."""
    reader = StaticEmbedder()
    with Engine.open(home, settings={"rerank.backend": "none"}) as engine:
        engine.import_documents(_ROOT, (_document(name, text) for name, text in pool.passages.items()))
        for question, answers in pool.questions:
            hits = engine.search(question, DEPTH).hits
            ids = [hit.chunk.doc_id.rpartition("/")[2] for hit in hits]
            notes = list(dict.fromkeys(ids))
            right = np.array([note in answers for note in notes], dtype=bool)
            if right.any():
                places = np.array([notes.index(note) for note in ids], dtype=np.int64)
                yield Asked(features(question, hits, reader), places, right, len(answers))


def _document(name: str, text: str) -> Document:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Document(id=f"{_ROOT}/{name}", text=text, sha256=sha256, title="", format="text")
