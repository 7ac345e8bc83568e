"""Figures of the built-in model on the parallel pairs that were held out of its training.

::

    python -m training.measure DATA
"""

from __future__ import annotations

import argparse
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.models.static import StaticEmbedder
from training import corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.protocols import Embedder

_MOST: Final = 2_000
_CHINESE, _ENGLISH = 20, 10  # shorter ones (characters, words) are labels rather than sentences
_DEPTH: Final = 10


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    rows = held_out(parser.parse_args().data)
    for name, value in translation_recall(StaticEmbedder(), rows).items():
        sys.stdout.write(f"{name} of {len(rows)}: {value:.3f}\n")


def held_out(folder: Path) -> list[corpus.Row]:
    """At most 2,000 pairs of sentences, in an order that only their text decides; no text twice."""
    found: dict[str, corpus.Row] = {}
    english: set[str] = set()
    for row in corpus.rows(folder, corpus.FILES[0]):
        is_long = len(row.left) >= _CHINESE and len(row.right.split()) >= _ENGLISH
        if is_long and corpus.is_held_out(row) and row.left not in found and row.right not in english:
            found[row.left] = row
            english.add(row.right)
    return sorted(found.values(), key=lambda row: zlib.crc32(row.left.encode()))[:_MOST]


def translation_recall(embedder: Embedder, rows: Sequence[corpus.Row]) -> dict[str, float]:
    """Recall@10 of each text's translation among all, both ways, and of the first alone."""
    chinese = embedder.embed_passages([row.left for row in rows])
    english = embedder.embed_passages([row.right for row in rows])
    scores = chinese @ english.T
    return {
        "zh -> en recall@10": _recall(scores, _DEPTH),
        "en -> zh recall@10": _recall(scores.T, _DEPTH),
        "zh -> en recall@1": _recall(scores, 1),
        "en -> zh recall@1": _recall(scores.T, 1),
    }


def _recall(scores: NDArray[np.float32], depth: int) -> float:
    better = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float((better < depth).mean())


if __name__ == "__main__":
    main()
