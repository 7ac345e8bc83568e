"""Learn the weights of the built-in reranker.

    python -m training.rerank DATA SETS [--out rag/models/builtin/reranker.json] [--seed 0]

DATA holds ``pairs-*.jsonl.zst`` and ``passages-*.jsonl.zst``, SETS evaluation sets, of which only the development
questions are asked. About 10 minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.models.evidence import FEATURES
from rag.models.learnt import WEIGHTS
from training.rerank import mine, pools, weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training.rerank.pools import Pool
    from training.rerank.weights import Weights

    Mined = dict[str, list[mine.Asked]]


def main() -> None:
    """Parse the command line and learn."""
    options = _parsed()
    with tempfile.TemporaryDirectory() as place:
        pairs = _mined(
            (pools.drawn(options.data, recipe, options.asked, options.seed) for recipe in pools.RECIPES),
            Path(place),
        )
        sets = _mined(
            (pools.developed(corpus.parent) for corpus in sorted(options.sets.glob("*/corpus.jsonl"))),
            Path(place),
        )
    best = weights.best(sets, pairs)
    write(options.out, best, {**pairs, **sets}, options.seed)
    sys.stdout.write(Path(options.out).read_text("utf-8"))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--asked", type=int, default=300, help="questions of each corpus of pairs")
    return parser.parse_args()


def _mined(asked: Iterable[Pool], homes: Path) -> Mined:
    found: Mined = {}
    for pool in asked:
        found[pool.name] = list(mine.mined(pool, homes / pool.name))
        sys.stdout.write(f"{pool.name}: {len(pool.documents)} documents, {len(found[pool.name])} questions\n")
        sys.stdout.flush()
    return found


def write(path: Path, best: Weights, mined: Mapping[str, Sequence[mine.Asked]], seed: int) -> None:
    """Write the weights, and what they were learnt from: nDCG@10 before and after."""
    plain = np.eye(1, len(FEATURES), dtype=np.float32)[0]
    made = {
        "weights": {name: round(weight, 4) for name, weight in zip(FEATURES, best.tolist(), strict=True)},
        "seed": seed,
        "learnt_from": {
            name: {
                "questions": len(found),
                "before": round(weights.goal({name: found}, plain), 4),
                "after": round(weights.goal({name: found}, best), 4),
            }
            for name, found in mined.items()
        },
    }
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
