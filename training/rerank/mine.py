"""Asks the engine the questions of a pool, and keeps what speaks for each of the best candidates.

Negatives are thus what our own retrieval, graph included, puts beside the right passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.engine import Engine
from rag.models.evidence import features
from rag.models.static import StaticEmbedder
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from training.rerank.pools import Pool

DEPTH: Final = 30  # rerank.candidates
_STAGE: Final = "linked"


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
        engine.import_documents(pool.root, pool.documents)
        for question in pool.questions:
            filters = Filters((question.folder,) if question.folder else (), question.exclude)
            found = engine.search(question.text, DEPTH, filters=filters, today=question.day)
            hits = found.stages.get(_STAGE, ())[:DEPTH]
            notes = list(dict.fromkeys(hit.chunk.doc_id for hit in hits))
            answers = pool.answers.get(question.id, ())
            right = np.array([note in answers for note in notes], dtype=bool)
            if right.any():
                places = np.array([notes.index(hit.chunk.doc_id) for hit in hits], dtype=np.int64)
                yield Asked(features(question.text, hits, reader), places, right, len(answers))
