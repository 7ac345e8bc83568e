"""Learn the weights of the built-in reranker.

    python -m training.rerank DATA [--out rag/models/builtin/reranker.json] [--seed 0] [--homes FOLDER]

DATA holds ``pairs-*.jsonl.zst`` and ``passages-*.jsonl.zst``. About 10 minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.search.evidence import FEATURES
from rag.search.learnt import WEIGHTS
from training.rerank import ascent, mine, pools

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PENALTY: Final = 0.01  # nDCG that a weight of 1 must be worth
# Training pairs know one right passage a question, and so nothing of passages that vouch for each other: these weights
# were chosen on development questions, see docs/decisions/0008-reranking.md.
GIVEN: Final = {"score": 1.0, "echo": 1.0, "chorus": 1.0}


def main() -> None:
    """Parse the command line and learn."""
    options = _parsed()
    with tempfile.TemporaryDirectory() as place:
        corpora = {
            recipe.name: _mined(recipe, options, Path(place) / recipe.name) for recipe in pools.RECIPES
        }
    weights = ascent.ascended(corpora, GIVEN, options.penalty)
    write(options.out, weights.tolist(), corpora, options.seed)
    sys.stdout.write(Path(options.out).read_text("utf-8"))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--asked", type=int, default=300, help="questions of each corpus")
    parser.add_argument("--penalty", type=float, default=PENALTY)
    return parser.parse_args()


def _mined(recipe: pools.Recipe, options: argparse.Namespace, home: Path) -> list[mine.Asked]:
    pool = pools.pool(options.data, recipe, options.asked, options.seed)
    found = list(mine.mined(pool, home))
    sys.stdout.write(f"{recipe.name}: {len(pool.passages)} passages, {len(found)} questions\n")
    sys.stdout.flush()
    return found


def write(
    path: Path, weights: Sequence[float], corpora: Mapping[str, Sequence[mine.Asked]], seed: int
) -> None:
    """Write the weights, and what they were learnt from: nDCG@10 before and after, by corpus."""
    plain = np.eye(1, len(FEATURES), dtype=np.float32)[0]
    learnt = np.array(weights, dtype=np.float32)
    made = {
        "weights": {name: round(weight, 4) for name, weight in zip(FEATURES, weights, strict=True)},
        "seed": seed,
        "learnt_from": {
            name: {
                "questions": len(found),
                "before": round(float(np.mean([ascent.ndcg(asked, plain) for asked in found])), 4),
                "after": round(float(np.mean([ascent.ndcg(asked, learnt) for asked in found])), 4),
            }
            for name, found in corpora.items()
        },
    }
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
