"""What the knowledge graph adds to retrieval: each set with and without it, on the split ``report``.

::

    python benchmarks/graph_recall.py SETS --out benchmarks/results/graph.md

Both runs use the same index. The p values are those of a paired randomisation test (``rag/evals/significance.py``). Times are of one
run on one machine: how long the walk's files take to be made from the catalogue, and a search's median.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from eval_all import write  # type: ignore[import-not-found] # a script beside this one

from graph.matrix.index import Matrix
from rag.evals import harness, report
from rag.evals.significance import p_value
from rag.home import Home
from rag.store.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rag.evals.report import EvalReport

WITHOUT, WITH = "none", "local"
HEADINGS = (
    *("set", "questions", "R@2", "+graph", "R@5", "+graph", "p", "nDCG@10", "+graph", "p"),
    *("ms", "+graph", "edges", "built in s"),
)
# R@2 and R@5 in percent as their papers give them, on samples of 1,000 questions of HotpotQA's distractor setting that are
# made like `hotpotqa_en` here, but of other questions, and over 9,221 passages instead of 7,743.
PUBLISHED = (
    ("BM25", "55.4", "72.2", "words", "arXiv 2405.14831, table 2"),
    ("ColBERTv2", "64.7", "79.3", "a 110M encoder, a vector a token", "arXiv 2405.14831, table 2"),
    (
        "HippoRAG (ColBERTv2)",
        "60.5",
        "77.7",
        "the same, and GPT-3.5 triples of each passage",
        "arXiv 2405.14831, table 2",
    ),
    ("GTE-Qwen2-7B", "", "89.1", "a 7B encoder", "arXiv 2502.14802, table 3"),
    ("NV-Embed-v2", "", "94.5", "a 7B encoder", "arXiv 2502.14802, table 3"),
    (
        "HippoRAG 2",
        "",
        "96.3",
        "the same, LLM triples of each passage, an LLM filter a question",
        "arXiv 2502.14802, table 3",
    ),
)
PUBLISHED_FOR = "hotpotqa_en"


@dataclass(frozen=True, slots=True)
class Measured:
    """One set, with and without the graph, on the same index."""

    without: EvalReport
    with_graph: EvalReport
    edges: int
    seconds: float


def main() -> None:
    """Parse the command line and run."""
    options = parsed()
    with tempfile.TemporaryDirectory() as scratch:
        found = []
        for corpus in sorted(options.sets.glob("*/corpus.jsonl")):
            if not options.only or corpus.parent.name in options.only:
                found.append(measured(corpus.parent, options.cache or Path(scratch), options.limit))
                print(row(found[-1]), file=sys.stderr, flush=True)
    text = rendered(found)
    print(text)
    if options.out:
        write(options.out, text)


def parsed() -> argparse.Namespace:
    """The command line."""
    shared = os.environ.get("FOOTNOTES_SHARED")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sets",
        nargs=None if shared is None else "?",
        type=Path,
        default=Path(shared or ".") / "eval",
        help="folder of sets; default: eval in $FOOTNOTES_SHARED",
    )
    parser.add_argument("--cache", type=Path, help="where indexes are kept; default: nowhere")
    parser.add_argument("--only", nargs="+", default=[], help="names of sets; default: all")
    parser.add_argument("--limit", type=int, help="only the first questions of each set")
    parser.add_argument("--out", metavar="FILE", help="keep the table")
    return parser.parse_args()


def measured(folder: Path, cache: Path, limit: int | None) -> Measured:
    """Both runs over one set."""
    runs = {
        backend: harness.run(
            folder, cache=cache, limit=limit, stages=[report.FINAL], overrides={"graph.backend": backend}
        ).narrowed("report")
        for backend in (WITH, WITHOUT)
    }
    edges, seconds = built(max(cache.glob(f"{folder.name}-*/complete")).parent)
    return Measured(runs[WITHOUT], runs[WITH], edges, seconds)


def built(home: Path) -> tuple[int, float]:
    """Edges of the graph, and how long it takes to be made anew from what the catalogue holds."""
    opened = Home(home)
    matrix = Matrix(opened, Catalogue(opened.catalogue))
    started = time.perf_counter()
    with opened.writing():
        matrix.rebuild()
    return matrix.count, time.perf_counter() - started


def rendered(found: list[Measured]) -> str:
    """The tables as Markdown."""
    lines = [line(HEADINGS), line("---" if n == 0 else "---:" for n in range(len(HEADINGS)))]
    lines += [row(each) for each in found]
    ours = next((each for each in found if each.without.set == PUBLISHED_FOR), None)
    return "\n".join([*lines, *(beside(ours) if ours else ())])


def row(each: Measured) -> str:
    """One set."""
    before, after = (values(part) for part in (each.without, each.with_graph))
    ms = [f"{part.latency_ms['p50']:.0f}" for part in (each.without, each.with_graph)]
    return line(
        (
            each.without.set,
            str(each.without.queries),
            *pair(before["recall@2"], after["recall@2"]),
            *pair(before["recall@5"], after["recall@5"]),
            f"{p_value(after['recall@5'] - before['recall@5']):.3f}",
            *pair(before["ndcg@10"], after["ndcg@10"]),
            f"{p_value(after['ndcg@10'] - before['ndcg@10']):.3f}",
            *ms,
            f"{each.edges:,}",
            f"{each.seconds:.1f}",
        )
    )


def beside(ours: Measured) -> list[str]:
    """Published figures, and ours among them."""
    rows: list[tuple[str, ...]] = [
        ("method", "R@2", "R@5", "uses", "from"),
        ("---", "---:", "---:", "---", "---"),
        *PUBLISHED,
    ]
    for name, each, uses in (
        ("Footnotes, graph off", ours.without, "words, the built-in 30 MB table of vectors"),
        ("Footnotes", ours.with_graph, "the same, titles and names that passages say; no language model"),
    ):
        means = each.stages[report.FINAL]
        rows.append((name, *(f"{100 * means[m]:.1f}" for m in ("recall@2", "recall@5")), uses, "this run"))
    caption = f"Beside published figures ({PUBLISHED_FOR}; theirs are of other questions of the same kind over 9,221 passages):"
    return ["", caption, "", *map(line, rows)]


def values(found: EvalReport) -> dict[str, np.ndarray]:
    """Each metric by question, in the order of the questions."""
    questions = found.per_question[report.FINAL].values()
    return {
        name: np.array([each[name] for each in questions]) for name in ("recall@2", "recall@5", "ndcg@10")
    }


def pair(before: np.ndarray, after: np.ndarray) -> tuple[str, str]:
    """Two means in percent."""
    return f"{100 * before.mean():.1f}", f"{100 * after.mean():.1f}"


def line(cells: Iterable[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
