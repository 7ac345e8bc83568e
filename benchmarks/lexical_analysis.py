"""nDCG@10 and speed of the full-text index alone: one passage a row, no chunking, fusion or reranking.

::

    python benchmarks/lexical_analysis.py SETS [NAME ...] [--part dev|report|all]

SETS is a folder of evaluation sets (see ``rag/evals/datasets.py``). Weights are chosen on dev, figures are from
report: docs/decisions/0002-lexical-analysis.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rag.evals import datasets, metrics
from rag.store.lexical import LexicalIndex
from rag.types import Chunk, Filters, Query

DEPTH = 10


def measure(data: datasets.EvalSet, part: datasets.Split) -> tuple[float, float, float]:
    """Mean nDCG@10, seconds to build, and median milliseconds a search."""
    chunks = [
        Chunk(row.doc_id, 0, len(row.text), row.text, row.text, row.title, (1, 1), key=key)
        for key, row in enumerate(data.rows)
    ]
    rankings: dict[str, list[str]] = {}
    times: list[float] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        index = LexicalIndex(Path(home))
        started = time.perf_counter()
        index.rebuild(iter([chunks]), 1)
        built = time.perf_counter() - started
        for question in data.chosen(part):
            folders = (question.folder,) if question.folder else ()
            query = Query(question.text, Filters(folders, question.exclude))
            started = time.perf_counter()
            hits = index.search(query, DEPTH)
            times.append(time.perf_counter() - started)
            rankings[question.id] = [data.rows[key].id for key, _ in hits]
    qrels = {question: data.qrels[question] for question in rankings}
    score = metrics.mean(metrics.per_question(qrels, rankings))["ndcg@10"]
    return score, built, 1000 * statistics.median(times)


def main() -> None:
    """Print one line a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--part", choices=("dev", "report", "all"), default="dev")
    options = parser.parse_args()
    names = options.names or sorted(path.parent.name for path in options.sets.glob("*/corpus.jsonl"))
    print("| set | questions | nDCG@10 | build s | p50 ms |\n|---|---:|---:|---:|---:|")
    for name in names:
        data = datasets.load(options.sets / name)
        score, built, p50 = measure(data, options.part)
        count = len(data.chosen(options.part))
        print(f"| {name} | {count} | {100 * score:.1f} | {built:.1f} | {p50:.2f} |", flush=True)


if __name__ == "__main__":
    main()
