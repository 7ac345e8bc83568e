"""nDCG@10 and speed of the full-text index alone, on evaluation sets: one chunk a row, no reranking.

    python benchmarks/lexical_analysis.py FOLDER [SET ...] [--part dev|report|all]

FOLDER holds ``<set>/corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``. A query's ``group`` limits the search to
that group's rows, and ``exclude`` takes rows out. Questions whose id has ``crc32 % 10 < 3`` are dev, the others
report; settings are chosen on dev only.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import Qrel, ScoredDoc, nDCG

from rag.store.lexical import LexicalIndex
from rag.types import Chunk, Filters, Query

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def in_part(query_id: str, part: str) -> bool:
    """Whether a question belongs to ``dev``, ``report`` or ``all``."""
    return part == "all" or (zlib.crc32(query_id.encode()) % 10 < 3) == (part == "dev")


def chunk_of(key: int, row: Row) -> Chunk:
    """A corpus row as one passage of its own document ``group/key``."""
    text = row["text"]
    doc_id = f"{row.get('group', 'notes')}/{key}"
    return Chunk(doc_id, 0, len(text), text, text, row.get("title", ""), (1, 1), key=key)


def query_of(row: Row, documents: dict[str, str]) -> Query:
    """A question with its set's limits as filters."""
    folders = (row["group"],) if row.get("group") else ()
    excluded = row.get("exclude") or ()
    excluded = (excluded,) if isinstance(excluded, str) else excluded
    return Query(
        row["text"], Filters(folders, tuple(documents[name] for name in excluded if name in documents))
    )


def measure(folder: Path, part: str) -> tuple[int, float, float, float]:
    """Questions, nDCG@10, seconds to build, median milliseconds a search."""
    corpus = rows(folder / "corpus.jsonl")
    chunks = [chunk_of(key, row) for key, row in enumerate(corpus)]
    documents = {row["_id"]: chunk.doc_id for row, chunk in zip(corpus, chunks, strict=True)}
    with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as f:
        judged = [
            Qrel(q, d, int(score))
            for q, d, score in list(csv.reader(f, delimiter="\t", quotechar=None, quoting=csv.QUOTE_NONE))[1:]
        ]
    known = {qrel.query_id for qrel in judged}
    queries = [q for q in rows(folder / "queries.jsonl") if q["_id"] in known and in_part(q["_id"], part)]
    with tempfile.TemporaryDirectory() as home:
        index = LexicalIndex(Path(home))
        started = time.perf_counter()
        index.rebuild(iter([chunks]), 1)
        built = time.perf_counter() - started
        times, run = [], []
        for row in queries:
            started = time.perf_counter()
            hits = index.search(query_of(row, documents), 10)
            times.append(time.perf_counter() - started)
            run += [ScoredDoc(row["_id"], corpus[key]["_id"], score) for key, score in hits]
    asked = {q["_id"] for q in queries}
    score = ir_measures.calc_aggregate([nDCG @ 10], [q for q in judged if q.query_id in asked], run)[
        nDCG @ 10
    ]
    return len(queries), score, built, 1000 * statistics.median(times)


def main() -> None:
    """Print one line a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--part", choices=("dev", "report", "all"), default="dev")
    options = parser.parse_args()
    names = options.sets or sorted(p.parent.name for p in options.folder.glob("*/corpus.jsonl"))
    print("| set | questions | nDCG@10 | build s | p50 ms |\n|---|---:|---:|---:|---:|")
    for name in names:
        count, score, built, p50 = measure(options.folder / name, options.part)
        print(f"| {name} | {count} | {100 * score:.2f} | {built:.1f} | {p50:.2f} |", flush=True)


if __name__ == "__main__":
    main()
